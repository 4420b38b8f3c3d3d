use std::{
    collections::BTreeMap,
    error, fmt,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::ClientSession;
use crate::client::error::Error;

/// Several sessions by name, one of which may be the active one. Clones are one collection.
///
/// Each session has a storage of its own, so that nothing of one reaches another.
///
/// ```
/// use countersign::client::{ClientSession, ClientSessions, NoRefresh, TokenManager};
///
/// let session = || TokenManager::builder(NoRefresh).build().map(ClientSession::new);
/// let sessions = ClientSessions::new();
/// sessions.insert("trading", session()?);
/// sessions.insert("monitoring", session()?);
/// assert_eq!(sessions.active_name().as_deref(), Some("trading"));
///
/// sessions.switch("monitoring").unwrap();
/// let error = sessions.switch("trade").unwrap_err();
/// assert_eq!(error.to_string(), "there is no session `trade`, only `monitoring`, `trading`");
/// # Ok::<(), countersign::client::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ClientSessions {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    held: ArcSwap<Held>,
    changing: Mutex<()>,
}

#[derive(Clone, Default)]
struct Held {
    sessions: BTreeMap<String, ClientSession>,
    active: Option<String>,
}

impl ClientSessions {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds a session under this name, and returns the one that was there: it is not ended. The first one becomes
    /// the active one.
    pub fn insert(&self, name: impl Into<String>, session: ClientSession) -> Option<ClientSession> {
        let name = name.into();
        self.change(|held| {
            if held.sessions.is_empty() {
                held.active = Some(name.clone());
            }
            held.sessions.insert(name, session)
        })
    }

    /// The session of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ClientSession> {
        self.shared.held.load().sessions.get(name).cloned()
    }

    /// The active session.
    #[must_use]
    pub fn active(&self) -> Option<ClientSession> {
        let held = self.shared.held.load();
        held.sessions.get(held.active.as_ref()?).cloned()
    }

    /// What the active session is called.
    #[must_use]
    pub fn active_name(&self) -> Option<String> {
        self.shared.held.load().active.clone()
    }

    /// Makes the session of this name the active one.
    ///
    /// # Errors
    /// If there is none. The active one stays what it was.
    pub fn switch(&self, name: &str) -> Result<ClientSession, UnknownSession> {
        self.change(|held| {
            let Some(session) = held.sessions.get(name).cloned() else {
                return Err(UnknownSession { name: name.to_owned(), known: held.sessions.keys().cloned().collect() });
            };
            held.active = Some(name.to_owned());
            Ok(session)
        })
    }

    /// Lets go of the session of this name, and returns it: it is not ended. If it was the active one, none is.
    pub fn remove(&self, name: &str) -> Option<ClientSession> {
        self.change(|held| held.remove(name))
    }

    /// What the sessions are called, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.shared.held.load().sessions.keys().cloned().collect()
    }

    /// Ends the sessions that are dead and cannot be renewed, as [`ClientSession::clear`] does, and lets go of them.
    /// Returns their names. One into which somebody logs in meanwhile stays.
    pub async fn clean_up(&self) -> CleanUp {
        let held = self.shared.held.load_full();
        let mut done = CleanUp::default();
        for (name, session) in &held.sessions {
            match session.end_if_dead().await {
                Ok(false) => {}
                Ok(true) => {
                    self.change(|held| {
                        // Another may have been put there under the same name.
                        let is_there = held.sessions.get(name).is_some_and(|there| there.is_same(session));
                        if is_there { held.remove(name) } else { None }
                    });
                    done.ended.push(name.clone());
                }
                Err(error) => done.failed.push((name.clone(), error)),
            }
        }
        done
    }

    fn change<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        let _changing = self.shared.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Held::clone(&self.shared.held.load());
        let result = change(&mut next);
        self.shared.held.store(Arc::new(next));
        result
    }
}

impl Held {
    fn remove(&mut self, name: &str) -> Option<ClientSession> {
        self.active.take_if(|active| active == name);
        self.sessions.remove(name)
    }
}

impl fmt::Debug for ClientSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.shared.held.load();
        f.debug_struct("ClientSessions").field("active", &held.active).field("sessions", &held.sessions).finish()
    }
}

/// What a [`ClientSessions::clean_up`] has done.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CleanUp {
    /// These sessions were ended.
    pub ended: Vec<String>,
    /// These should have been, but their storage failed. They are held still.
    pub failed: Vec<(String, Error)>,
}

/// There is no session of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSession {
    name: String,
    known: Vec<String>,
}

impl UnknownSession {
    /// The names that there are.
    #[must_use]
    pub fn known(&self) -> &[String] {
        &self.known
    }
}

impl fmt::Display for UnknownSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no session `{}`", self.name)?;
        if self.known.is_empty() {
            return f.write_str(", and no other");
        }
        write!(f, ", only `{}`", self.known.join("`, `"))
    }
}

impl error::Error for UnknownSession {}
