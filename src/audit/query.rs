//! What is asked of a trail.

use std::{collections::HashSet, fmt, str::FromStr, time::SystemTime};

use super::{AuditEntry, AuditError, AuditKind, EntryId};
use crate::{clock::Timestamp, record::SessionId};

/// Which entries, and how many at once. All conditions must hold. Without any: the newest 100.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use countersign::audit::{AuditKind, AuditQuery};
///
/// let last_week = SystemTime::now() - Duration::from_secs(7 * 24 * 60 * 60);
/// let query = AuditQuery::new().user("ada").kinds([AuditKind::Ended]).since(last_week).page_size(20);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct AuditQuery {
    user: Option<Box<str>>,
    session: Option<SessionId>,
    service: Option<Box<str>>,
    kinds: Vec<AuditKind>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    oldest_first: bool,
    size: Option<usize>,
    after: Option<AuditCursor>,
}

impl AuditQuery {
    /// The newest entries, whatever they are about.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those that name this user, and those that name none but are about a session of his. Which sessions were his is told by
    /// the entries with which they began: once these are pruned, an end that names no user is found by its session alone.
    pub fn user(self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into().into()), ..self }
    }

    /// Those about this session, that in which another took its place among them.
    pub fn session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// Those that name this service.
    pub fn service(self, service: impl Into<String>) -> Self {
        Self { service: Some(service.into().into()), ..self }
    }

    /// Those of one of these kinds. None at all is no condition.
    pub fn kinds(self, kinds: impl IntoIterator<Item = AuditKind>) -> Self {
        let mut kinds: Vec<AuditKind> = kinds.into_iter().collect();
        kinds.sort_unstable();
        kinds.dedup();
        Self { kinds, ..self }
    }

    /// Those that happened at this instant or after it.
    pub fn since(self, instant: SystemTime) -> Self {
        Self { since: Some(instant.into()), ..self }
    }

    /// Those that happened before this instant.
    pub fn until(self, instant: SystemTime) -> Self {
        Self { until: Some(instant.into()), ..self }
    }

    /// The oldest in front, and not the newest.
    pub fn oldest_first(self) -> Self {
        Self { oldest_first: true, ..self }
    }

    /// How many entries a page has at most: 1 to 1,000.
    pub fn page_size(self, size: usize) -> Self {
        Self { size: Some(size.clamp(1, LARGEST_PAGE)), ..self }
    }

    /// What follows a page: its [`next`](AuditPage::next). The other conditions must be those of that page.
    pub fn after(self, cursor: AuditCursor) -> Self {
        Self { after: Some(cursor), ..self }
    }

    /// Whether an entry is one of those, wherever its place is. `his` are the sessions that are known to be the
    /// [user](Self::user)'s.
    #[must_use]
    pub fn matches(&self, entry: &AuditEntry, his: &HashSet<SessionId>) -> bool {
        let event = &entry.event;
        let of_user = |user: &str| match event.user() {
            Some(named) => named == user,
            None => event.session().is_some_and(|session| his.contains(&session)),
        };
        let of_session = |session| event.session() == Some(session) || event.instead_of() == Some(session);
        self.user.as_deref().is_none_or(of_user)
            && self.session.is_none_or(of_session)
            && self.service.as_deref().is_none_or(|service| event.service() == Some(service))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind()))
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }

    /// The user who is asked for.
    #[must_use]
    pub fn by_user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The session that is asked for.
    #[must_use]
    pub const fn by_session(&self) -> Option<SessionId> {
        self.session
    }

    /// The service that is asked for.
    #[must_use]
    pub fn by_service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The kinds that are asked for; none: all.
    #[must_use]
    pub fn by_kinds(&self) -> &[AuditKind] {
        &self.kinds
    }

    /// From when, and until when.
    #[must_use]
    pub const fn by_time(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.since, self.until)
    }

    /// Whether the oldest come first.
    #[must_use]
    pub const fn is_oldest_first(&self) -> bool {
        self.oldest_first
    }

    /// How many entries a page has at most.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size.unwrap_or(USUAL_PAGE)
    }

    /// After which entry the page begins.
    #[must_use]
    pub const fn cursor(&self) -> Option<&AuditCursor> {
        self.after.as_ref()
    }
}

/// Some entries, and where the next ones begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries. There may be fewer than asked for, or none, although more follow.
    pub entries: Vec<AuditEntry>,
    /// What [`AuditQuery::after`] takes for the next page; `None` after the last.
    pub next: Option<AuditCursor>,
    /// How many entries were passed over, because this version cannot read them: a later one has written them.
    pub unreadable: usize,
}

/// A place in a trail. As text it fits into a URL; what it says is the trail's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCursor(Box<str>);

impl AuditCursor {
    /// A place that the trail names so.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The trail's own name for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That of an entry, in trails that are ordered by time.
    pub(super) fn at(at: Timestamp, id: EntryId) -> Self {
        Self(format!("{}.{id}", at.as_millis()).into())
    }

    pub(super) fn position(&self) -> Result<(Timestamp, EntryId), AuditError> {
        let read = || {
            let (at, id) = self.0.split_once('.')?;
            Some((Timestamp::from_millis(at.parse().ok()?), id.parse().ok()?))
        };
        read().ok_or_else(AuditError::cursor)
    }
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any text: whether it is a place of its own, the trail says.
impl FromStr for AuditCursor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;
