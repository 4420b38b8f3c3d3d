use std::sync::Arc;

use super::{ClientSession, save::Kept, saving::malformed, state::State};
use crate::client::{
    error::{Error, ErrorKind},
    storage::{Storage, blocking},
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
            session.shared.tokens.back_up_to(storage).await
        })
        .await
    }

    /// Moves all that is kept of this session to another storage, and uses that from now on: see
    /// [`TokenManager::move_to`](crate::client::TokenManager::move_to). What is unsaved is saved first.
    ///
    /// # Errors
    /// If either storage fails. Nothing is lost, and the old one is in use still.
    pub async fn move_to(&self, storage: impl Storage) -> Result<(), Error> {
        self.in_turn(|session| async move {
            session.clone().keep().await?;
            session.shared.tokens.move_to(storage).await
        })
        .await
    }

    /// Takes over what the storage holds by now, as another process may have left it; what has changed here and is
    /// unsaved is saved first, and lost if the session has ended meanwhile.
    ///
    /// # Errors
    /// If the storage fails.
    pub async fn reload(&self) -> Result<(), Error> {
        self.in_turn(Self::take_over).await
    }

    /// In turn only.
    pub(super) async fn take_over(self) -> Result<(), Error> {
        match self.clone().keep().await {
            Err(error) if error.kind() != ErrorKind::NotAuthenticated => return Err(error),
            _ => {}
        }
        let before = self.shared.state.load_full();
        self.shared.tokens.reload().await.map_err(|error| self.failed(error))?;
        let from = Arc::clone(self.shared.tokens.storage());
        let document = blocking(move || from.load()).await;
        let document = document.map_err(|error| self.failed(error.into()))?;
        let kept = Kept::read(&document).map_err(malformed)?;
        self.note(&Ok(()));
        let now = self.shared.tokens.now();
        self.swap(|state| {
            if !state.is_of(&before) {
                // Logged out since: what was read belongs to the past.
                return state.clone();
            }
            let is_same = state.mark.as_ref().map(|mark| &mark.id) == kept.mark.as_ref().map(|mark| &mark.id);
            if is_same && state.has_changes() {
                // Changed since the save above: the next one brings both together.
                return state.clone();
            }
            let next = State::kept(kept.mark, kept.parts, now);
            if is_same { State { activity: Arc::clone(&state.activity), counted: state.counted, ..next } } else { next }
        });
        Ok(())
    }
}
