//! The layer for outgoing requests: carries tokens and cookies to the origins that they belong to, and takes in what
//! comes back.

mod answer;
mod carry;
mod challenge;
mod errand;
mod error;
mod future;
mod intake;
mod origin;
mod replay;
mod retry_after;
mod service;
mod settings;

pub use answer::{AnsweredBy, NotReplayed};
pub use carry::WithoutTokens;
pub use challenge::StepUpRequired;
pub use error::CallError;
pub use future::ResponseFuture;
pub use origin::InvalidOrigin;
pub use replay::{CloneBody, NoReplay, Replay};
pub use retry_after::RetryAfter;
pub use service::ClientService;
pub use settings::ClientLayer;
