//! The tokens of a program: one copy for all its tasks, renewed once for all of them.

mod builder;
mod refresher;
mod whole;

pub use builder::TokenManagerBuilder;
pub use refresher::{NoRefresh, RefreshError, Refresher, WithTokens, with_tokens};

use std::{fmt, sync::Arc};

use arc_swap::ArcSwapOption;
use tokio::sync::{Mutex, watch};

use crate::{
    client::{
        error::{Error, ErrorKind},
        storage::{Storage, Update},
        tokens::{AccessToken, Margins, TokenSet, TokenState},
    },
    clock::{Clock, Timestamp},
};
use refresher::ErasedRefresher;

/// The tokens of a program, shared by all its tasks: clones are one manager.
#[derive(Clone)]
pub struct TokenManager {
    shared: Arc<Shared>,
}

struct Shared {
    tokens: ArcSwapOption<TokenSet>,
    changes: watch::Sender<()>,
    refresher: Arc<dyn ErasedRefresher>,
    storage: Arc<dyn Storage>,
    margins: Margins,
    clock: Clock,
    turn: Mutex<()>,
}

impl Shared {
    fn new(
        refresher: Arc<dyn ErasedRefresher>,
        storage: Arc<dyn Storage>,
        margins: Margins,
        clock: Clock,
        tokens: Option<TokenSet>,
    ) -> Self {
        let tokens = ArcSwapOption::from_pointee(tokens);
        Self { tokens, changes: watch::Sender::new(()), refresher, storage, margins, clock, turn: Mutex::default() }
    }
}

impl TokenManager {
    /// A manager that renews tokens by this call.
    pub fn builder(refresher: impl Refresher) -> TokenManagerBuilder {
        TokenManagerBuilder::new(refresher)
    }

    fn of(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// The tokens as they are: no I/O, no lock.
    #[must_use]
    pub fn tokens(&self) -> Option<Arc<TokenSet>> {
        self.shared.tokens.load_full()
    }

    /// How far the life of the access token has gone; `None` without one.
    #[must_use]
    pub fn state(&self) -> Option<TokenState> {
        self.shared.tokens.load().as_ref().map(|tokens| tokens.state(self.now(), self.shared.margins))
    }

    /// An access token that is good to use, renewed first if it is time.
    ///
    /// # Errors
    /// [`ErrorKind::NotAuthenticated`] without tokens, [`ErrorKind::Expired`] if they cannot be renewed,
    /// [`ErrorKind::RefreshRefused`] if the server did not, [`ErrorKind::Network`] if it could not be asked and
    /// the old one is dead.
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        match &*self.shared.tokens.load() {
            None => return Err(Error::new(ErrorKind::NotAuthenticated)),
            Some(tokens) if tokens.state(self.now(), self.shared.margins) == TokenState::Valid => {
                return Ok(tokens.access_token().clone());
            }
            Some(_) => {}
        }
        self.refresh().await.map(|tokens| tokens.access_token().clone())
    }

    /// Renews the tokens now.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub async fn refresh(&self) -> Result<Arc<TokenSet>, Error> {
        let old = self.tokens().ok_or_else(|| Error::new(ErrorKind::NotAuthenticated))?;
        self.replace(old.access_token()).await
    }

    /// Another token than this one, which a server has refused with a 401: the one that is there by now, or a
    /// renewed one.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub async fn replace(&self, refused: &AccessToken) -> Result<Arc<TokenSet>, Error> {
        let _turn = self.shared.turn.lock().await;
        let old = self.tokens().ok_or_else(|| Error::new(ErrorKind::NotAuthenticated))?;
        if old.access_token() != refused {
            return Ok(old);
        }
        let result = self.shared.refresher.refresh((*old).clone()).await;
        let new = result.map_err(|error| {
            Error::because(if error.refused { ErrorKind::RefreshRefused } else { ErrorKind::Network }, error)
        })?;
        self.set(new.following(&old, self.now())).await?;
        self.tokens().ok_or_else(|| Error::new(ErrorKind::NotAuthenticated))
    }

    /// Puts other tokens in the place of those that are here, and keeps them.
    ///
    /// # Errors
    /// If they could not be kept. They are in use all the same.
    pub async fn set(&self, tokens: TokenSet) -> Result<(), Error> {
        self.shared.tokens.store(Some(Arc::new(tokens.clone())));
        self.shared.changes.send_replace(());
        self.shared.storage.update(&mut |document| {
            document.set_tokens(Some(tokens.clone()));
            Update::Changed
        })?;
        Ok(())
    }

    /// Forgets the tokens, here and in the storage. Wins over a refresh in flight.
    ///
    /// # Errors
    /// If the storage could not be changed. They are forgotten here all the same.
    pub async fn clear(&self) -> Result<(), Error> {
        self.shared.tokens.store(None);
        self.shared.changes.send_replace(());
        self.shared.storage.update(&mut |document| {
            document.set_tokens(None);
            Update::Changed
        })?;
        Ok(())
    }

    /// The storage, for what else belongs to the session.
    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.shared.storage
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager").field("storage", &self.shared.storage).finish_non_exhaustive()
    }
}
