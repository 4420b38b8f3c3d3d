//! Identities of services: who is calling, if it is no user, and what he may do with users' sessions.
//!
//! A service is a record beside the sessions, under an id that follows from its name and a holder that no user can be. So every
//! store keeps it by the verbs that it has: `create` refuses a name that is taken, `change` at the revision that was read is how
//! a secret follows another, and `revoke` is announced to all nodes.

mod answer;
mod credential;
mod future;
mod identity;
mod info;
mod layer;
mod names;
mod registry;
mod session;
#[cfg(test)]
mod tests;
mod verify;

pub use future::IdentifiedFuture;
pub use identity::ServiceIdentity;
pub use info::ServiceInfo;
pub use layer::{Identified, ServiceLayer};
pub use registry::Services;
pub use session::ServiceSession;

use credential::Credential;
