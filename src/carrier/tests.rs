use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE};

use super::*;
use crate::{key::KeyRing, record::SessionId, token::Secret};

const NAME: &str = "__Host-sid";

fn keys() -> TokenKeys {
    TokenKeys::new(&KeyRing::new(b"the key of the tests, 32 bytes..").unwrap(), "")
}

fn mint(keys: &TokenKeys) -> String {
    keys.sign(Secret::random().unwrap(), SessionId::new(None).unwrap()).reveal().to_string()
}

fn read(headers: &[(http::HeaderName, &[u8])], keys: &TokenKeys) -> Carried {
    let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap()));
    Carrier::new(&Config::production()).read(&headers.collect(), keys)
}

fn cookies(headers: &[&[u8]], keys: &TokenKeys) -> Option<Result<String, RefusalKind>> {
    let headers: Vec<_> = headers.iter().map(|value| (COOKIE, *value)).collect();
    match read(&headers, keys) {
        Carried::Credential(Way::Cookie, found) => Some(found.map(|token| token.reveal().to_string())),
        Carried::Nothing => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_byte_exact_name_is_ours() {
    let keys = keys();
    let token = mint(&keys);
    let ours = format!("{NAME}={token}");
    for good in [ours.clone(), format!("a=b; {ours}; c=d"), format!(";;{ours};"), format!(" \t{NAME}\t=\t{token} \t")] {
        assert_eq!(cookies(&[good.as_bytes()], &keys), Some(Ok(token.clone())), "{good}");
    }
    for name in [
        "__%48ost-sid",
        "__Host%2Dsid",
        "__host-sid",
        "__HOST-sid",
        "__Host-sid\u{a0}",
        "\u{a0}__Host-sid",
        "\u{2003}__Host-sid",
        "__Host-sid\u{feff}",
        "\"__Host-sid\"",
        "x__Host-sid",
        "__Host-sid2",
        "__Host-si",
        "sid",
        "__Host-sid;",
        "\\__Host-sid",
        "__Host-sid ;",
        "",
    ] {
        assert_eq!(cookies(&[format!("{name}={token}").as_bytes()], &keys), None, "{name}");
    }
}

#[test]
fn of_several_values_exactly_one_must_be_genuine() {
    let keys = keys();
    let (one, two) = (mint(&keys), mint(&keys));
    let forged = mint(&TokenKeys::new(&KeyRing::new(b"some other key, also of 32 bytes").unwrap(), ""));
    let header = |values: &[&str]| values.iter().map(|value| format!("{NAME}={value}; ")).collect::<String>();
    let cases: [(&[&str], Result<&String, RefusalKind>); 9] = [
        (&["x", &one], Ok(&one)),
        (&[&one, "x"], Ok(&one)),
        (&[&forged, &one, "", &forged], Ok(&one)),
        (&[&one, &one], Ok(&one)),
        (&[&one, &two], Err(RefusalKind::Ambiguous)),
        (&[&one, &two, &one], Err(RefusalKind::Ambiguous)),
        (&[&two, "x", &one, &forged], Err(RefusalKind::Ambiguous)),
        (&[&forged, "x"], Err(RefusalKind::Forged)),
        (&["", &forged], Err(RefusalKind::Malformed)),
    ];
    for (values, expected) in cases {
        assert_eq!(cookies(&[header(values).as_bytes()], &keys), Some(expected.cloned()), "{values:?}");
        let split: Vec<String> = values.iter().map(|value| header(&[value])).collect();
        let split: Vec<&[u8]> = split.iter().map(String::as_bytes).collect();
        assert_eq!(cookies(&split, &keys), Some(expected.cloned()), "{values:?} in headers of their own");
    }
}

#[test]
fn a_strangers_bytes_do_not_blind_the_reader() {
    let keys = keys();
    let token = mint(&keys);
    let long = "y=".to_owned() + &"z".repeat(64 * 1024);
    for noise in
        [&b"a=\xff\xfe"[..], b"\x80=b", b"=", b"==;=", b"no equals sign", b"a=\"b;c\"", b"a=b,c=d", long.as_bytes()]
    {
        let header = [noise, b"; ", format!("{NAME}={token}").as_bytes(), b";", noise].concat();
        assert_eq!(cookies(&[&header], &keys), Some(Ok(token.clone())));
        assert_eq!(cookies(&[noise, &header], &keys), Some(Ok(token.clone())));
    }
    let flood = format!("{NAME}=x;").repeat(6_000) + &format!("{NAME}={token}");
    assert_eq!(cookies(&[flood.as_bytes()], &keys), Some(Ok(token)));
}

#[test]
fn a_bearer_header_decides_alone() {
    let keys = keys();
    let (one, two) = (mint(&keys), mint(&keys));
    let cookie = format!("{NAME}={two}");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme} {one}");
        match read(&[(AUTHORIZATION, header.as_bytes()), (COOKIE, cookie.as_bytes())], &keys) {
            Carried::Credential(Way::Bearer, Ok(token)) => assert_eq!(*token.reveal(), one),
            other => panic!("{other:?}"),
        }
    }
    for bad in [
        "Bearer",
        "Bearer ",
        &format!("Bearer  {one}"),
        &format!("Bearer\t{one}"),
        &format!("Bearer {one} x"),
        "Bearer eyJ.a.b",
    ] {
        match read(&[(AUTHORIZATION, bad.as_bytes()), (COOKIE, cookie.as_bytes())], &keys) {
            Carried::Credential(Way::Bearer, Err(RefusalKind::Malformed)) => {}
            other => panic!("{bad}: {other:?}"),
        }
    }
    for foreign in ["Basic YTpi", "Bearerx y", "", "DPoP x"] {
        assert!(matches!(
            read(&[(AUTHORIZATION, foreign.as_bytes()), (COOKIE, cookie.as_bytes())], &keys),
            Carried::Credential(Way::Cookie, Ok(_))
        ));
    }
}

