//! The tokens of a program: one copy for all its tasks, renewed once for all of them.
//!
//! Reading them is one atomic load. All that changes them is decided on a snapshot (`state`) by pure functions
//! (`decide`), carried out by one flight at a time (`flight`, `renew`), and kept by one step of the
//! storage, which also decides whether it still counts (`keep`).

mod ahead;
mod backoff;
mod builder;
mod decide;
mod env;
mod flight;
mod handed_out;
mod keep;
mod place;
mod refresher;
mod renew;
mod shared;
mod state;
#[cfg(test)]
mod tests;
mod watch;
mod whole;

pub use ahead::RefreshTask;
pub use backoff::BackOff;
pub use builder::TokenManagerBuilder;
pub use refresher::{NoRefresh, RefreshError, Refresher, WithTokens, with_tokens};
pub(crate) use state::Rest;
pub use watch::{ChangeReason, TokenChange, TokenWatch};

use std::{fmt, sync::Arc};

use crate::{
    client::{
        error::{Error, ErrorKind},
        storage::Storage,
        tokens::{AccessToken, TokenSet, TokenState},
    },
    clock::Timestamp,
};
use decide::{Sight, Why, sight};
use shared::Shared;
use state::Standing;

/// The tokens of a program, shared by all its tasks: clones are one manager.
///
/// What only reads is one atomic load, and works anywhere. What renews, sets, clears, reloads or moves needs a
/// Tokio runtime with its timers on: it runs on tasks and threads of its own, so that whoever gives up waiting
/// leaves everything as it was, or as it will be, and nothing half done.
///
/// Managers over one storage, in one process or in several, renew their tokens once between them.
///
/// ```
/// use countersign::client::{RefreshToken, TokenManager, TokenSet};
/// use std::time::{Duration, SystemTime};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // In a program, this asks the server that issues tokens.
/// let refresher = |_: RefreshToken| async {
///     Ok(TokenSet::new("the-second").expect("it is a token"))
/// };
/// let tokens = TokenManager::builder(refresher).build()?;
///
/// // After the log-in:
/// let first = TokenSet::new("the-first")?.with_refresh_token("renews")?;
/// tokens.set(first.with_lifetime(Duration::from_secs(3600), SystemTime::now())).await?;
/// assert_eq!(tokens.access_token().await?.reveal(), "the-first");
///
/// // A server has refused it: all tasks that saw that get the same new one, by one call.
/// let refused = tokens.access_token().await?;
/// assert_eq!(tokens.replace(&refused).await?.access_token().reveal(), "the-second");
///
/// // And after the log-out there is none.
/// tokens.clear().await?;
/// assert!(tokens.access_token().await.is_err());
/// # Ok::<(), countersign::client::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct TokenManager {
    shared: Arc<Shared>,
}

impl TokenManager {
    /// A manager that renews tokens by this call.
    pub fn builder(refresher: impl Refresher) -> TokenManagerBuilder {
        TokenManagerBuilder::new(refresher)
    }

    /// A manager of tokens that nothing renews, kept as long as the process runs.
    #[must_use]
    pub fn in_memory(tokens: TokenSet) -> Self {
        Self::builder(NoRefresh).tokens(tokens).build().expect("memory can always be read")
    }

    fn of(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// The tokens as they are: no I/O, no lock.
    #[must_use]
    pub fn tokens(&self) -> Option<Arc<TokenSet>> {
        self.shared.memory.load().tokens.clone()
    }

    /// How far the life of the access token has gone; `None` without one.
    #[must_use]
    pub fn state(&self) -> Option<TokenState> {
        self.shared.memory.load().tokens.as_ref().map(|tokens| self.state_of(tokens))
    }

    /// Whether there are tokens. Whether a server takes them, only the server knows.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.shared.memory.load().tokens.is_some()
    }

