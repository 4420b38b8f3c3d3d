//! What a save, a log-in and an end do to the document: the decisions of the storage's atomic steps.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    linked::LinkedSession,
    merge::merged,
    metadata::SessionMetadata,
    parts::SessionParts,
    state::{Mark, State},
};
use crate::{
    client::{
        storage::{Document, MalformedDocument, Update},
        tokens::TokenSet,
    },
    clock::Timestamp,
};

/// What a document holds of a session beside its tokens.
#[derive(Clone, Default)]
pub(super) struct Kept {
    pub(super) mark: Option<Mark>,
    pub(super) parts: SessionParts,
}

/// What has become of a save.
pub(super) enum Outcome {
    /// It is kept, together with what others have changed.
    Kept(Kept),
    /// The session has ended meanwhile: nothing of it was written. This is there in its place.
    Ended(Kept),
}

impl Kept {
    pub(super) fn read(document: &Document) -> Result<Self, MalformedDocument> {
        let linked: Option<BTreeMap<String, LinkedSession>> = document.part(LINKED)?;
        let parts = SessionParts {
            cookies: Arc::new(document.part(COOKIES)?.unwrap_or_default()),
            linked: Arc::new(linked.unwrap_or_default().into_iter().map(|(name, one)| (name, Arc::new(one))).collect()),
            metadata: Arc::new(document.part(METADATA)?.unwrap_or_default()),
            user: document.part(USER)?.map(Arc::new),
        };
        Ok(Self { mark: document.part(MARK)?, parts })
    }

    /// Whether there is a session that nobody has marked yet: tokens of a program that knows no more than that.
    pub(super) fn is_unmarked_in(&self, document: &Document) -> bool {
        self.mark.is_none() && document.tokens().is_some()
    }
}

/// Marks the session that is there, so that what is kept later finds out whether it is there still.
pub(super) fn adopt(document: &mut Document, id: &str, now: Timestamp) -> Result<(Kept, Update), MalformedDocument> {
    let mut kept = Kept::read(document)?;
    if !kept.is_unmarked_in(document) {
        return Ok((kept, Update::Unchanged));
    }
    let mark = Mark { id: id.to_owned(), tokens: true };
    document.set_part(MARK, &mark)?;
    if kept.parts.metadata.created_at.is_none() {
        let created_at = document.tokens().and_then(TokenSet::received_at).or(Some(now));
        kept.parts.metadata = Arc::new(SessionMetadata { created_at, ..(*kept.parts.metadata).clone() });
        document.set_part(METADATA, &*kept.parts.metadata)?;
    }
    kept.mark = Some(mark);
    Ok((kept, Update::Changed))
}

/// Keeps what has changed in `state`, if the session is still the one that is there. `held` are the tokens that
/// this process holds, `id` names the session if it is new.
pub(super) fn keep(
    document: &mut Document,
    state: &State,
    held: Option<&TokenSet>,
    id: &str,
) -> Result<(Outcome, Update), MalformedDocument> {
    let theirs = Kept::read(document)?;
    match standing(state, &theirs, document.tokens(), held) {
        Standing::Here => {
            let parts = merged(&state.base, &state.ours, theirs.parts.clone());
            let known = state.mark.as_ref().or(theirs.mark.as_ref()).map(|mark| mark.id.clone());
            let mark = Mark { id: known.unwrap_or_else(|| id.to_owned()), tokens: document.tokens().is_some() };
            let update = write(document, &theirs, &mark, &parts)?;
            Ok((Outcome::Kept(Kept { mark: Some(mark), parts }), update))
        }
        Standing::Unkept => {
            let mark = Mark { id: state_id(state, id), tokens: held.is_some() };
            document.set_tokens(held.cloned());
            begin(document, &mark, &state.ours)?;
            Ok((Outcome::Kept(Kept { mark: Some(mark), parts: state.ours.clone() }), Update::Changed))
        }
        Standing::LoggedOut => {
            end(document);
            Ok((Outcome::Ended(Kept::default()), Update::Changed))
        }
        Standing::Replaced => Ok((Outcome::Ended(theirs), Update::Unchanged)),
    }
}

/// Puts the parts of a new session in the place of all that is there but the tokens.
pub(super) fn begin(document: &mut Document, mark: &Mark, parts: &SessionParts) -> Result<(), MalformedDocument> {
    let mut next = Document::default();
    next.set_tokens(document.tokens().cloned());
    write(&mut next, &Kept::default(), mark, parts)?;
    *document = next;
    Ok(())
}

