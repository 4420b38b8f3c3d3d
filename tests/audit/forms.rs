//! The form of entries as JSON, frozen line by line.

use std::collections::BTreeSet;

use countersign::{
    DenialKind, Limiter, Reaction, Reason, RefusalKind, SuspicionKind, Timestamp,
    audit::{AuditEntry, AuditEvent, AuditKind, EntryId},
};
use serde_json::Value;

use crate::id;

/// What each kind looks like, after `id` and `at`.
fn golden() -> Vec<(AuditEvent, &'static str)> {
    let (session, instead_of) = (id(1), id(2));
    let ada = || "ada".into();
    let until = Timestamp::from_millis(1_800_000_000_123);
    vec![
        (AuditEvent::Started { session }, r#""kind":"started","session":"AQEBAQEBAQEBAQEBAQEBAQEB""#),
        (
            AuditEvent::FirstFactorPassed { session, user: ada() },
            r#""kind":"first_factor_passed","session":"AQEBAQEBAQEBAQEBAQEBAQEB","user":"ada""#,
        ),
        (
            AuditEvent::LoggedIn { session, user: "a\"d\u{0}ä".into() },
            r#""kind":"logged_in","session":"AQEBAQEBAQEBAQEBAQEBAQEB","user":"a\"d\u0000ä""#,
        ),
        (
            AuditEvent::SteppedUp { session, instead_of, user: ada() },
            r#""kind":"stepped_up","session":"AQEBAQEBAQEBAQEBAQEBAQEB","instead_of":"AgICAgICAgICAgICAgICAgIC","user":"ada""#,
        ),
        (
            AuditEvent::NewDevice { session, user: ada() },
            r#""kind":"new_device","session":"AQEBAQEBAQEBAQEBAQEBAQEB","user":"ada""#,
        ),
        (
            AuditEvent::Renewed { session, instead_of, user: Some(ada()) },
            r#""kind":"renewed","session":"AQEBAQEBAQEBAQEBAQEBAQEB","instead_of":"AgICAgICAgICAgICAgICAgIC","user":"ada""#,
        ),
        (AuditEvent::Refreshed { session }, r#""kind":"refreshed","session":"AQEBAQEBAQEBAQEBAQEBAQEB""#),
        (AuditEvent::Rotated { session }, r#""kind":"rotated","session":"AQEBAQEBAQEBAQEBAQEBAQEB""#),
        (
            AuditEvent::Ended { session, user: Some(ada()), reason: Reason::ByOperator, by: Some("root".into()) },
            r#""kind":"ended","session":"AQEBAQEBAQEBAQEBAQEBAQEB","user":"ada","reason":"by_operator","by":"root""#,
        ),
        (
            AuditEvent::Ended { session, user: None, reason: Reason::LoggedOut, by: None },
            r#""kind":"ended","session":"AQEBAQEBAQEBAQEBAQEBAQEB","reason":"logged_out""#,
        ),
        (
            AuditEvent::EverybodyEnded { until, reason: Reason::PasswordChanged, by: None },
            r#""kind":"everybody_ended","until":"2027-01-15T08:00:00.123Z","reason":"password_changed""#,
        ),
        (AuditEvent::Refused { reason: RefusalKind::WrongSecret }, r#""kind":"refused","reason":"wrong_secret""#),
        (
            AuditEvent::Denied { session: Some(session), reason: DenialKind::MissingRole },
            r#""kind":"denied","session":"AQEBAQEBAQEBAQEBAQEBAQEB","reason":"missing_role""#,
        ),
        (
            AuditEvent::Suspicious {
                session,
                user: Some(ada()),
                what: SuspicionKind::TwoPlaces,
                reaction: Reaction::StepUp,
                address: Some("192.0.2.7".parse().unwrap()),
                address_before: Some("2001:db8::1".parse().unwrap()),
            },
            r#""kind":"suspicious","session":"AQEBAQEBAQEBAQEBAQEBAQEB","user":"ada","what":"two_places","reaction":"step-up","address":"192.0.2.7","address_before":"2001:db8::1""#,
        ),
        (AuditEvent::CrossSiteReported { session: None }, r#""kind":"cross_site_reported""#),
        (AuditEvent::AttemptFailed, r#""kind":"attempt_failed""#),
        (AuditEvent::AttemptRefused { limiter: Limiter::Network }, r#""kind":"attempt_refused","limiter":"network""#),
        (AuditEvent::LockedOut { until: Some(until) }, r#""kind":"locked_out","until":"2027-01-15T08:00:00.123Z""#),
        (AuditEvent::LockedOut { until: None }, r#""kind":"locked_out""#),
        (
            AuditEvent::Withheld { session, field: "iban".into() },
            r#""kind":"withheld","session":"AQEBAQEBAQEBAQEBAQEBAQEB","field":"iban""#,
        ),
        (AuditEvent::Swept { sessions: 12 }, r#""kind":"swept","sessions":12"#),
        (
            AuditEvent::ServiceAccess {
                service: "orders".into(),
                session: Some(session),
                permission: "session.read".into(),
                allowed: false,
            },
            r#""kind":"service_access","service":"orders","session":"AQEBAQEBAQEBAQEBAQEBAQEB","permission":"session.read","allowed":false"#,
        ),
        (
            AuditEvent::ServiceRegistered { service: "orders".into(), by: Some("root".into()) },
            r#""kind":"service_registered","service":"orders","by":"root""#,
        ),
        (
            AuditEvent::ServiceSecretMade { service: "orders".into(), by: None },
            r#""kind":"service_secret_made","service":"orders""#,
        ),
        (
            AuditEvent::ServiceSecretUsed { service: "orders".into(), by: None },
            r#""kind":"service_secret_used","service":"orders""#,
        ),
        (
            AuditEvent::ServicePermissionsSet { service: "orders".into(), by: Some("root".into()) },
            r#""kind":"service_permissions_set","service":"orders","by":"root""#,
        ),
        (
            AuditEvent::ServiceRefused { service: Some("orders".into()), reason: RefusalKind::Reused },
            r#""kind":"service_refused","service":"orders","reason":"reused""#,
        ),
        (
            AuditEvent::ServiceRefused { service: None, reason: RefusalKind::Forged },
            r#""kind":"service_refused","reason":"forged""#,
        ),
        (
            AuditEvent::ServiceRevoked { service: "orders".into(), by: None },
            r#""kind":"service_revoked","service":"orders""#,
        ),
        (AuditEvent::Lost { entries: 3 }, r#""kind":"lost","entries":3"#),
    ]
}

#[test]
fn the_form_of_every_kind_is_frozen_and_read_back() {
    for (event, fields) in golden() {
        let entry = AuditEntry::new(EntryId::new(0xa1, 2), Timestamp::from_millis(1_800_000_000_000), event);
        let line = format!(r#"{{"id":"00000000000000a10000000000000002","at":"2027-01-15T08:00:00.000Z",{fields}}}"#);
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
        assert_eq!(serde_json::from_str::<AuditEntry>(&line).unwrap(), entry);
    }
    let shown: BTreeSet<AuditKind> = golden().iter().map(|(event, _)| event.kind()).collect();
    assert_eq!(shown, AuditKind::ALL.into_iter().collect(), "each kind has a line");
}

#[test]
fn a_kind_has_the_name_that_its_entries_have() {
    for (event, _) in golden() {
        let kind = event.kind();
        let json: Value = serde_json::to_value(&event).unwrap();
        assert_eq!(json["kind"], kind.name());
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        assert_eq!(kind.name().parse::<AuditKind>(), Ok(kind));
    }
    let unknown = "logged-in".parse::<AuditKind>().unwrap_err();
    assert!(unknown.to_string().contains("\"logged-in\" is no kind"), "{unknown}");
}

#[test]
fn reasons_have_the_names_that_logs_and_metrics_use() {
    for kind in RefusalKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    for kind in [DenialKind::NotLoggedIn, DenialKind::SecondFactorPending, DenialKind::NotFresh, DenialKind::Unchecked]
    {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}

#[test]
fn what_a_later_version_adds_to_an_entry_is_read_past_and_what_is_no_entry_is_refused() {
    let line = r#"{"id":"00000000000000a10000000000000002","at":"2027-01-15T08:00:00Z","kind":"swept","sessions":1,"new":[1]}"#;
    assert_eq!(serde_json::from_str::<AuditEntry>(line).unwrap().event, AuditEvent::Swept { sessions: 1 });
    for wrong in [
        line.replace("swept", "slept"),
        line.replace("2027-01-15T08:00:00Z", "yesterday"),
        line.replace("00000000000000a10000000000000002", "+0000000000000a10000000000000002"),
        line.replace("00000000000000a10000000000000002", "a1"),
    ] {
        assert!(serde_json::from_str::<AuditEntry>(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_document_shows_every_kind_as_it_is() {
    let document = include_str!("../../docs/audit.md");
    for kind in AuditKind::ALL {
        assert!(document.contains(&format!("\n| `{}` | ", kind.name())), "docs/audit.md has no row for {kind}");
    }
}
