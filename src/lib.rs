//! dev
pub mod clock;
pub mod config;
pub mod key;
pub mod record;
pub mod store;
pub mod token;
pub use clock::*;
pub use config::*;
pub use key::*;
pub use record::*;
pub use store::memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use store::sqlite::SqliteStore;
pub use store::*;
pub use token::*;
/// x
#[derive(Debug)]
pub struct Sessions;
/// x
#[derive(Debug)]
pub struct Session;
impl Session {
    /// x
    pub fn rotate(&self) {}
}
