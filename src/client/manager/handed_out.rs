//! Tokens that a server hands out unasked, with its answer to a call.

use std::sync::Arc;

use super::{TokenManager, renew};
use crate::client::{
    error::{Error, ErrorKind},
    tokens::{AccessToken, TokenSet},
};

impl TokenManager {
    /// Takes in tokens that a server has handed out with its answer to a request that carried `sent`, unless there are
    /// others, or none, by now: here or in the storage. While a refresh is in flight, what would leave the
    /// refresh token as it is waits for nothing, and is left aside: the refresh brings better.
    ///
    /// With the first poll it is under way, and runs to its end even if this is dropped.
    pub(crate) async fn renew_from(&self, sent: &AccessToken, new: TokenSet) -> Result<(), Error> {
        let (shared, sent) = (Arc::clone(&self.shared), sent.clone());
        let taken = tokio::spawn(async move {
            let start = shared.memory.load_full();
            let Some(old) = start.tokens.clone().filter(|old| *old.access_token() == sent) else { return Ok(()) };
            if new.access_token() == old.access_token() {
                return Ok(());
            }
            if shared.is_in_flight() && old.refresh_token().is_some() && new.refresh_token().is_none() {
                return Ok(());
            }
            renew::keep(&shared, &start, new.following(&old, shared.now())).await.map(drop)
        });
        match taken.await {
            Ok(Err(error)) if error.kind() == ErrorKind::NotAuthenticated => Ok(()),
            Ok(taken) => taken,
            Err(broken_off) => Err(Error::because(ErrorKind::Storage, broken_off)),
        }
    }
}
