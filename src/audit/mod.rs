//! Who has done what: every event of sessions as an entry with a stable form, written where it is to be kept, and found again.
//!
//! | part | what it is |
//! |---|---|
//! | [`AuditLog`] | takes the events of [`Sessions`](crate::Sessions), and hands entries to sinks; nobody waits for it |
//! | [`AuditEntry`], [`AuditEvent`], [`AuditKind`] | an entry, and its form as JSON |
//! | [`AuditSink`] | where entries go: [`TracingAudit`], [`MemoryAudit`], `SqliteAudit`, `PostgresAudit`, `MySqlAudit`, `RedisAudit`, or your own |
//! | [`AuditTrail`], [`AuditQuery`] | where they are found again: by user, session, service, kind and time, page by page |
//!
//! `docs/audit.md` tells it field by field.

mod about;
mod entry;
mod error;
mod event;
mod instant;
mod kind;
mod log;
mod memory;
mod query;
mod read;
mod sink;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql;
#[cfg(feature = "redis")]
mod stream;
mod traced;
mod trail;

pub use entry::{AuditEntry, EntryId, InvalidEntryId};
pub use error::{AuditError, AuditErrorKind};
pub use event::AuditEvent;
pub use kind::{AuditKind, UnknownKind};
pub use log::{AuditLog, AuditLogBuilder, SinkState, Unwritten};
pub use memory::MemoryAudit;
pub use query::{AuditCursor, AuditPage, AuditQuery};
pub use sink::AuditSink;
#[cfg(feature = "mysql")]
pub use sql::MySqlAudit;
#[cfg(feature = "postgres")]
pub use sql::PostgresAudit;
#[cfg(feature = "sqlite")]
pub use sql::SqliteAudit;
#[cfg(feature = "redis")]
pub use stream::RedisAudit;
pub use traced::TracingAudit;
pub use trail::{AnyTrail, AuditTrail};
