//! Statements as text and values, apart from any database: what differs between them is in [`Dialect`].

use std::sync::Arc;

use crate::{
    audit::{AuditEntry, AuditError},
    clock::Timestamp,
    record::SessionId,
};

/// A statement, and what is bound to it.
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
    /// Whether it comes again with the same text, so that it is worth keeping it prepared.
    pub(super) usual: bool,
    pub(super) dialect: Dialect,
}

/// What can be bound.
pub(super) enum Value {
    Integer(i64),
    Text(String),
    Bytes(Option<Vec<u8>>),
    /// A user or a service: text or bytes, as the table has it.
    Name(Option<String>),
}

/// How a database wants it said.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each belongs to a feature")]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
}

impl Statement {
    pub(super) fn new(dialect: Dialect, text: &str, usual: bool) -> Self {
        Self { text: text.to_owned(), values: Vec::new(), usual, dialect }
    }

    pub(super) fn say(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(super) fn bind(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        match self.dialect {
            Dialect::Postgres => self.text.push_str(&format!("${}", self.values.len())),
            Dialect::Sqlite | Dialect::MySql => self.text.push('?'),
        }
        self
    }
}

/// Keeps entries; those that are kept already stay as they are. In MySQL their key is violated: what would pass over them takes the
/// right to update, and `IGNORE` would pass over more than that.
pub(super) fn insert(dialect: Dialect, batch: &[Arc<AuditEntry>], usual: bool) -> Result<Statement, AuditError> {
    let mut insert = Statement::new(dialect, INSERT, usual);
    for (index, entry) in batch.iter().enumerate() {
        insert.say(if index > 0 { ", (" } else { "(" });
        for (column, value) in row(entry)?.into_iter().enumerate() {
            insert.say(if column > 0 { ", " } else { "" }).bind(value);
        }
        insert.say(")");
    }
    insert.say(match dialect {
        Dialect::Sqlite | Dialect::Postgres => " ON CONFLICT (at, id) DO NOTHING",
        Dialect::MySql => "",
    });
    Ok(insert)
}

fn row(entry: &AuditEntry) -> Result<[Value; 8], AuditError> {
    let event = &entry.event;
    Ok([
        Value::Integer(integer(entry.at)),
        Value::Bytes(Some(entry.id.as_bytes().to_vec())),
        Value::Text(event.kind().name().to_owned()),
        session(event.session()),
        session(event.instead_of()),
        Value::Name(event.user().map(cut)),
        Value::Name(event.service().map(cut)),
        Value::Text(entry.json()?),
    ])
}

/// Removes what is older, at most `most` rows.
pub(super) fn prune(dialect: Dialect, before: Timestamp, most: usize) -> Statement {
    let (start, end) = match dialect {
        Dialect::MySql => ("DELETE FROM countersign_audit WHERE at < ", ""),
        Dialect::Sqlite | Dialect::Postgres => (PRUNE, ")"),
    };
    let mut prune = Statement::new(dialect, start, true);
    prune.bind(Value::Integer(integer(before))).say(&format!(" ORDER BY at, id LIMIT {most}"));
    if dialect == Dialect::Postgres {
        // Another node may be at it: each takes others.
        prune.say(" FOR UPDATE SKIP LOCKED");
    }
    prune.say(end);
    prune
}

pub(super) fn session(id: Option<SessionId>) -> Value {
    Value::Bytes(id.map(|id| id.as_bytes().to_vec()))
}

/// An instant, as SQL can keep it: what lies beyond its 63 bits is as good as for ever.
pub(super) fn integer(instant: Timestamp) -> i64 {
    i64::try_from(instant.as_millis()).unwrap_or(i64::MAX)
}

/// Whether an index keeps a name whole. No user of [`Sessions`](crate::Sessions) has a longer one.
pub(super) const fn is_whole(name: &str) -> bool {
    name.len() <= LONGEST_NAME
}

/// A name as an index keeps it: a longer one by its beginning.
pub(super) fn cut(name: &str) -> String {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

const INSERT: &str =
    "INSERT INTO countersign_audit (at, id, kind, session_id, replaced_id, user_id, service, entry) VALUES ";

const PRUNE: &str = "DELETE FROM countersign_audit WHERE (at, id) IN (SELECT at, id FROM countersign_audit WHERE at < ";

const LONGEST_NAME: usize = 255;
