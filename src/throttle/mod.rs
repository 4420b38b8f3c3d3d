//! How guessing is slowed down: what is counted, and what a count says to the next attempt.

mod counted;
mod state;

pub(crate) use counted::Counted;
pub(crate) use state::{Block, State, Step, attempt};
