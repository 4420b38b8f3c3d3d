use super::*;

const A: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[test]
fn a_list_of_base64_keys_makes_a_ring_with_the_first_in_front() {
    let ring: KeyRing = format!("{A}, //79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA").parse().unwrap();
    assert_eq!(ring.len(), 2);
    assert_eq!(*ring.dangerous_export_current(), A);
}

#[test]
fn both_alphabets_are_read() {
    let standard: KeyRing = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=".parse().unwrap();
    let url_safe: KeyRing = "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA".parse().unwrap();
    assert_eq!(*standard.dangerous_export_current(), *url_safe.dangerous_export_current());
}

#[test]
fn a_bad_key_is_named_by_its_place_and_the_error_tells_the_remedy() {
    let cases = [
        ("", KeyErrorKind::TooShort, "key 1"),
        ("c2hvcnQ=", KeyErrorKind::TooShort, "key 1"),
        (&format!("{A},c2hvcnQ="), KeyErrorKind::TooShort, "key 2"),
        (&format!("{A},!!!!"), KeyErrorKind::NotBase64, "key 2"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", KeyErrorKind::LowVariety, "key 1"),
    ];
    for (text, kind, place) in cases {
        let error = text.parse::<KeyRing>().unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.to_string().contains(place), "{error}");
        assert!(error.to_string().contains("openssl rand -base64 32"), "{error}");
    }
}

#[test]
fn a_missing_variable_is_named() {
    let error = KeyRing::from_env("COUNTERSIGN_TEST_NO_SUCH_VARIABLE").unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::Missing);
    assert!(error.to_string().contains("COUNTERSIGN_TEST_NO_SUCH_VARIABLE"));
}

#[test]
fn an_unusable_variable_is_named_and_is_not_taken_for_a_missing_one() {
    let of = |value| KeyRing::from_variable("KEYS", value).unwrap_err();
    assert_eq!(of(Ok(" ".to_owned())).kind(), KeyErrorKind::Missing);
    let error = of(Ok(format!("{A},c2hvcnQ=")));
    assert_eq!(error.kind(), KeyErrorKind::TooShort);
    assert!(error.to_string().starts_with("key 2 of the list in KEYS is too short"), "{error}");
    let error = of(Err(VarError::NotUnicode("?".into())));
    assert_eq!(error.kind(), KeyErrorKind::NotBase64);
    assert!(error.to_string().starts_with("the environment variable KEYS is not base64"), "{error}");
}

#[test]
fn each_purpose_has_a_key_of_its_own() {
    let ring: KeyRing = A.parse().unwrap();
    let key = &ring.keys()[0];
    let purposes = [
        Purpose::Token,
        Purpose::Succession,
        Purpose::Name,
        Purpose::Form,
        Purpose::Device,
        Purpose::Seal,
        Purpose::SealName,
    ];
    let keys: std::collections::BTreeSet<_> = purposes.map(|purpose| *key.derive(purpose)).into();
    assert_eq!(keys.len(), purposes.len());
}

#[test]
fn debug_shows_no_key() {
    let ring: KeyRing = A.parse().unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing(1 keys, redacted)");
}
