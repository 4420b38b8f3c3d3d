//! A place for entries whose type is not known before the program runs, and how a URL names it.

use std::{fmt, sync::Arc};

use super::{
    AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail, MemoryAudit,
    sink::{ErasedSink, Work},
};
use crate::clock::Timestamp;

/// Something that keeps entries and finds them again, of whatever type: as a program has it that reads from its settings which one
/// to use. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct AnyAudit(Arc<dyn ErasedAudit>);

impl AnyAudit {
    /// Forgets the type.
    #[must_use]
    pub fn new(kept: impl AuditSink + AuditTrail) -> Self {
        Self(Arc::new(kept))
    }

    /// Opens what a URL names.
    ///
    /// | URL | what it is | feature |
    /// |---|---|---|
    /// | `memory:` | [`MemoryAudit`] with the newest 10,000 | |
    /// | `sqlite:audit.db` | `SqliteAudit` in this file | `sqlite` |
    /// | `postgres://user:password@host/database` | `PostgresAudit` | `postgres` |
    /// | `mysql://user:password@host/database` | `MySqlAudit`, on MySQL or MariaDB | `mysql` |
    /// | `redis://host/0` and the others of [`store::open`](crate::store::open) | `RedisAudit` | `redis` |
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use countersign::audit::{AnyAudit, AuditLog};
    ///
    /// let url = std::env::var("AUDIT").unwrap_or("memory:".to_owned());
    /// let kept = AnyAudit::open(&url).await?;
    /// let log = AuditLog::builder().sink(kept.clone()).build()?;
    ///
    /// let error = AnyAudit::open("postgers://localhost/app").await.unwrap_err();
    /// assert!(error.to_string().contains("`postgers:` is not known"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the scheme is not known, or its feature is not compiled in, or it cannot be opened. The text names no password.
    pub async fn open(url: &str) -> Result<Self, AuditError> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        #[allow(unreachable_patterns, reason = "with every feature there is nothing without")]
        let feature = match scheme {
            "memory" if rest.trim_start_matches('/').is_empty() => return Ok(Self::new(MemoryAudit::new(IN_MEMORY))),
            #[cfg(feature = "sqlite")]
            "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => return Err(wrong(scheme, "needs a file: write it as in `sqlite:audit.db`")),
                path => return super::SqliteAudit::open(path).await.map(Self::new),
            },
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => return super::PostgresAudit::open(url).await.map(Self::new),
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => return super::MySqlAudit::open(url).await.map(Self::new),
            #[cfg(feature = "redis")]
            "redis" | "rediss" | "redis+cluster" | "redis+sentinel" | "rediss+cluster" | "rediss+sentinel" => {
                return super::RedisAudit::open(url).await.map(Self::new);
            }
            "sqlite" => "sqlite",
            "postgres" | "postgresql" => "postgres",
            "mysql" | "mariadb" => "mysql",
            "redis" | "rediss" | "redis+cluster" | "redis+sentinel" | "rediss+cluster" | "rediss+sentinel" => "redis",
            "memory" => return Err(wrong(scheme, "takes nothing after it: write `memory:`")),
            _ => return Err(wrong(scheme, SCHEMES)),
        };
        Err(wrong(scheme, &format!("needs this crate's feature `{feature}`, which is not compiled in")))
    }
}

fn wrong(scheme: &str, problem: &str) -> AuditError {
    AuditError::unavailable(format!("`{scheme}:` {problem}")).while_opening("of this URL")
}

impl AuditSink for AnyAudit {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        self.0.write(batch).await
    }

    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        self.0.prune(before, most).await
    }
}

impl AuditTrail for AnyAudit {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        self.0.find(query).await
    }
}

impl fmt::Debug for AnyAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyAudit").field(&self.0.name()).finish()
    }
}

trait ErasedAudit: ErasedSink {
    fn find<'a>(&'a self, query: &'a AuditQuery) -> Work<'a, AuditPage>;
}

impl<T: AuditSink + AuditTrail> ErasedAudit for T {
    fn find<'a>(&'a self, query: &'a AuditQuery) -> Work<'a, AuditPage> {
        Box::pin(self.page(query))
    }
}

const IN_MEMORY: usize = 10_000;

const SCHEMES: &str =
    "is not known: write memory:, sqlite:, postgres:, mysql:, redis:, redis+cluster: or redis+sentinel:";
