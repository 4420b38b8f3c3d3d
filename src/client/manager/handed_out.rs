//! Tokens that a server hands out unasked, with its answer to a call.

use std::sync::Arc;

use super::{TokenManager, renew};
use crate::client::{
    error::{Error, ErrorKind},
    storage::{Storage, blocking},
    tokens::{AccessToken, TokenSet},
};

impl TokenManager {
    /// Takes in tokens that a server has handed out with its answer to a request that carried `sent`, unless there are
    /// others, or none, by now: here or in the storage. While a refresh is in flight, here
    /// or in another process, what would leave the refresh token as it is waits for nothing, and is left aside: the
    /// refresh brings better, and its result must not be taken for a late one.
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
            let mut lease = None;
            if old.refresh_token().is_some() && new.refresh_token().is_none() {
                let storage = Arc::clone(&shared.place);
                match blocking(move || storage.try_lease()).await {
                    Ok(None) => return Ok(()),
                    Ok(taken) => lease = taken,
                    // As a refresh does that cannot keep others out.
                    Err(error) => drop(shared.storage_failed(start.generation, error)),
                }
            }
            let _lease = lease;
            renew::keep(&shared, &start, new.following(&old, shared.now())).await.map(drop)
        });
        match taken.await {
            Ok(Err(error)) if error.kind() == ErrorKind::NotAuthenticated => Ok(()),
            Ok(taken) => taken,
            Err(broken_off) => Err(Error::because(ErrorKind::Storage, broken_off)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::client::{AccessToken, MemoryStorage, NoRefresh, Storage, TokenManager, TokenSet};

    #[tokio::test]
    async fn a_token_handed_out_does_not_beat_a_refresh_in_flight_in_another_process() {
        let storage = MemoryStorage::new();
        let first = TokenSet::new("first").unwrap().with_refresh_token("rotated").unwrap();
        let manager = TokenManager::builder(NoRefresh).storage(storage.clone()).tokens(first.clone()).build().unwrap();
        let (sent, new) = (AccessToken::new("first").unwrap(), TokenSet::new("second").unwrap());
        let lease = storage.try_lease().unwrap().unwrap();
        manager.renew_from(&sent, new.clone()).await.unwrap();
        assert_eq!(storage.load().unwrap().tokens(), Some(&first), "what the other process has sent is still there");
        drop(lease);
        manager.renew_from(&sent, new).await.unwrap();
        assert_eq!(manager.tokens().unwrap().access_token().reveal(), "second");
        assert!(storage.try_lease().unwrap().is_some());
    }
}
