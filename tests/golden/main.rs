//! The wire format and the stored format, frozen: vectors made by a second implementation
//! (`scripts/golden.py`). If one of these tests fails, whoever is logged in today would be logged
//! out by an update.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[rustfmt::skip]
mod vectors;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign::{
    Clock, Config, DeviceKind, KeyRing, Limit, MemoryStore, Record, RefusalKind, Sealed, SessionStore, Sessions,
    Standing, Token, WhenFull,
};
use vectors::{ANONYMOUS, Golden, HANDED_OUT, KEY, LONG_KEY, NEW_KEY, OF_A_USER, SEALED, TOKENS};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn sessions(keys: &str, audience: &str) -> Sessions {
    sessions_in(MemoryStore::new(), keys, audience)
}

fn sessions_in(store: impl SessionStore, keys: &str, audience: &str) -> Sessions {
    let mut config = Config::production();
    config.audience = audience.to_owned();
    let keys: KeyRing = keys.parse().unwrap();
    Sessions::builder(keys, store).config(config).clock(Clock::manual(at(1_860))).build().unwrap()
}

#[test]
fn every_golden_token_verifies() {
    for Golden { key, audience, session_id, token: text } in TOKENS {
        let token: Token = text.parse().unwrap();
        assert_eq!(token.id().to_string(), session_id);
        assert_eq!(*token.reveal(), text);
        assert_eq!(sessions(key, audience).verify(&token), Ok(()), "{text}");
    }
}

#[test]
fn with_any_part_changed_it_does_not() {
    for Golden { key, audience, token, .. } in TOKENS {
        let sessions = sessions(key, audience);
        for at in 0..token.len() {
            for other in ALPHABET.iter().filter(|other| **other != token.as_bytes()[at]) {
                let mut changed = token.as_bytes().to_vec();
                changed[at] = *other;
                // Some are no token at all: dots, and the spare bits of the secret's last character.
                if let Ok(changed) = Token::parse(&changed) {
                    assert_eq!(sessions.verify(&changed), Err(RefusalKind::Forged), "{at}: {other}");
                }
            }
        }
    }
}

#[test]
fn no_part_of_one_is_a_part_of_another() {
    for one in &TOKENS {
        for two in TOKENS.iter().filter(|two| two.token != one.token) {
            let (of_one, of_two): (Vec<_>, Vec<_>) = (one.token.split('.').collect(), two.token.split('.').collect());
            for part in 0..3 {
                let mut mixed = of_one.clone();
                mixed[part] = of_two[part];
                let mixed = mixed.join(".");
                let verified = sessions(one.key, one.audience).verify(&mixed.parse().unwrap());
                // Two that differ in one part alone may be each other.
                let is_known = [one, two].iter().any(|known| known.token == mixed && known.signs_like(one));
                assert_eq!(verified.is_ok(), is_known, "{mixed}");
            }
        }
    }
}

#[test]
fn a_token_is_good_for_its_key_and_its_audience_alone() {
    let rings = [KEY, NEW_KEY, LONG_KEY, &format!("{NEW_KEY},{KEY}"), &format!("{KEY},{NEW_KEY},{LONG_KEY}")];
    for ring in rings {
        for audience in ["", "shop", "shop-eu", "Größe", "grösse", "SHOP"] {
            let sessions = sessions(ring, audience);
            for golden in TOKENS {
                let is_ours = ring.split(',').any(|key| key == golden.key) && audience == golden.audience;
                let verified = sessions.verify(&golden.token.parse().unwrap());
                assert_eq!(verified, if is_ours { Ok(()) } else { Err(RefusalKind::Forged) });
            }
        }
    }
}

/// The record, the secret's hash, and the derivation of its successor, all at once.
#[tokio::test]
async fn a_stored_session_is_still_opened_by_its_token_and_by_the_successor_that_was_handed_out() {
    for (ring, comes, goes) in HANDED_OUT {
        let store = MemoryStore::new();
        let record = serde_json::from_str(OF_A_USER).unwrap();
        store.create(record, NO_LIMIT.into(), at(1_860).into()).await.unwrap();
        let sessions = sessions_in(store, &ring.join(","), "");

        let session = sessions.authenticate(&comes.parse().unwrap()).await.unwrap();
        assert_eq!((session.info().user(), session.info().get::<u32>("cart.17").unwrap()), ("ada", Some(2)));
        let handed_out = sessions.slide(&session).await.unwrap().unwrap();
        assert_eq!(*handed_out.token().reveal(), goes);
        sessions.authenticate(&goes.parse().unwrap()).await.unwrap();
    }
}

