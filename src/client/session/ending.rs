//! The end of a session: forgotten here, in the storage, and at the server.

use std::{
    error, fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::timeout;

use super::{ClientSession, save, state::State};
use crate::client::{
    error::{Error, ErrorKind},
    manager::Rest,
    storage::Document,
    tokens::TokenSet,
};

impl ClientSession {
    /// Logs out on this side: forgets the tokens and all other parts, here and in the storage. What is in flight,
    /// here and in other processes, recreates none of it. The server is not told.
    ///
    /// With the first poll all of it is gone here. Once polled, it runs to its end, whether or not the caller waits
    /// for it.
    ///
    /// # Errors
    /// If the storage could not be changed. All is forgotten here all the same, and clearing the storage is tried
    /// again; until then, it would be there again in the next run of the program.
    pub async fn clear(&self) -> Result<(), Error> {
        let (late, _) = self.forget_all();
        self.in_turn(|session| session.end(late)).await
    }

    /// Logs out on both sides: has `revoke` tell the server, then forgets everything as [`clear`](Self::clear) does,
    /// whatever came of that. A user who logs out on a borrowed machine is not to leave the session behind because
    /// the server is away; what is left there then ends when it expires.
    ///
    /// `revoke` gets the newest tokens that there are, and 30 seconds. If a refresh that was in flight has brought
    /// others meanwhile, it is called for them too. It is not called if there are no tokens.
    ///
    /// Once polled, all of it runs to its end, whether or not the caller waits for it.
    pub async fn clear_securely<F, R, E>(&self, revoke: F) -> SecurelyCleared
    where
        F: Fn(TokenSet) -> R + Send + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn error::Error + Send + Sync>> + Send + 'static,
    {
        let session = self.clone();
        let task = tokio::spawn(async move {
            // Another process may have renewed them: what it left behind here would be revoked in vain.
            if let Err(error) = session.shared.tokens.reload().await {
                session.note(&Err(error));
            }
            let first = session.shared.tokens.tokens();
            let mut revoked = match &first {
                Some(tokens) => within_time(revoke((**tokens).clone())).await,
                None => Ok(()),
            };
            let (late, held) = session.forget_all();
            let wiped = session.in_turn(|session| async { Ok(session.end_telling(late).await) }).await;
            let (wiped, left) = wiped.unwrap_or_else(|error| (Err(error), Vec::new()));
            for tokens in with_all(held.iter().map(|held| (**held).clone()), left) {
                if first.as_ref().is_none_or(|first| first.access_token() != tokens.access_token()) {
                    revoked = revoked.and(within_time(revoke(tokens)).await);
                }
            }
            SecurelyCleared { revoked, wiped }
        });
        task.await.unwrap_or_else(|error| {
            let error = Error::because(ErrorKind::Network, error);
            SecurelyCleared { revoked: Err(error.clone()), wiped: Err(error) }
        })
    }

    /// Ends it if it is dead and cannot be renewed; not if somebody has logged in meanwhile.
    pub(super) async fn end_if_dead(&self) -> Result<bool, Error> {
        self.in_turn(|session| async move {
            // Whatever is set from here on is not what was found dead.
            let generation = session.shared.tokens.generation();
            if !session.is_dead() {
                return Ok(false);
            }
            let state = session.shared.state.load_full();
            let tokens = session.shared.tokens.tokens();
            let step = {
                let state = Arc::clone(&state);
                move |document: &mut _| save::end_if(document, state.mark.as_ref(), tokens.as_deref())
            };
            let ended = session.shared.tokens.clear_if(generation, step).await?;
            if ended {
                session.forget();
            } else {
                // It is not there any more: another one may be.
                session.take_over().await?;
            }
            Ok(ended)
        })
        .await
    }

    async fn end(self, late: Option<Rest>) -> Result<(), Error> {
        self.end_telling(late).await.0
    }

    /// Ends it. In turn only. Tells which tokens there were, here and in the storage. If it has to be made up for,
    /// `late` does so.
    async fn end_telling(self, late: Option<Rest>) -> (Result<(), Error>, Vec<TokenSet>) {
        let held = self.shared.tokens.tokens().map(|tokens| (*tokens).clone());
        let there = Arc::new(Mutex::new(None));
        let step = {
            let there = Arc::clone(&there);
            move |document: &mut Document| {
                *there.lock().unwrap_or_else(PoisonError::into_inner) = document.tokens().cloned();
                save::end(document);
            }
        };
        let result = self.shared.tokens.put_with(None, step, late).await;
        self.note(&result);
        self.forget();
        let there = there.lock().unwrap_or_else(PoisonError::into_inner).take();
        (result, with_all(held, there))
    }

    /// All of it, tokens included, ahead of the step that ends it: how to make up for that
    /// step, and the tokens that there were.
    fn forget_all(&self) -> (Option<Rest>, Option<Arc<TokenSet>>) {
        let state = self.shared.state.load_full();
        let there = state.id_there().map(str::to_owned);
        // Forgotten already: what is owed is owed still.
        let is_known = state.mark.is_some();
        let late = is_known
            .then(|| Arc::new(move |document: &mut Document| save::end_late(document, there.as_deref())) as Rest);
        let held = self.shared.tokens.forget();
        self.forget();
        (late, held)
    }

    fn forget(&self) {
        self.swap(|_| State::empty(self.shared.tokens.now()));
    }
}

/// What has become of a [`ClientSession::clear_securely`].
#[derive(Clone, Debug)]
#[must_use = "the server may not know that the session has ended"]
#[non_exhaustive]
pub struct SecurelyCleared {
    /// Whether the server knows. The error keeps what `revoke` has returned.
    pub revoked: Result<(), Error>,
    /// Whether the storage has forgotten it.
    pub wiped: Result<(), Error>,
}

impl SecurelyCleared {
    /// The first that went wrong.
    ///
    /// # Errors
    /// What the storage said, else what `revoke` said.
    pub fn into_result(self) -> Result<(), Error> {
        self.wiped.and(self.revoked)
    }
}

/// These tokens and those, each access token once.
fn with_all(these: impl IntoIterator<Item = TokenSet>, those: impl IntoIterator<Item = TokenSet>) -> Vec<TokenSet> {
    let mut all: Vec<TokenSet> = Vec::new();
    for tokens in these.into_iter().chain(those) {
        if all.iter().all(|other| other.access_token() != tokens.access_token()) {
            all.push(tokens);
        }
    }
    all
}

/// On a task of its own: should it panic, the session is wiped all the same.
async fn within_time<E>(call: impl Future<Output = Result<(), E>> + Send + 'static) -> Result<(), Error>
where
    E: Into<Box<dyn error::Error + Send + Sync>> + Send + 'static,
{
    let network = |error: Box<dyn error::Error + Send + Sync>| Error::because(ErrorKind::Network, error);
    let task = tokio::spawn(timeout(REVOKE_WITHIN, call));
    match task.await {
        Ok(Ok(result)) => result.map_err(|error| network(error.into())),
        Ok(Err(_)) => Err(network(Box::new(NoAnswer))),
        Err(error) => Err(network(Box::new(error))),
    }
}

#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {} seconds", REVOKE_WITHIN.as_secs())
    }
}

impl error::Error for NoAnswer {}

const REVOKE_WITHIN: Duration = Duration::from_secs(30);
