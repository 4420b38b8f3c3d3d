//! A store out of a URL: which one to use is then a setting, and no line of the program.

use super::{AnyStore, StoreError, memory::MemoryStore};

/// Opens the store that a URL names.
///
/// | URL | store | feature |
/// |---|---|---|
/// | `memory:` | [`MemoryStore`] | |
/// | `sqlite:sessions.db` | `SqliteStore` in this file | `sqlite` |
/// | `postgres://user:password@host/database` | `PostgresStore` | `postgres` |
/// | `mysql://user:password@host/database` | `MySqlStore`, on MySQL or MariaDB | `mysql` |
/// | `redis://host/0`, `rediss://host/0` (TLS) | `RedisStore` on one server | `redis` |
/// | `redis+cluster://host-1:7000,host-2:7000` | `RedisStore` on a cluster | `redis` |
/// | `redis+sentinel://host-1:26379,host-2:26379/mymaster` | `RedisStore` by way of Sentinel | `redis` |
///
/// `postgresql:` and `mariadb:` are understood as well, and `rediss+cluster:` and `rediss+sentinel:` for TLS. On Redis,
/// `?prefix=shop` at the end has all keys begin so.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::{KeyRing, Sessions, store};
///
/// let url = std::env::var("SESSION_STORE").unwrap_or("memory:".to_owned());
/// let sessions = Sessions::new(KeyRing::generate()?, store::open(&url).await?);
///
/// let error = store::open("postgers://localhost/app").await.unwrap_err();
/// assert!(error.to_string().contains("`postgers:` is not known"));
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the scheme is not known, or its feature is not compiled in, or the store cannot be opened. The
/// text names no password.
pub async fn open(url: &str) -> Result<AnyStore, StoreError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    let opened = match scheme {
        "memory" if rest.trim_start_matches('/').is_empty() => Ok(AnyStore::new(MemoryStore::new())),
        "memory" => Err("takes nothing after it: write `memory:`".to_owned()),
        "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
            "" => Err("needs a file: write it as in `sqlite:sessions.db`".to_owned()),
            #[cfg(feature = "sqlite")]
            path => return super::sqlite::SqliteStore::open(path).await.map(AnyStore::new),
            #[cfg(not(feature = "sqlite"))]
            _ => Err(without("sqlite")),
        },
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => return super::postgres::PostgresStore::open(url).await.map(AnyStore::new),
        #[cfg(not(feature = "postgres"))]
        "postgres" | "postgresql" => Err(without("postgres")),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => return super::mysql::MySqlStore::open(url).await.map(AnyStore::new),
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => Err(without("mysql")),
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+cluster" | "redis+sentinel" | "rediss+cluster" | "rediss+sentinel" => {
            return super::redis::RedisStore::open(url).await.map(AnyStore::new);
        }
        #[cfg(not(feature = "redis"))]
        "redis" | "rediss" | "redis+cluster" | "redis+sentinel" | "rediss+cluster" | "rediss+sentinel" => {
            Err(without("redis"))
        }
        _ => Err(format!("is not known: {SCHEMES}")),
    };
    opened.map_err(|problem| StoreError::unavailable(format!("`{scheme}:` {problem}")).while_opening("of this URL"))
}

#[allow(dead_code, reason = "with every feature there is no store without")]
fn without(feature: &str) -> String {
    format!("needs this crate's feature `{feature}`, which is not compiled in")
}

const SCHEMES: &str = "write memory:, sqlite:, postgres:, mysql:, redis:, rediss:, redis+cluster: or redis+sentinel:";

#[cfg(test)]
mod tests {
    use super::*;

    async fn problem(url: &str) -> String {
        open(url).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_url_is_said() {
        assert!(open("memory:").await.is_ok());
        assert!(problem("memory:here").await.contains("write `memory:`"));
        assert!(problem("sqlite:").await.contains("`sqlite:` needs a file"));
        let unknown = problem("mongodb://ada:secret@host/sessions").await;
        assert!(unknown.contains("`mongodb:` is not known") && unknown.contains("redis+cluster:"), "{unknown}");
        assert!(!unknown.contains("secret"), "{unknown}");
    }
}
