use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::parts::human_duration_or_off;

/// What is measured, and what traces tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// How often the task of the feature `metrics` counts all live sessions, which costs the more the more there are. `None` (in
    /// files `"off"`) never does. 1 min.
    #[serde(with = "human_duration_or_off")]
    pub count_every: Option<Duration>,
    /// Whether the handler of a request with a session runs in a span that names it. Off unless set.
    pub spans: Spans,
}

/// What traces tell of the session of a request, in the words of OpenTelemetry's conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spans {
    /// Nothing: there is no span.
    Off,
    /// A span `countersign.session` at the level debug, with `session.id`.
    Session,
    /// The same, with `enduser.id`: the user, which may be personal data.
    SessionAndUser,
}
