use super::*;
use crate::{record::SessionId, token::FormKeys};

const KEY: &[u8] = b"first key of the tests, 32 bytes";
const OTHER: &[u8] = b"another key of the tests, longer";

fn keys(key: &[u8], audience: &str) -> DeviceKeys {
    DeviceKeys::new(&KeyRing::new(key).unwrap(), audience)
}

/// The token after these users have logged in, one after another.
fn after(keys: &DeviceKeys, users: &[&str]) -> DeviceToken {
    let log_in = |before, user: &&str| Some(DeviceToken::with(before, keys, user).unwrap());
    users.iter().fold(None, log_in).unwrap()
}

fn read(token: &DeviceToken, keys: &DeviceKeys) -> Option<DeviceToken> {
    DeviceToken::parse(token.reveal().as_bytes(), keys)
}

#[test]
fn who_has_logged_in_is_known_and_nobody_else() {
    let keys = keys(KEY, "");
    let token = read(&after(&keys, &["ada", "bob"]), &keys).unwrap();
    assert!(token.knows(&keys, "ada") && token.knows(&keys, "bob"));
    for stranger in ["", "Ada", "ada ", "adab", "eve"] {
        assert!(!token.knows(&keys, stranger), "{stranger}");
    }
}

#[test]
fn a_device_stays_itself_and_a_new_one_is_another() {
    let keys = keys(KEY, "");
    let (one, two) = (after(&keys, &["ada"]), after(&keys, &["ada"]));
    assert_ne!(one.id_text(), two.id_text());
    assert_eq!(one.id_text().len(), 22);
    let later = DeviceToken::with(read(&one, &keys), &keys, "bob").unwrap();
    assert_eq!(later.id_text(), one.id_text());

    // What one device says of a user says nothing on another.
    let moved = DeviceToken { tags: one.tags.clone(), ..two.clone() };
    assert!(!moved.knows(&keys, "ada"));
}

#[test]
fn a_log_in_again_is_no_second_user_and_of_seven_the_oldest_is_forgotten() {
    let keys = keys(KEY, "");
    let mut token = after(&keys, &["ada", "bob", "ada", "ada"]);
    assert_eq!(token.tags.len(), 2);
    for user in ["c", "d", "e", "f"] {
        token = DeviceToken::with(Some(token), &keys, user).unwrap();
    }
    assert!(token.tags.len() == MOST_USERS && token.knows(&keys, "bob"));
    token = read(&DeviceToken::with(Some(token), &keys, "g").unwrap(), &keys).unwrap();
    assert_eq!(token.tags.len(), MOST_USERS);
    assert!(!token.knows(&keys, "bob"), "it is longest ago that he was here");
    assert!(["ada", "c", "d", "e", "f", "g"].iter().all(|user| token.knows(&keys, user)));
}

#[test]
fn it_is_nothing_to_another_audience_or_key() {
    let token = after(&keys(KEY, "shop"), &["ada"]);
    assert!(read(&token, &keys(KEY, "shop")).is_some());
    assert!(read(&token, &keys(KEY, "shop2")).is_none());
    assert!(read(&token, &keys(OTHER, "shop")).is_none());
}

#[test]
fn a_rotation_of_keys_forgets_nobody_until_the_old_key_goes() {
    let rotated = DeviceKeys::new(&KeyRing::new(OTHER).unwrap().with_previous(KEY).unwrap(), "");
    let token = read(&after(&keys(KEY, ""), &["bob", "ada"]), &rotated).unwrap();
    assert!(token.knows(&rotated, "ada") && token.knows(&rotated, "bob"));

    let token = DeviceToken::with(Some(token), &rotated, "ada").unwrap();
    assert!(token.tags.len() == 2 && token.knows(&rotated, "ada") && token.knows(&rotated, "bob"));
    assert!(read(&token, &rotated).is_some());
    let token = read(&token, &keys(OTHER, "")).expect("the newest key has sealed it");
    assert!(token.knows(&keys(OTHER, ""), "ada") && !token.knows(&keys(OTHER, ""), "bob"));
}

#[test]
fn somebody_elses_token_knows_him_and_not_the_user_that_it_was_planted_on() {
    let keys = keys(KEY, "");
    let planted = after(&keys, &["eve"]);
    assert!(!planted.knows(&keys, "ada"));
    let after = DeviceToken::with(read(&planted, &keys), &keys, "ada").unwrap();
    assert!(after.knows(&keys, "ada"));
    assert!(!planted.knows(&keys, "ada"), "what eve holds knows no more than before");
}

#[test]
fn any_flipped_bit_is_refused() {
    let keys = keys(KEY, "");
    let token = after(&keys, &["ada", "bob"]);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.reveal()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let text = BASE64_URL_SAFE_NO_PAD.encode(forged);
        assert!(DeviceToken::parse(text.as_bytes(), &keys).is_none(), "bit {bit}");
    }
}

#[test]
fn every_other_length_and_spelling_is_refused() {
    let keys = keys(KEY, "");
    let id = [0xfb; BLOCK];
    for users in 0..=MOST_USERS + 1 {
        let tags: Vec<Block> = (0..users).map(|user| keys.tags_of(&id, &user.to_string())[0]).collect();
        let text = DeviceToken { seal: cut(keys.keys[0].seal_of(&id, &tags)), id, tags }.reveal();
        let is_read = |text: &str| DeviceToken::parse(text.as_bytes(), &keys).is_some();
        assert_eq!(is_read(&text), (1..=MOST_USERS).contains(&users), "{users}");
        assert!((0..text.len()).all(|end| !is_read(&text[..end])));
        let (head, last) = text.split_at(text.len() - 1);
        let next = char::from(last.as_bytes()[0] + 1);
        for other in [
            format!("{text}="),
            format!("{text}=="),
            format!("{text}A"),
            format!(" {text}"),
            text.replace('-', "+"),
            format!("{head}{next}"),
            "A".repeat(64 * 1024),
        ] {
            assert!(!is_read(&other), "{other}");
        }
    }
}

#[test]
fn it_is_no_form_token_and_no_form_token_is_a_device() {
    let ring = KeyRing::new(KEY).unwrap();
    let (forms, devices) = (FormKeys::new(&ring, ""), DeviceKeys::new(&ring, ""));
    let id = SessionId::new(None).unwrap();
    let token = after(&devices, &["ada"]).reveal();
    let form = forms.issue(id).unwrap();
    assert_eq!(token.len(), form.len());
    assert!(!forms.check(id, &token) && DeviceToken::parse(form.as_bytes(), &devices).is_none());
}

#[test]
fn the_format_is_what_a_second_implementation_makes_of_it() {
    let text = "RqeGcJM169WPulf7-5v5iwABAgMEBQYHCAkKCwwNDg-yc3JYHsZ7J3TTj3LfOZpp92SZZy3TsLaerBbNyQPZ9g";
    let keys = keys(KEY, "shop");
    let token = DeviceToken::parse(text.as_bytes(), &keys).unwrap();
    assert!(token.knows(&keys, "bob") && token.knows(&keys, "Zoë"));
    assert_eq!((token.id_text().as_str(), token.reveal().as_str()), ("AAECAwQFBgcICQoLDA0ODw", text));
}

#[test]
fn debug_shows_no_tag() {
    let keys = keys(KEY, "");
    let token = after(&keys, &["ada"]);
    assert_eq!(format!("{keys:?}"), "DeviceKeys(1 keys, redacted)");
    assert_eq!(format!("{token:?}"), format!("DeviceToken({}, 1 users, redacted)", token.id_text()));
}
