//! Writes: buffered, and stored as one change.

use serde::{Serialize, de::DeserializeOwned};

use super::{Holding, Session, state::State};
use crate::{
    config::Bounds,
    record::{Attributes, Change, SessionId},
    sessions::{Error, ErrorKind, Event, SessionInfo, check_name, to_json},
};

impl Session {
    /// Sets an attribute. The store merges: other requests' attributes stay as they are.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] or [`ErrorKind::InvalidValue`] for what cannot be an attribute,
    /// [`ErrorKind::ChangeRefused`] if the session would exceed its bounds, [`ErrorKind::Ended`] if
    /// it has ended in this request; [`ErrorKind::CrossSite`] if it would begin a session, and another
    /// [site](crate::CrossSite) made the browser send this request. Nothing has changed then.
    pub fn set<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<(), Error> {
        let value = to_json(name, value)?;
        self.edit(name, |change| {
            change.set(name, value);
            Ok(())
        })
    }

    /// Removes an attribute, if it is there.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        self.edit(name, |change| {
            change.remove(name);
            Ok(())
        })
    }

    /// Removes an attribute and answers what it was, for what is shown once. An absent one costs
    /// nothing: no store is asked.
    ///
    /// Reading is local, so of two requests at once both may be given it.
    ///
    /// ```
    /// use countersign::{Error, Session};
    ///
    /// async fn page(session: Session) -> Result<String, Error> {
    ///     let notice: Option<String> = session.take("notice")?;
    ///     Ok(notice.unwrap_or_default())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if it is there, but is not a `T`, else as [`set`](Self::set).
    /// Nothing has changed then.
    pub fn take<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let value = self.get(name)?;
        if value.is_some() {
            self.remove(name)?;
        }
        Ok(value)
    }

    /// Adds to an attribute that is an integer of 64 bits; an absent one counts as 0. The store
    /// adds: however many requests do this at once, each counts.
    ///
    /// # Errors
    /// [`ErrorKind::ChangeRefused`] if it is not an integer, else as [`set`](Self::set).
    pub fn increment(&self, name: impl AsRef<str>, by: i64) -> Result<(), Error> {
        let name = name.as_ref();
        self.edit(name, |change| Ok(change.add(name, by)?))
    }

    /// Stores what has been written so far, and answers with the session as it is then, other
    /// requests' changes included; `None` if there is no session, and nothing was written to begin
    /// one. Without this it is stored before the response leaves.
    ///
    /// # Errors
    /// [`ErrorKind::Ended`] if the session has ended in the meantime: no new one is made.
    /// [`ErrorKind::ChangeRefused`] if the change does not fit what others have stored.
    /// [`ErrorKind::Unavailable`] if the store failed. What was written is dropped in each case; so
    /// it may be if this future is dropped before it is done.
    pub async fn commit(&self) -> Result<Option<SessionInfo>, Error> {
        self.lock().check_writable()?;
        self.store().await?;
        Ok(self.info())
    }

    /// Applies an edit to the buffer, or leaves it as it was.
    fn edit(&self, name: &str, edit: impl FnOnce(&mut Change) -> Result<(), Error>) -> Result<(), Error> {
        let bounds = self.manager()?.config().attributes;
        check_name("an attribute's name", name, bounds.name)?;
        let mut state = self.look();
        state.check_writable()?;
        let before = state.change.field(name).cloned();
        let edited = edit(&mut state.change).and_then(|()| state.check_sum(name)).and_then(|()| fits(&state, bounds));
        let edited = edited.and_then(|()| self.check_beginning(&state));
        if edited.is_err() {
            state.change.restore(name, before);
        }
        edited
    }

    /// Refuses what would begin a session, where none may begin.
    fn check_beginning(&self, state: &State) -> Result<(), Error> {
        match state.holding {
            Holding::Nothing if !state.change.leaves_nothing() => self.shared.arrival.from.check(),
            _ => Ok(()),
        }
    }

    /// Starts a session, with what is buffered, and says under which id. None begins in the place of one that has ended.
    pub(super) async fn begin_now(&self) -> Result<SessionId, Error> {
        let change = {
            let mut state = self.lock();
            state.check_writable()?;
            self.shared.arrival.from.check()?;
            std::mem::take(&mut state.change)
        };
        self.tell_where_from();
        let issued = self.manager()?.start_with(change, self.shared.client.origin()).await?;
        self.lock().hold(&issued);
        Ok(issued.session_id())
    }

    /// Stores what is buffered, and whatever upkeep is due.
    pub(super) async fn store(&self) -> Result<(), Error> {
        let sessions = self.manager()?;
        let (change, live) = {
            let mut state = self.lock();
            if matches!(state.holding, Holding::Ended) {
                return Err(Error::new(ErrorKind::Ended));
            }
            (std::mem::take(&mut state.change), state.live().cloned())
        };
        let Some(session) = live else {
            if !change.leaves_nothing() {
                self.lock().change = change;
                self.begin_now().await?;
            }
            return Ok(());
        };
        let has_fields = !change.has_no_fields();
        match sessions.maintain(&session, change, self.takes_cookies()).await {
            Ok(upkeep) => {
                let mut state = self.lock();
                let Some(live) = state.still(session.record.id()) else { return Ok(()) };
                live.is_kept_up(upkeep.record);
                if upkeep.token.is_some() {
                    state.issued = upkeep.token.map(Box::new);
                }
                Ok(())
            }
            Err(error) => {
                if error.kind() == ErrorKind::Ended {
                    self.lock().end(session.record.id());
                    if has_fields {
                        sessions.emit(&Event::WriteLost { session: session.record.id() });
                    }
                }
                Err(error)
            }
        }
    }
}

/// Refuses what would exceed the bounds, as far as this request can see. The store looks again.
fn fits(state: &State, bounds: Bounds) -> Result<(), Error> {
    let nothing = Attributes::default();
    let before = state.record().map_or(&nothing, |record| record.attributes());
    let (more_fields, more_bytes) = state.change.at_most();
    // Even if every field were a new one.
    let surely = before.len() + more_fields <= bounds.fields && before.bytes() + more_bytes <= bounds.bytes;
    if !surely {
        state.change.clone().within(bounds).merged(before)?;
    }
    Ok(())
}
