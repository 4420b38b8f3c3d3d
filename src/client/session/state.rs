//! What a session is at one moment: one snapshot, swapped as a whole.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{activity::Activity, metadata::SessionMetadata, parts::SessionParts};
use crate::{
    client::{
        error::{Error, ErrorKind},
        tokens::TokenSet,
    },
    clock::Timestamp,
    key::random_bytes,
};

#[derive(Clone)]
pub(super) struct State {
    /// Which session it is; `None` if nothing of it was kept yet.
    pub(super) mark: Option<Mark>,
    /// Set if none of it is kept, because its log-in could not be, or because it was set aside: what it is to replace.
    pub(super) unkept: Option<Unkept>,
    /// The parts as they are.
    pub(super) ours: SessionParts,
    /// The parts as they were last read or kept: what differs from them is unsaved.
    pub(super) base: SessionParts,
    pub(super) activity: Arc<Activity>,
    /// So many of these calls are in `ours` already.
    pub(super) counted: u64,
}

/// Ties parts to the session that they belong to: written with its first part, and gone with it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Random, and no secret.
    pub(super) id: String,
    /// Whether it has had tokens: if they are gone, somebody has logged out.
    #[serde(default)]
    pub(super) tokens: bool,
}

/// A log-in that could not be kept.
#[derive(Clone)]
pub(super) struct Unkept {
    /// The session that was there before.
    pub(super) over: Option<String>,
}

impl State {
    /// As it is kept.
    pub(super) fn kept(mark: Option<Mark>, parts: SessionParts, now: Timestamp) -> Self {
        let (ours, base) = (parts.clone(), parts);
        Self { mark, unkept: None, ours, base, activity: Activity::since(now), counted: 0 }
    }

    /// Nothing at all.
    pub(super) fn empty(now: Timestamp) -> Self {
        Self::kept(None, SessionParts::default(), now)
    }

    /// The same once what was kept has been set aside as unreadable: all of it is to be kept anew, unless somebody has
    /// put something there since.
    pub(super) fn set_aside(&self) -> Self {
        let unkept = self.mark.as_ref().map(|_| Unkept { over: None });
        Self { unkept: unkept.or_else(|| self.unkept.clone()), ..self.clone() }
    }

    /// Which session the storage holds, as far as is known.
    pub(super) fn id_there(&self) -> Option<&str> {
        match (&self.unkept, &self.mark) {
            (Some(unkept), _) => unkept.over.as_deref(),
            (None, mark) => mark.as_ref().map(|mark| &*mark.id),
        }
    }

    /// Whether both are snapshots of the same session, from one log-in to the next.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.activity, &other.activity)
    }

    /// Whether it was logged out: it has had tokens, and there are none.
    pub(super) fn is_over(&self, tokens: bool) -> bool {
        !tokens && self.mark.as_ref().is_some_and(|mark| mark.tokens)
    }

    pub(super) fn has_changes(&self) -> bool {
        self.unkept.is_some() || !self.ours.is_same(&self.base)
    }

    /// Whether a save would keep anything. Calls alone are no session.
    pub(super) fn is_unsaved(&self, tokens: bool) -> bool {
        self.has_changes() || ((self.mark.is_some() || tokens) && self.activity.calls() > self.counted)
    }

    /// The metadata with all calls, and the last refresh.
    pub(super) fn metadata(&self, tokens: Option<&TokenSet>) -> SessionMetadata {
        self.activity.told_by(&self.ours.metadata, self.counted).0.with_refresh_of(tokens)
    }

    /// The same with that brought into its parts, ready to be kept.
    pub(super) fn counting(&self, tokens: Option<&TokenSet>, now: Timestamp) -> Self {
        let (told, counted) = self.activity.told_by(&self.ours.metadata, self.counted);
        let mut told = told.with_refresh_of(tokens);
        told.created_at = told.created_at.or_else(|| tokens?.received_at()).or(Some(now));
        let mut next = Self { counted, ..self.clone() };
        if told != *next.ours.metadata {
            next.ours.metadata = Arc::new(told);
        }
        next
    }
}

/// A name for a session that nobody else has.
pub(super) fn new_id() -> Result<String, Error> {
    let bytes = random_bytes::<16>().map_err(|error| Error::because(ErrorKind::Storage, error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
