//! By which indexes the statements go. What they find is told by `tests/audit/`.

use std::time::{Duration, SystemTime};

use sqlx::Row;

use super::*;
use crate::{audit::AuditKind, record::SessionId};

#[tokio::test]
async fn every_page_goes_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let table = SqliteAudit::open(folder.path().join("audit.db")).await.unwrap();
    let (session, now) = (SessionId::from_bytes([1; 18]), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    let cursor = AuditCursor::at(now.into(), EntryId::new(1, 1));
    let plain = AuditQuery::new();
    for (query, index) in [
        (plain.clone(), "PRIMARY KEY (at>?"),
        (plain.clone().since(now), "PRIMARY KEY (at>?"),
        (plain.clone().session(session), "countersign_audit_by_session (session_id=?"),
        (plain.clone().session(session), "countersign_audit_by_replaced (replaced_id=?"),
        (plain.clone().session(session).user("ada"), "countersign_audit_by_session (session_id=?"),
        (plain.clone().user("ada"), "countersign_audit_by_user (user_id=?"),
        (plain.clone().user("ada"), "countersign_audit_by_session (session_id=?"),
        (plain.clone().service("orders"), "countersign_audit_by_service (service=?"),
        (plain.clone().kinds([AuditKind::Ended]), "countersign_audit_by_kind (kind=?"),
    ] {
        for query in [query.clone(), query.clone().after(cursor.clone()), query.clone().oldest_first()] {
            let mut explain = select(Dialect::Sqlite, &query).unwrap();
            explain.text.insert_str(0, "EXPLAIN QUERY PLAN ");
            let plan = table.explain(explain).await;
            assert!(plan.iter().any(|line| line.contains(index)), "{query:?}: {plan:#?}");
            assert!(!plan.iter().any(|line| line.starts_with("SCAN countersign_audit")), "{query:?}: {plan:#?}");
        }
    }
    let mut explain = prune(Dialect::Sqlite, now.into(), 9);
    explain.text.insert_str(0, "EXPLAIN QUERY PLAN ");
    let plan = table.explain(explain).await;
    assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{plan:#?}");
}

#[test]
fn what_a_table_cannot_take_is_told_from_what_fails() {
    use crate::audit::AuditErrorKind;
    assert_eq!(failed(sqlx::Error::PoolTimedOut).kind(), AuditErrorKind::Unavailable);
    assert_eq!(failed(sqlx::Error::Encode("too long".into())).kind(), AuditErrorKind::Rejected);
}

impl SqliteAudit {
    async fn explain(&self, statement: Statement) -> Vec<String> {
        let rows = sqlite::bound(statement).fetch_all(&self.readers).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>("detail")).collect()
    }
}
