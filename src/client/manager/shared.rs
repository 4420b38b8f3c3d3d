//! What the clones of a manager share, and how its verbs get at the storage.

use std::{sync::Arc, time::Duration};

use super::{backoff::BackOff, flight::Slot, place::Place, refresher::ErasedRefresher, state::Memory, state::Snapshot};
use crate::{
    client::{
        error::{Error, ErrorKind},
        storage::{Storage, StorageError},
        tokens::{Margins, TokenSet},
    },
    clock::{Clock, Timestamp},
};

pub(super) struct Shared {
    pub(super) memory: Memory,
    pub(super) slot: Slot,
    pub(super) place: Arc<Place>,
    /// `place`, for who knows it as a storage only.
    pub(super) storage: Arc<dyn Storage>,
    pub(super) settings: Settings,
}

/// What a builder has been told.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) refresher: Arc<dyn ErasedRefresher>,
    pub(super) on_discarded: Option<Arc<dyn Fn(TokenSet) + Send + Sync>>,
    pub(super) margins: Margins,
    pub(super) clock: Clock,
    pub(super) deadline: Duration,
    pub(super) back_off: BackOff,
}

impl Shared {
    pub(super) fn new(settings: Settings, place: Place, snapshot: Snapshot) -> Self {
        let place = Arc::new(place);
        let storage = Arc::clone(&place) as Arc<dyn Storage>;
        Self { memory: Memory::new(snapshot), slot: Slot::default(), place, storage, settings }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    /// The tokens as they are by now.
    pub(super) fn current(&self) -> Result<Arc<TokenSet>, Error> {
        self.memory.load().tokens.clone().ok_or_else(|| Error::new(ErrorKind::NotAuthenticated))
    }

    /// Notes what the storage has answered. What it has set aside is no longer kept, and is to be saved again.
    pub(super) fn storage_failed(&self, generation: u64, error: StorageError) -> Error {
        tracing::error!(%error, "the storage of tokens has failed");
        let set_aside = error.has_set_aside();
        let error = Error::from(error);
        self.memory.note_if(generation, |snapshot| {
            snapshot.storage_error = Some(error.clone());
            if set_aside {
                snapshot.set_aside();
            }
        });
        error
    }

    /// Hands over tokens that nobody will use: a server might want to know.
    pub(super) fn discard(&self, tokens: &TokenSet) {
        tracing::debug!("the result of a refresh came too late, and is discarded");
        if let Some(on_discarded) = &self.settings.on_discarded {
            on_discarded(tokens.clone());
        }
    }
}
