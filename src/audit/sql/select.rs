//! The statement of a page. Each way to find entries is a part of its own, which reads no more rows of one index than the page
//! has; the parts are put together after that. So a page costs the same, however long the table is.

use super::statement::{Dialect, Statement, Value, cut, integer, is_whole, session};
use crate::{
    audit::{AuditCursor, AuditError, AuditKind, AuditQuery},
    record::SessionId,
};

/// Asks for one row more than the page has: then more follow.
pub(super) fn select(dialect: Dialect, query: &AuditQuery) -> Result<Statement, AuditError> {
    let mut select = Statement::new(dialect, "", false);
    let order = if query.is_oldest_first() { "at, id" } else { "at DESC, id DESC" };
    let end = format!(" ORDER BY {order} LIMIT {}", query.size() + 1);
    for (index, way) in ways(query).into_iter().enumerate() {
        select.say(if index > 0 { " UNION ALL " } else { "" });
        select.say("SELECT at, id, entry FROM (SELECT at, id, entry FROM countersign_audit");
        select.say(way.hint(dialect)).say(" WHERE ");
        way.condition(&mut select);
        more_conditions(&mut select, query, way)?;
        select.say(&format!("{end}) AS part_{index}"));
    }
    select.say(&end);
    Ok(select)
}

/// An index to go by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    Session(SessionId),
    /// The entry by which another took its place.
    Replaced(SessionId),
    User(&'a str),
    /// Entries that name no user, of sessions that others say are his.
    OfHisSessions(&'a str),
    Service(&'a str),
    Kind(AuditKind),
    Time,
}

/// No two of them find the same entry.
fn ways(query: &AuditQuery) -> Vec<Way<'_>> {
    if let Some(session) = query.by_session() {
        return vec![Way::Session(session), Way::Replaced(session)];
    }
    if let Some(user) = query.by_user() {
        // Whose name is cut could be another with the same beginning, and so could his sessions.
        return if is_whole(user) { vec![Way::User(user), Way::OfHisSessions(user)] } else { vec![Way::User(user)] };
    }
    if let Some(service) = query.by_service() {
        return vec![Way::Service(service)];
    }
    match query.by_kinds() {
        [] => vec![Way::Time],
        kinds => kinds.iter().copied().map(Way::Kind).collect(),
    }
}

impl Way<'_> {
    /// Left alone, MySQL goes through all of the table in its order if it takes a user for one with many entries.
    const fn hint(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::OfHisSessions(_), Dialect::MySql) => " FORCE INDEX (countersign_audit_by_session)",
            _ => "",
        }
    }

    fn condition(self, to: &mut Statement) {
        match self {
            Self::Session(id) => to.say("session_id = ").bind(session(Some(id))),
            Self::Replaced(id) => to.say("replaced_id = ").bind(session(Some(id))),
            Self::User(user) => to.say("user_id = ").bind(Value::Name(Some(cut(user)))),
            Self::OfHisSessions(user) => of_his_sessions(to, user),
            Self::Service(service) => to.say("service = ").bind(Value::Name(Some(cut(service)))),
            Self::Kind(kind) => to.say("kind = ").bind(Value::Text(kind.name().to_owned())),
            Self::Time => to.say("at >= 0"),
        };
    }
}

fn of_his_sessions<'a>(to: &'a mut Statement, user: &str) -> &'a mut Statement {
    let (start, end) = match to.dialect {
        // Asked once and in front, so that it is known to be an index's key.
        Dialect::Postgres => ("= ANY (ARRAY(SELECT", "))"),
        Dialect::Sqlite | Dialect::MySql => ("IN (SELECT", ")"),
    };
    to.say(&format!("user_id IS NULL AND session_id {start} session_id FROM countersign_audit WHERE user_id = "));
    to.bind(Value::Name(Some(cut(user)))).say(" AND session_id IS NOT NULL").say(end)
}

/// All that is asked beside the way.
fn more_conditions(to: &mut Statement, query: &AuditQuery, way: Way<'_>) -> Result<(), AuditError> {
    let by_session = matches!(way, Way::Session(_) | Way::Replaced(_));
    if let Some(user) = query.by_user().filter(|_| by_session) {
        to.say(" AND (user_id = ").bind(Value::Name(Some(cut(user))));
        if is_whole(user) {
            of_his_sessions(to.say(" OR ("), user).say(")");
        }
        to.say(")");
    }
    if let Some(service) = query.by_service().filter(|service| way != Way::Service(service)) {
        to.say(" AND service = ").bind(Value::Name(Some(cut(service))));
    }
    if let (false, [first, others @ ..]) = (matches!(way, Way::Kind(_)), query.by_kinds()) {
        to.say(" AND kind IN (").bind(Value::Text(first.name().to_owned()));
        for kind in others {
            to.say(", ").bind(Value::Text(kind.name().to_owned()));
        }
        to.say(")");
    }
    let (since, until) = query.by_time();
    if let Some(since) = since {
        to.say(" AND at >= ").bind(Value::Integer(integer(since)));
    }
    if let Some(until) = until {
        to.say(" AND at < ").bind(Value::Integer(integer(until)));
    }
    if let Some((at, id)) = query.cursor().map(AuditCursor::position).transpose()? {
        // The first half is what an index can go by.
        let (beyond, bound) = if query.is_oldest_first() { (">", ">=") } else { ("<", "<=") };
        to.say(&format!(" AND at {bound} ")).bind(Value::Integer(integer(at)));
        to.say(&format!(" AND (at {beyond} ")).bind(Value::Integer(integer(at)));
        to.say(&format!(" OR id {beyond} ")).bind(Value::Bytes(Some(id.as_bytes().to_vec()))).say(")");
    }
    Ok(())
}