/// Which session is there.
pub(super) fn mark_of(document: &Document) -> Option<String> {
    document.part::<Mark>(MARK).ok().flatten().map(|mark| mark.id)
}

/// Leaves nothing. Whether there was anything.
pub(super) fn end(document: &mut Document) -> bool {
    let was_there = !document.is_empty();
    document.clear();
    was_there
}

/// Ends the session for a log-out that could not be kept, if it is still the one that was there then.
pub(super) fn end_late(document: &mut Document, there: Option<&str>) {
    if mark_of(document).as_deref() == there {
        end(document);
    }
}

/// Begins the session for a log-in that could not be kept, if nobody else has begun another since `over`.
pub(super) fn begin_late(document: &mut Document, over: Option<&str>, mark: &Mark, parts: &SessionParts) {
    if mark_of(document).as_deref() == over {
        // Parts that could not be written were an error of the log-in already.
        let _ = begin(document, mark, parts);
    }
}

/// Ends the session if it is this one still, with these tokens.
pub(super) fn end_if(document: &mut Document, mark: Option<&Mark>, tokens: Option<&TokenSet>) -> bool {
    let same = mark_of(document).as_ref() == mark.map(|mark| &mark.id);
    same && access(document.tokens()) == access(tokens) && end(document)
}

/// How the session of a save stands to the one that is kept.
enum Standing {
    Here,
    /// It is not there because its log-in could not be kept, or what was kept was set aside as unreadable; and nobody
    /// else has logged in since.
    Unkept,
    LoggedOut,
    Replaced,
}

fn standing(state: &State, theirs: &Kept, kept: Option<&TokenSet>, held: Option<&TokenSet>) -> Standing {
    let there = theirs.mark.as_ref();
    match (&state.mark, there) {
        (Some(ours), Some(there)) if ours.id == there.id => {
            if there.tokens && kept.is_none() {
                Standing::LoggedOut
            } else {
                Standing::Here
            }
        }
        _ if state.unkept.as_ref().is_some_and(|unkept| unkept.over.as_ref() == there.map(|there| &there.id)) => {
            Standing::Unkept
        }
        // Its tokens are there, and nothing else: they have been written anew after they were set aside.
        (Some(_), None) if kept.is_some() && access(kept) == access(held) => Standing::Unkept,
        (Some(_), _) => Standing::Replaced,
        // Not marked by us yet: it is the session whose tokens we hold, or the first that there is.
        (None, _) if kept.is_some() && access(kept) == access(held) => Standing::Here,
        (None, None) if kept.is_none() && held.is_none() => Standing::Here,
        (None, _) => Standing::Replaced,
    }
}

fn access(tokens: Option<&TokenSet>) -> Option<&str> {
    tokens.map(|tokens| tokens.access_token().reveal())
}

fn state_id(state: &State, id: &str) -> String {
    state.mark.as_ref().map_or_else(|| id.to_owned(), |mark| mark.id.clone())
}

/// Writes the parts that differ from those that are there.
fn write(
    document: &mut Document,
    there: &Kept,
    mark: &Mark,
    parts: &SessionParts,
) -> Result<Update, MalformedDocument> {
    let mut update = Update::Unchanged;
    let mut set = |name, differs: bool, part: &dyn Fn(&mut Document, &str) -> Result<(), MalformedDocument>| {
        if differs {
            update = Update::Changed;
            part(document, name)?;
        }
        Ok(())
    };
    set(MARK, there.mark.as_ref() != Some(mark), &|document, name| document.set_part(name, mark))?;
    set(COOKIES, !Arc::ptr_eq(&there.parts.cookies, &parts.cookies), &|document, name| {
        document.set_part(name, Some(&*parts.cookies).filter(|jar| !jar.is_empty()))
    })?;
    set(LINKED, there.parts.linked != parts.linked, &|document, name| {
        let linked: BTreeMap<&str, &LinkedSession> = parts.linked.iter().map(|(name, one)| (&**name, &**one)).collect();
        document.set_part(name, Some(linked).filter(|linked| !linked.is_empty()))
    })?;
    set(METADATA, there.parts.metadata != parts.metadata, &|document, name| document.set_part(name, &*parts.metadata))?;
    set(USER, there.parts.user != parts.user, &|document, name| document.set_part(name, parts.user.as_deref()))?;
    Ok(update)
}

const MARK: &str = "session";
const COOKIES: &str = "cookies";
const LINKED: &str = "linked";
const METADATA: &str = "metadata";
const USER: &str = "user";
