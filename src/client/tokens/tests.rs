use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::EXPIRES};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

#[test]
fn a_token_is_renewed_15_minutes_before_its_end_and_expired_5_minutes_before() {
    let tokens = TokenSet::new("a").unwrap().with_lifetime(minutes(60), NOW);
    let state = |after| tokens.state(NOW.after(after), Margins::default());
    assert_eq!(state(minutes(45) - Duration::from_millis(1)), TokenState::Valid);
    assert_eq!(state(minutes(45)), TokenState::NeedsRefresh);
    assert_eq!(state(minutes(55)), TokenState::Expired);
    assert_eq!(state(minutes(60)), TokenState::Dead);
}

#[test]
fn a_token_is_due_at_the_instant_from_which_it_needs_a_refresh() {
    for life in [minutes(60), minutes(3)] {
        let tokens = TokenSet::new("a").unwrap().with_lifetime(life, NOW);
        let due = tokens.due(Margins::default()).unwrap();
        let before = Timestamp::from_millis(due.as_millis() - 1);
        assert_eq!(tokens.state(before, Margins::default()), TokenState::Valid);
        assert_eq!(tokens.state(due, Margins::default()), TokenState::NeedsRefresh);
    }
}

#[test]
fn a_short_lived_token_is_not_renewed_on_every_call() {
    let tokens = TokenSet::new("a").unwrap().with_lifetime(minutes(3), NOW);
    assert_eq!(tokens.state(NOW, Margins::default()), TokenState::Valid);
    assert_eq!(tokens.state(NOW.after(minutes(2)), Margins::default()), TokenState::NeedsRefresh);
    let nothing = TokenSet::new("a").unwrap().with_lifetime(Duration::ZERO, NOW);
    assert_eq!(nothing.state(NOW, Margins::default()), TokenState::Dead);
}

#[test]
fn without_an_expiry_a_token_is_valid() {
    let tokens = TokenSet::new("a").unwrap();
    assert_eq!(tokens.state(Timestamp::from_millis(u64::MAX), Margins::default()), TokenState::Valid);
}

#[test]
fn the_exp_of_a_jwt_is_its_expiry() {
    let jwt = |claims: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        TokenSet::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))).unwrap().expires_at()
    };
    assert_eq!(jwt(r#"{"exp":1800000000}"#), Some(NOW));
    assert_eq!(jwt(r#"{"exp":1800000000.5,"sub":"ada"}"#), Some(NOW.after(Duration::from_millis(500))));
    for none in [r#"{"exp":-1}"#, r#"{"exp":"soon"}"#, r#"{"exp":1e300}"#, "{}", "not json"] {
        assert_eq!(jwt(none), None, "{none}");
    }
}

#[test]
fn token_responses_in_the_shapes_that_servers_send() {
    let read = |body: &str| TokenSet::from_response(body.as_bytes(), NOW).unwrap();
    let oauth = read(r#"{"access_token":"a","token_type":"bearer","expires_in":3600,"refresh_token":"r","scope":"x"}"#);
    assert_eq!(oauth.expires_at(), Some(NOW.after(minutes(60))));
    assert_eq!(oauth.refresh_token().unwrap().reveal(), "r");
    assert_eq!(read(r#"{"access_token":"a","expires_in":"60"}"#).expires_at(), Some(NOW.after(minutes(1))));
    let ours = read(r#"{"token":"a","expires_at":"2027-01-15T10:00:00+02:00","session_id":"x"}"#);
    assert_eq!(ours.expires_at(), Some(NOW));
    assert_eq!(read(r#"{"access_token":"a","expires_at":1800000000,"refresh_token":""}"#).refresh_token(), None);
    assert_eq!(read(r#"{"access_token":"a","expires_at":null,"expires_in":null}"#).expires_at(), None);
}

#[test]
fn a_bad_response_is_refused_without_quoting_it() {
    for (body, names) in [
        ("", "it breaks off"),
        ("<html>", "it is not JSON"),
        (r#"{"refresh_token":"sesame"}"#, "missing"),
        (r#"{"access_token":"sesame\n"}"#, "an access token must be"),
        (r#"{"access_token":"sesame","token_type":"DPoP"}"#, "`token_type` must be `Bearer`"),
        (r#"{"access_token":"sesame","expires_in":"-5"}"#, "another type"),
        (r#"{"access_token":"sesame","expires_at":"sesame"}"#, "another type"),
        (r#"{"access_token":["sesame"]}"#, "another type"),
    ] {
        let error = TokenSet::from_response(body.as_bytes(), NOW).unwrap_err();
        assert!(error.to_string().contains(names), "{body}: {error}");
        assert!(!format!("{error} {error:?}").contains("sesame"), "{body}");
    }
}

#[test]
fn an_expires_header_is_an_expiry() {
    let mut headers = HeaderMap::new();
    headers.insert(EXPIRES, HeaderValue::from_static("Fri, 15 Jan 2027 08:00:00 GMT"));
    assert_eq!(TokenSet::new("a").unwrap().with_expiry_from(&headers).expires_at(), Some(NOW));
    headers.insert(EXPIRES, HeaderValue::from_static("0"));
    assert_eq!(TokenSet::new("a").unwrap().with_expiry_from(&headers).expires_at(), None);
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let old = TokenSet::new("a").unwrap().with_refresh_token("r").unwrap();
    let new = TokenSet::new("b").unwrap().following(&old, NOW);
    assert_eq!(new.refresh_token(), old.refresh_token());
    assert_eq!(new.received_at(), Some(NOW));
    let rotated = TokenSet::new("b").unwrap().with_refresh_token("s").unwrap().following(&old, NOW);
    assert_eq!(rotated.refresh_token().unwrap().reveal(), "s");
}