#[test]
fn two_authorizations_are_refused_if_one_is_ours() {
    let keys = keys();
    let bearer = format!("Bearer {}", mint(&keys));
    let pair = |a: &str, b: &str| read(&[(AUTHORIZATION, a.as_bytes()), (AUTHORIZATION, b.as_bytes())], &keys);
    assert!(matches!(pair(&bearer, &bearer), Carried::TwoCredentials));
    assert!(matches!(pair("Basic YTpi", &bearer), Carried::TwoCredentials));
    assert!(matches!(pair(&bearer, "Basic YTpi"), Carried::TwoCredentials));
    assert!(matches!(pair("Basic YTpi", "Basic YTpi"), Carried::Nothing));
}

#[test]
fn setting_and_clearing_differ_in_value_and_life_alone() {
    let keys = keys();
    let carrier = Carrier::new(&Config::production());
    let token = keys.sign(Secret::random().unwrap(), SessionId::new(None).unwrap());
    let text = token.reveal();
    let (set, kept, clear) =
        (carrier.set(&token, None), carrier.set(&token, Some(Duration::from_secs(60))), carrier.clear());
    assert_eq!(set, format!("{NAME}={}; HttpOnly; SameSite=Lax; Secure; Path=/", *text).as_str());
    assert_eq!(kept, format!("{NAME}={}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60", *text).as_str());
    assert_eq!(clear, format!("{NAME}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0").as_str());
    assert_eq!(format!("{set:?}"), "Sensitive");
}

#[test]
fn a_carrier_that_is_switched_off_is_not_read() {
    let keys = keys();
    let token = mint(&keys);
    let headers: HeaderMap = [
        (AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")).unwrap()),
        (COOKIE, HeaderValue::try_from(format!("{NAME}={token}")).unwrap()),
    ]
    .into_iter()
    .collect();
    let way = |carriers| {
        let mut config = Config::production();
        config.carriers = carriers;
        match Carrier::new(&config).read(&headers, &keys) {
            Carried::Credential(way, Ok(_)) => way,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(way(Carriers::CookieOnly), Way::Cookie);
    assert_eq!(way(Carriers::BearerOnly), Way::Bearer);
    assert_eq!(way(Carriers::CookieAndBearer), Way::Bearer);
}
