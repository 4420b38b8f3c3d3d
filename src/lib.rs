//! dev

mod carrier;
mod clock;
mod config;
#[cfg(feature = "axum")]
mod extract;
mod key;
mod layer;
mod record;
mod session;
mod sessions;
pub mod store;
mod token;

pub use clock::{Clock, Timestamp};
pub use config::{Bounds, Carriers, Config, ConfigError, Cookie, Lifetime, Limit, Rotation, SameSite, Sweep, WhenFull};
#[cfg(feature = "axum")]
pub use extract::{LoggedIn, LoginRequired, MissingLayer};
pub use key::{KeyError, KeyErrorKind, KeyRing, RandomError};
pub use layer::{ClientAddress, ResponseFuture, SessionLayer, SessionService};
pub use record::{
    Attributes, Change, ChangeRefused, Device, DeviceHints, DeviceKind, FieldChange, InvalidSessionId, Keep, Pending,
    Record, SecretHash, SecretStep, SessionId, Standing, Succession,
};
pub use session::Session;
pub use sessions::{
    Authenticated, Counters, Error, ErrorKind, Event, Issued, LogIn, Maintenance, Reason, SessionInfo, Sessions,
    SessionsBuilder,
};
#[cfg(feature = "sqlite")]
pub use store::sqlite::SqliteStore;
pub use store::{SessionStore, StoreError, StoreErrorKind, memory::MemoryStore};
pub use token::{MalformedToken, RefusalKind, Token};