/// Its id, its record, its secrets' hashes, and its tokens.
#[cfg(feature = "service")]
#[tokio::test]
async fn a_registered_service_is_still_known_by_its_tokens() {
    let store = MemoryStore::new();
    let record: Record = serde_json::from_str(vectors::SERVICE).unwrap();
    assert_eq!(serde_json::to_string(&record).unwrap(), vectors::SERVICE);
    store.create(record, NO_LIMIT.into(), at(1_860).into()).await.unwrap();
    let services = sessions_in(store, KEY, "").services();
    assert_eq!(services.rotate("statistics", Duration::ZERO).await.unwrap_err().kind().status(), 404);
    assert!(services.list().await.unwrap()[0].is_rotating());
    for token in vectors::SERVICE_TOKENS {
        let service = services.authenticate(&token.parse().unwrap()).await.unwrap();
        assert_eq!((service.name(), service.permits("session.write")), ("orders", true));
    }
    let list = services.list().await.unwrap();
    assert_eq!((list.len(), list[0].is_rotating()), (1, false));
    assert!(services.revoke("orders").await.unwrap(), "by the same id");
}

/// Every value, and where the session is from: by the key that sealed it, in front of the ring or behind.
#[tokio::test]
async fn a_sealed_session_is_still_opened() {
    let (sealed, plain): (Record, Record) =
        (serde_json::from_str(SEALED).unwrap(), serde_json::from_str(OF_A_USER).unwrap());
    assert_eq!(serde_json::to_string(&sealed).unwrap(), SEALED);
    for (ring, opens) in [(KEY, true), (&format!("{NEW_KEY},{KEY}"), true), (NEW_KEY, false), (LONG_KEY, false)] {
        let store = MemoryStore::new();
        store.create(sealed.clone(), NO_LIMIT.into(), at(1_860).into()).await.unwrap();
        let store = Sealed::new(store, &ring.parse().unwrap());
        let read = store.load(sealed.id(), at(1_860).into()).await.unwrap().unwrap();
        assert_eq!((*read == plain, read.withheld().count()), (opens, if opens { 0 } else { 4 }), "{ring}");
    }
}

#[test]
fn a_stored_session_is_read_and_written_as_before() {
    for frozen in [ANONYMOUS, OF_A_USER] {
        let record: Record = serde_json::from_str(frozen).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), frozen);
    }
    let record: Record = serde_json::from_str(ANONYMOUS).unwrap();
    assert_eq!((record.user(), record.roles().count(), record.remembered()), (None, 0, false));
    assert_eq!(SystemTime::from(record.expires_at()), at(1_860));
    assert!(record.attributes().is_empty() && record.succession().pending().is_none());

    let record: Record = serde_json::from_str(OF_A_USER).unwrap();
    assert_eq!((record.user(), record.remembered()), (Some("ada"), true));
    assert_eq!(record.roles().collect::<Vec<_>>(), ["editor", "admin"]);
    let device = record.device();
    assert_eq!((device.to_string().as_str(), device.kind), ("Ada's phone", DeviceKind::Phone));
    assert_eq!((record.device_id(), device.os.as_deref()), (Some("d-17"), Some("iPhone")));
    assert_eq!(record.address(), Some("2001:db8::1".parse().unwrap()));
    assert_eq!(record.attributes().value("bytes"), Some(&[0, 255][..]));
    assert_eq!(record.attributes().value("größe"), Some(&b"\"XL\""[..]));
    let times = [record.created_at(), record.authenticated_at(), record.secret_since(), record.last_seen_at()];
    assert_eq!(times.map(SystemTime::from), [at(0), at(0), at(900), at(1_800)]);
    assert_eq!(SystemTime::from(record.expires_at()), at(1_800 + 1_209_600));
    assert_eq!(record.standing(record.secret(), record.last_seen_at()), Standing::Current);
    let pending = record.succession().pending().unwrap();
    assert_eq!(record.standing(&pending.hash, record.last_seen_at()), Standing::Successor);
    assert!(!record.is_expired(record.last_seen_at()));
}

impl Golden {
    fn signs_like(&self, other: &Self) -> bool {
        (self.key, self.audience) == (other.key, other.audience)
    }
}

/// So many seconds after the first of these sessions began.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
