//! The cookie reader, through the layer.

use std::{collections::BTreeSet, convert::Infallible, sync::LazyLock};

use countersign::{KeyRing, MemoryStore, RefusalKind, Session, SessionLayer, Sessions};
use http::{HeaderValue, Request, Response, header::COOKIE};
use proptest::{collection::vec, prelude::*, sample::select};
use tower::{Layer, ServiceExt, service_fn};

use crate::{cases, wait};

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn only_a_byte_exact_name_with_one_genuine_value_is_taken(headers in vec(vec(pair(), 0..6), 0..4)) {
        let ours: Vec<&Value> = headers.iter().flatten().filter_map(|pair| pair.ours.as_ref()).collect();
        let genuine: BTreeSet<&Value> = ours.iter().copied().filter(|value| **value != Value::Wrong).collect();
        let lines: Vec<Vec<u8>> = headers.iter().map(|pairs| join(pairs)).collect();

        let (user, refusal) = ask(&lines);
        match genuine.len() {
            0 => prop_assert_eq!((user.as_str(), refusal.is_none()), ("", ours.is_empty())),
            1 => prop_assert_eq!((user.as_str(), refusal), (genuine.first().unwrap().user(), None)),
            _ => prop_assert_eq!((user.as_str(), refusal), ("", Some(RefusalKind::Ambiguous))),
        }
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_header_whatsoever_makes_it_panic_or_believe(lines in vec(vec(byte(), 0..200), 0..4)) {
        let (user, _) = ask(&lines);
        prop_assert_eq!(user, "");
    }

    #[test]
    fn a_genuine_value_is_found_beside_any_bytes(before in vec(byte(), 0..200), after in vec(byte(), 0..200)) {
        let (user, refusal) = ask(&[[&before, &b";"[..], NAME, b"=", GENUINE.ada.as_bytes(), b";", &after].concat()]);
        prop_assert_eq!((user.as_str(), refusal), ("ada", None));
    }
}

/// One pair of a header, and what it is to us.
#[derive(Clone, Debug)]
struct Pair {
    text: Vec<u8>,
    ours: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Ada,
    Grace,
    Wrong,
}

impl Value {
    const fn user(&self) -> &'static str {
        match self {
            Self::Ada => "ada",
            Self::Grace => "grace",
            Self::Wrong => "",
        }
    }
}

fn pair() -> impl Strategy<Value = Pair> {
    let ours = (pad(), pad(), pad(), pad(), value()).prop_map(|(a, b, c, d, (text, value))| Pair {
        text: [&a, NAME, &b, b"=", &c, &text, &d].concat(),
        ours: Some(value),
    });
    let misnamed = (wrong_name(), value())
        .prop_map(|(name, (text, _))| Pair { text: [&name, &b"="[..], &text].concat(), ours: None });
    let stray = vec(byte().prop_map(|byte| if byte == b';' { b',' } else { byte }), 0..60);
    prop_oneof![3 => ours, 3 => misnamed, 1 => stray.prop_map(|text| Pair { text, ours: None })]
}

/// Names that some reader or other takes for ours.
fn wrong_name() -> impl Strategy<Value = Vec<u8>> {
    let near = select(vec![
        "__host-sid",
        "__HOST-sid",
        "__Host-SID",
        "__Secure-sid",
        "__Host%2Dsid",
        "__%48ost-sid",
        "%5F_Host-sid",
        "sid",
        "Host-sid",
        "__Host-sid2",
        "__Host-si",
        "\"__Host-sid\"",
        "__Host-sid\u{a0}",
        "\u{a0}__Host-sid",
        "\u{2003}__Host-sid",
        "__Host-sid\u{feff}",
        "__Host\u{2010}sid",
        "__Host-s\u{131}d",
        "$__Host-sid",
        "",
    ]);
    // One byte of the name replaced by another.
    let changed = (0..NAME.len(), byte()).prop_filter_map("the same, or the end of it", |(at, byte)| {
        let mut name = NAME.to_vec();
        name[at] = byte;
        (!b";= \t".contains(&byte) && name != NAME).then_some(name)
    });
    prop_oneof![near.prop_map(|name| name.as_bytes().to_vec()), changed]
}

fn value() -> impl Strategy<Value = (Vec<u8>, Value)> {
    let text = |token: &str| token.as_bytes().to_vec();
    prop_oneof![
        2 => Just((text(&GENUINE.ada), Value::Ada)),
        1 => Just((text(&GENUINE.grace), Value::Grace)),
        1 => Just((text(&GENUINE.forged), Value::Wrong)),
        1 => Just((format!("\"{}\"", GENUINE.ada).into_bytes(), Value::Wrong)),
        1 => Just((GENUINE.ada.replace('.', "%2E").into_bytes(), Value::Wrong)),
        1 => "[A-Za-z0-9_.=%-]{0,120}".prop_map(|text| (text.into_bytes(), Value::Wrong)),
    ]
}

/// What may stand around a name or a value (RFC 6265bis, section 5.6: WSP).
fn pad() -> impl Strategy<Value = Vec<u8>> {
    "[ \t]{0,2}".prop_map(String::into_bytes)
}

/// A byte that a header may contain, more often than others one that means something.
fn byte() -> impl Strategy<Value = u8> {
    any::<u8>().prop_map(|byte| match byte {
        0..0x20 | 0x7f => b";=% \t,\"\\"[usize::from(byte % 8)],
        _ => byte,
    })
}

fn join(pairs: &[Pair]) -> Vec<u8> {
    pairs.iter().map(|pair| pair.text.clone()).collect::<Vec<_>>().join(&b';')
}

/// Who these headers are taken for, and why they were refused.
fn ask(lines: &[Vec<u8>]) -> (String, Option<RefusalKind>) {
    let mut request = Request::new(());
    for line in lines {
        request.headers_mut().append(COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    let echo = |request: Request<()>| async move {
        Ok::<_, Infallible>(Response::new(Session::of(&request).user().unwrap_or_default()))
    };
    let response = wait(GENUINE.layer.layer(service_fn(echo)).oneshot(request)).unwrap();
    let refusal = response.extensions().get().copied();
    (response.into_body(), refusal)
}

/// A layer, tokens that it knows, and one of somebody else's.
struct Genuine {
    layer: SessionLayer,
    ada: String,
    grace: String,
    forged: String,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let sessions = || Sessions::new(KeyRing::generate().unwrap(), MemoryStore::new());
    let token = |of: &Sessions, user: &str| wait(of.log_in(user).into_future()).unwrap().token().reveal().to_string();
    let ours = sessions();
    Genuine {
        ada: token(&ours, "ada"),
        grace: token(&ours, "grace"),
        forged: token(&sessions(), "ada"),
        layer: SessionLayer::new(ours),
    }
});

const NAME: &[u8] = b"__Host-sid";