    /// Whether the access token has expired, or will within the margin. Not without one.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.state() >= Some(TokenState::Expired)
    }

    /// Whether it is time to renew the tokens. Not without any.
    #[must_use]
    pub fn needs_refresh(&self) -> bool {
        self.state() >= Some(TokenState::NeedsRefresh)
    }

    /// Why these tokens were not renewed when that was tried last; `None` if they were, or it has not been tried.
    #[must_use]
    pub fn refresh_error(&self) -> Option<Error> {
        match &self.shared.memory.load().standing {
            Standing::Good => None,
            Standing::Failed { error, .. } | Standing::Ended { error, .. } => Some(error.clone()),
        }
    }

    /// What went wrong with the storage when it was used last. Tokens that could not be saved are in use all the
    /// same, and are saved as soon as the storage takes them, if this manager is still there then.
    #[must_use]
    pub fn storage_error(&self) -> Option<Error> {
        self.shared.memory.load().storage_error.clone()
    }

    /// An access token that is good to use, renewed first if it is time. Until its very end the old one is
    /// given, if it cannot be renewed; when it is due and a refresh has failed, no call is made before the
    /// [back-off](BackOff) is over.
    ///
    /// Dropping this cuts off no refresh.
    ///
    /// # Errors
    /// [`ErrorKind::NotAuthenticated`] without tokens, [`ErrorKind::Expired`] if they cannot be renewed,
    /// [`ErrorKind::RefreshRefused`] if the server did not, [`ErrorKind::Network`] if it could not be asked and
    /// the old one is dead.
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        match &self.shared.memory.load().tokens {
            None => return Err(Error::new(ErrorKind::NotAuthenticated)),
            Some(tokens) if self.state_of(tokens) == TokenState::Valid => {
                return Ok(tokens.access_token().clone());
            }
            Some(_) => {}
        }
        let error = match self.shared.renewed(Why::Due).await {
            Ok(tokens) => return Ok(tokens.access_token().clone()),
            Err(error) => error,
        };
        match &self.shared.memory.load().tokens {
            Some(tokens) if self.state_of(tokens) < TokenState::Dead => Ok(tokens.access_token().clone()),
            _ => Err(error),
        }
    }

    /// Renews the tokens now, or joins the refresh in flight.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token), and also while the old token still lives.
    pub async fn refresh(&self) -> Result<Arc<TokenSet>, Error> {
        self.shared.renewed(Why::Asked).await
    }

    /// Another token than this one, which a server has refused with a 401: the one that is there by now, or a
    /// renewed one (R-16).
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh). A token that was renewed within the last 10 seconds is not renewed again:
    /// a server that refuses it would refuse the next one too.
    pub async fn replace(&self, refused: &AccessToken) -> Result<Arc<TokenSet>, Error> {
        self.shared.renewed(Why::Refused(refused)).await
    }

    /// Puts other tokens in the place of those that are here, and keeps them. A refresh in flight does not count
    /// any more.
    ///
    /// With the first poll they are in use, and on their way into the storage; both happen even if this is
    /// dropped. It never waits for the network.
    ///
    /// # Errors
    /// If they could not be kept. They are in use all the same, and saving them is tried again.
    pub async fn set(&self, tokens: TokenSet) -> Result<(), Error> {
        self.shared.put(Some(tokens), |_| {}, None).await
    }

    /// Forgets the tokens, here and in the storage, and what is kept beside them. Wins over a refresh in flight (R-17),
    /// here and in other processes.
    ///
    /// With the first poll they are gone here, and on their way out of the storage; both happen even if this is
    /// dropped. It never waits for the network.
    ///
    /// # Errors
    /// If the storage could not be changed. They are forgotten here all the same, and clearing it is tried again.
    pub async fn clear(&self) -> Result<(), Error> {
        let before = self.shared.memory.load_full();
        let all_of_it: Rest = Arc::new(move |document| {
            if matches!(sight(document, &before), Sight::Ours) {
                document.clear();
            }
        });
        self.shared
            .put(
                None,
                {
                    let now = Arc::clone(&all_of_it);
                    move |document| now(document)
                },
                Some(all_of_it),
            )
            .await
    }

    /// Tells of changes from now on.
    #[must_use]
    pub fn watch(&self) -> TokenWatch {
        TokenWatch::new(self.shared.memory.subscribe())
    }

    /// Takes over what another process has left in the storage. What has yet to be saved is saved first.
    ///
    /// # Errors
    /// If the storage cannot be read, or does not take what has yet to be saved. The tokens here are as they were.
    pub async fn reload(&self) -> Result<(), Error> {
        self.shared.reload().await
    }

    /// Moves everything that is kept to another storage, and uses that from now on. What the other one held is
    /// replaced. The new place holds it all before the old one is emptied; a refresh in flight is waited for,
    /// here and in other processes. Those find the old place empty: for them, this is a log-out.
    ///
    /// Dropped after its first poll, it happens all the same.
    ///
    /// # Errors
    /// If either place fails. Nothing is lost, and the old place is in use still.
    pub async fn move_to(&self, storage: impl Storage) -> Result<(), Error> {
        self.shared.move_to(Arc::new(storage)).await
    }

    /// Puts a copy of everything that is kept into another storage, in the place of what that held.
    ///
    /// # Errors
    /// If either place fails.
    pub async fn back_up_to(&self, storage: impl Storage) -> Result<(), Error> {
        self.shared.back_up_to(Arc::new(storage)).await
    }

    /// Starts the task that renews tokens when they are due, a little earlier by chance, so that nobody has to
    /// wait for it. It ends when the last clone of this manager is dropped, or by [`RefreshTask::stop`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn spawn_refresh(&self) -> RefreshTask {
        RefreshTask::spawn(&self.shared)
    }

    /// The storage, for what else belongs to the session.
    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.shared.storage
    }

    /// How far the life of these has gone, by this manager's clock and margins.
    pub(crate) fn state_of(&self, tokens: &TokenSet) -> TokenState {
        tokens.state(self.now(), self.shared.settings.margins)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.now()
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager").field("storage", &self.shared.storage).finish_non_exhaustive()
    }
}
