//! The scripts: each verb that writes is one, and so one atomic step.

use std::sync::LazyLock;

use redis::{Cmd, Script};

/// A script that is to be run: by its hash, and only where the server does not know it yet by its text.
pub(super) struct Call {
    script: &'static Script,
    text: &'static str,
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
}

/// A script and its text.
pub(super) struct Source {
    script: Script,
    text: String,
}

impl Call {
    pub(super) fn new(source: &'static Source, keys: impl IntoIterator<Item = String>) -> Self {
        let keys = keys.into_iter().collect();
        Self { script: &source.script, text: &source.text, keys, arguments: Vec::with_capacity(16) }
    }

    /// One more argument.
    pub(super) fn arg(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(super) fn args<A: Into<Vec<u8>>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The command.
    pub(super) fn command(&self, by_text: bool) -> Cmd {
        let size =
            self.arguments.iter().map(Vec::len).sum::<usize>() + self.keys.iter().map(String::len).sum::<usize>();
        let mut command = Cmd::with_capacity(3 + self.keys.len() + self.arguments.len(), size + 64);
        if by_text {
            command.arg("EVAL").arg(self.text);
        } else {
            command.arg("EVALSHA").arg(self.script.get_hash());
        }
        command.arg(self.keys.len());
        command.arg(&self.keys[..]);
        for argument in &self.arguments {
            command.arg(&argument[..]);
        }
        command
    }
}

fn source(parts: &[&str]) -> Source {
    let numbers = format!("local MARGIN, LONGEST, HOLD, MANY = {MARGIN}, {LONGEST}, {HOLD}, {MANY}\n");
    let text = [&[numbers.as_str(), include_str!("lua/common.lua")], parts].concat().concat();
    Source { script: Script::new(&text), text }
}

/// A script that needs nothing of what the others share.
#[cfg(feature = "audit")]
pub(super) static APPEND: LazyLock<Source> = LazyLock::new(|| {
    let text = include_str!("lua/append.lua").to_owned();
    Source { script: Script::new(&text), text }
});
pub(super) static BEGIN: LazyLock<Source> =
    LazyLock::new(|| source(&[include_str!("lua/room.lua"), include_str!("lua/begin.lua")]));
pub(super) static RESERVE: LazyLock<Source> =
    LazyLock::new(|| source(&[include_str!("lua/room.lua"), include_str!("lua/reserve.lua")]));
pub(super) static LEAVE: LazyLock<Source> = LazyLock::new(|| source(&[include_str!("lua/leave.lua")]));
pub(super) static CHANGE: LazyLock<Source> =
    LazyLock::new(|| source(&[include_str!("lua/sums.lua"), include_str!("lua/change.lua")]));
pub(super) static REVOKE: LazyLock<Source> = LazyLock::new(|| source(&[include_str!("lua/revoke.lua")]));
pub(super) static REVOKE_MANY: LazyLock<Source> = LazyLock::new(|| source(&[include_str!("lua/revoke_many.lua")]));
pub(super) static LIST: LazyLock<Source> = LazyLock::new(|| source(&[include_str!("lua/list.lua")]));
pub(super) static PICK: LazyLock<Source> = LazyLock::new(|| source(&[include_str!("lua/pick.lua")]));

/// Milliseconds that a key outlives its session: so far the clocks of two nodes, and that of Redis, may be apart
/// before one of them finds that gone which lives by another.
pub(super) const MARGIN: u64 = 60_000;

/// Milliseconds that a key lives at most without being written: a hundred years. Redis takes no time to live that leads
/// beyond its own calendar.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60 * 1_000;

/// With more sessions than this a user's list is not made in one step.
const MANY: usize = 256;

/// Milliseconds for which a session's changes are held up at most, so that another can follow it.
const HOLD: u64 = 500;
