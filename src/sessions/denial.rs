use std::fmt;

use serde::{Deserialize, Serialize};

/// Which demand of a route was not met, precisely: for logs, metrics and outer layers. It stands in the extensions of the
/// response; the client learns no more than the status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DenialKind {
    /// Nobody is logged in. 401.
    NotLoggedIn,
    /// The first of two factors was passed, and the second is still owed. 401.
    SecondFactorPending,
    /// The user has to prove again who he is, because his session was used from elsewhere. 401.
    StepUpDemanded,
    /// His last proof is too long ago. 401.
    NotFresh,
    /// His session's assurance level is too low. 401.
    AssuranceTooLow,
    /// His session has not the role, or none of the roles. 403.
    MissingRole,
    /// None of its roles has the permission. 403.
    MissingPermission,
    /// A condition of the application's own does not hold. 403.
    ConditionFailed,
    /// He owes no second factor and no other proof: he is logged in already. 403.
    NothingPending,
    /// It could not be checked, because the session is shown as it was remembered. 503.
    Unchecked,
    /// The request did not pass through a [`SessionLayer`](crate::SessionLayer). 500.
    MissingLayer,
}

impl DenialKind {
    /// The HTTP status by which it reaches a client.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotLoggedIn
            | Self::SecondFactorPending
            | Self::StepUpDemanded
            | Self::NotFresh
            | Self::AssuranceTooLow => 401,
            Self::MissingRole | Self::MissingPermission | Self::ConditionFailed | Self::NothingPending => 403,
            Self::Unchecked => 503,
            Self::MissingLayer => 500,
        }
    }

    /// A short name for logs and metrics, as in `missing_role`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::SecondFactorPending => "second_factor_pending",
            Self::StepUpDemanded => "step_up_demanded",
            Self::NotFresh => "not_fresh",
            Self::AssuranceTooLow => "assurance_too_low",
            Self::MissingRole => "missing_role",
            Self::MissingPermission => "missing_permission",
            Self::ConditionFailed => "condition_failed",
            Self::NothingPending => "nothing_pending",
            Self::Unchecked => "unchecked",
            Self::MissingLayer => "missing_layer",
        }
    }
}

impl fmt::Display for DenialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
