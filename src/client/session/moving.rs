use std::sync::Arc;

use super::{ClientSession, save::Kept, saving::malformed, state::State};
use crate::client::{
    error::{Error, ErrorKind},
    storage::{Storage, Update},
};

impl ClientSession {
    /// Writes all that is kept of this session, tokens included, to another storage too, in the place of what is
    /// there. What is unsaved is saved first.
    ///
    /// # Errors
    /// If either storage fails. What the other one held is unchanged then.
    pub async fn back_up_to(&self, storage: impl Storage) -> Result<(), Error> {
        self.in_turn(|session| async move {
            session.clone().keep().await?;
            let from = Arc::clone(session.shared.tokens.storage());
            let task = tokio::task::spawn_blocking(move || {
                let document = from.load()?;
                storage.update(&mut |backup| {
                    *backup = document.clone();
                    Update::Changed
                })?;
                Ok(())
            });
            task.await.unwrap_or_else(|error| Err(Error::because(ErrorKind::Storage, error)))
        })
        .await
    }

    /// Takes over what the storage holds by now, as another process may have left it; what has changed here and is
    /// unsaved is saved first, and lost if the session has ended meanwhile.
    ///
    /// # Errors
    /// If the storage fails.
    pub async fn reload(&self) -> Result<(), Error> {
        self.in_turn(|session| async move {
            match session.clone().keep().await {
                Err(error) if error.kind() != ErrorKind::NotAuthenticated => return Err(error),
                _ => {}
            }
            session.shared.tokens.step(|_| Update::Unchanged).await?;
            let from = Arc::clone(session.shared.tokens.storage());
            let task = tokio::task::spawn_blocking(move || from.load().map_err(Error::from));
            let document = task.await.unwrap_or_else(|error| Err(Error::because(ErrorKind::Storage, error)))?;
            let kept = Kept::read(&document).map_err(malformed)?;
            session.note(&Ok(()));
            let now = session.shared.tokens.now();
            session.swap(|state| {
                let id = |mark: &Option<_>| mark.as_ref().map(|mark: &super::state::Mark| mark.id.clone());
                if state.has_changes() && id(&state.mark) == id(&kept.mark) {
                    // Changed since the save above: the next one brings both together.
                    return state.clone();
                }
                let next = State::kept(kept.mark.clone(), kept.parts.clone(), now);
                if id(&state.mark) == id(&kept.mark) {
                    State { activity: Arc::clone(&state.activity), counted: state.counted, ..next }
                } else {
                    next
                }
            });
            Ok(())
        })
        .await
    }
}
