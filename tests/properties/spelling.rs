//! Each token, and each session id, has one spelling.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign::{SessionId, Token};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::cases;

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn whatever_is_read_as_a_token_is_written_as_it_was(text in near_token()) {
        if let Ok(token) = Token::parse(&text) {
            let revealed = token.reveal();
            prop_assert_eq!(revealed.as_bytes(), &text);
            prop_assert_eq!(token.id().to_string(), &revealed[44..68]);
        }
    }

    #[test]
    fn every_token_is_read(parts in (any::<[u8; 32]>(), any::<[u8; 18]>(), vec(any::<u8>(), 33))) {
        let text = spell(&parts.0, &parts.1, &parts.2);
        let token: Token = text.parse().unwrap();
        prop_assert_eq!(&*token.reveal(), &text);
        prop_assert_eq!(token.id(), SessionId::from_bytes(parts.1));
    }

    #[test]
    fn whatever_is_read_as_an_id_is_written_as_it_was(text in near_id()) {
        if let Ok(id) = text.parse::<SessionId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn every_id_is_read(bytes in any::<[u8; 18]>()) {
        let id = SessionId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(id.as_bytes(), &bytes);
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<SessionId>(&json).unwrap(), id);
    }
}

/// All that one wrong byte can do, to one token and one id.
#[test]
fn no_edit_of_a_single_byte_leaves_the_same_token_or_id() {
    let text = spell(&[0xa5; 32], &[0x5a; 18], &[0x3c; 33]);
    let mut accepted = 0;
    for edited in single_edits(text.as_bytes()) {
        if let Ok(token) = Token::parse(&edited) {
            assert_ne!(*token.reveal(), text);
            assert_eq!(token.reveal().as_bytes(), edited);
            accepted += 1;
        }
    }
    // Of the secret's last character 4 of 6 bits count, so that 15 others are good; of all else 63.
    assert_eq!(accepted, (42 + 24 + 44) * 63 + 15);

    let text = SessionId::from_bytes([0x5a; 18]).to_string();
    let mut accepted = 0;
    for edited in single_edits(text.as_bytes()) {
        let Ok(edited) = String::from_utf8(edited) else { continue };
        if let Ok(id) = edited.parse::<SessionId>() {
            assert!(id.to_string() != text && id.to_string() == edited);
            accepted += 1;
        }
    }
    assert_eq!(accepted, 24 * 63);
}

/// The text with any byte changed, put in, or taken out.
fn single_edits(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let spliced = |at: usize, removed: usize, put: &[u8]| [&text[..at], put, &text[at + removed..]].concat();
    let bytes = || 0..=u8::MAX;
    let changed = (0..text.len())
        .flat_map(move |at| bytes().filter(move |byte| *byte != text[at]).map(move |byte| spliced(at, 1, &[byte])));
    let inserted = (0..=text.len()).flat_map(move |at| bytes().map(move |byte| spliced(at, 0, &[byte])));
    let removed = (0..text.len()).map(move |at| spliced(at, 1, &[]));
    changed.chain(inserted).chain(removed)
}

fn spell(secret: &[u8], id: &[u8], signature: &[u8]) -> String {
    [secret, id, signature].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".")
}

/// Bytes of all sorts, most of them nearly a token.
fn near_token() -> impl Strategy<Value = Vec<u8>> {
    let shape = "[A-Za-z0-9_-]{43}\\.[A-Za-z0-9_-]{24}\\.[A-Za-z0-9_-]{44}";
    prop_oneof![
        vec(any::<u8>(), 0..300),
        vec(any::<u8>(), 113),
        "[A-Za-z0-9_.=+/-]{113}".prop_map(String::into_bytes),
        shape.prop_map(String::into_bytes),
        (shape, edits()).prop_map(|(text, edits)| edited(text.into_bytes(), &edits)),
    ]
}

fn near_id() -> impl Strategy<Value = String> {
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    prop_oneof![
        any::<String>(),
        "\\PC{24}",
        "[A-Za-z0-9_=+/-]{22,26}",
        ("[A-Za-z0-9_-]{24}", edits()).prop_map(move |(text, edits)| lossy(edited(text.into_bytes(), &edits))),
    ]
}

/// A few bytes changed, put in, or taken out.
fn edits() -> impl Strategy<Value = Vec<(Index, Option<u8>, bool)>> {
    vec((any::<Index>(), any::<Option<u8>>(), any::<bool>()), 0..4)
}

fn edited(mut text: Vec<u8>, edits: &[(Index, Option<u8>, bool)]) -> Vec<u8> {
    for (at, byte, replaced) in edits {
        let at = at.index(text.len());
        text.splice(at..at + usize::from(*replaced), *byte);
    }
    text
}
