//! The values that labels have: a few words each, and nothing that comes from outside.

use crate::{
    sessions::{DenialKind, Limiter, Reason, SuspicionKind},
    store::StoreErrorKind,
};

pub(super) const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::LoggedOut => "logged_out",
        Reason::ByUser => "by_user",
        Reason::ByOperator => "by_operator",
        Reason::PasswordChanged => "password_changed",
        Reason::AccountClosed => "account_closed",
        Reason::Evicted => "evicted",
        Reason::SecretReused => "secret_reused",
        Reason::UsedElsewhere => "used_elsewhere",
    }
}

pub(super) const fn limiter(by: Limiter) -> &'static str {
    match by {
        Limiter::Account => "account",
        Limiter::Device => "device",
        Limiter::Network => "network",
        Limiter::Factor => "factor",
    }
}

pub(super) const fn suspicion(kind: SuspicionKind) -> &'static str {
    match kind {
        SuspicionKind::NewNetwork => "new_network",
        SuspicionKind::NewAgent => "new_agent",
        SuspicionKind::TwoPlaces => "two_places",
    }
}

pub(super) const fn store_failure(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Unavailable => "unavailable",
        StoreErrorKind::Timeout => "timeout",
        StoreErrorKind::Full => "full",
        StoreErrorKind::Corrupt => "corrupt",
        StoreErrorKind::Open => "open",
    }
}

/// All reasons for which sessions end.
pub(super) const REASONS: [Reason; 8] = [
    Reason::LoggedOut,
    Reason::ByUser,
    Reason::ByOperator,
    Reason::PasswordChanged,
    Reason::AccountClosed,
    Reason::Evicted,
    Reason::SecretReused,
    Reason::UsedElsewhere,
];

/// All demands of routes.
pub(super) const DENIALS: [DenialKind; 11] = [
    DenialKind::NotLoggedIn,
    DenialKind::SecondFactorPending,
    DenialKind::StepUpDemanded,
    DenialKind::NotFresh,
    DenialKind::AssuranceTooLow,
    DenialKind::MissingRole,
    DenialKind::MissingPermission,
    DenialKind::ConditionFailed,
    DenialKind::NothingPending,
    DenialKind::Unchecked,
    DenialKind::MissingLayer,
];

/// All counts that refuse attempts.
pub(super) const LIMITERS: [Limiter; 4] = [Limiter::Account, Limiter::Device, Limiter::Network, Limiter::Factor];

/// All ways in which a store fails.
pub(super) const STORE_FAILURES: [StoreErrorKind; 5] = [
    StoreErrorKind::Unavailable,
    StoreErrorKind::Timeout,
    StoreErrorKind::Full,
    StoreErrorKind::Corrupt,
    StoreErrorKind::Open,
];
