use std::time::Duration;

use super::*;
use crate::config::Bounds;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn hash(byte: u8) -> SecretHash {
    SecretHash::from_bytes([byte; 32])
}

fn record() -> Record {
    let lifetime = Lifetime::new(Duration::from_millis(100), Duration::from_millis(1_000));
    Record::new(SessionId::from_bytes([1; 18]), hash(1), lifetime, at(0))
}

fn touch(record: &mut Record, millis: u64) {
    let mut change = Change::new();
    change.touch(at(millis));
    record.apply(&change).unwrap();
}

#[test]
fn the_idle_window_ends_exactly_at_its_last_millisecond() {
    let record = record();
    assert!(!record.is_expired(at(99)));
    assert!(record.is_expired(at(100)));
}

#[test]
fn no_touch_moves_the_absolute_limit_and_none_moves_time_backwards() {
    let mut record = record();
    for now in (50..1_000).step_by(50) {
        touch(&mut record, now);
    }
    assert_eq!(record.expires_at(), at(1_000));
    touch(&mut record, 10);
    assert_eq!(record.last_seen_at(), at(950));
}

#[test]
fn a_refused_change_leaves_the_record_as_it_was() {
    let mut record = record();
    let mut change = Change::new();
    change.set("name", *b"\"ada\"");
    record.apply(&change).unwrap();
    let before = record.clone();

    let mut change = Change::new();
    change.set("other", *b"1");
    change.add("name", 1).unwrap();
    change.touch(at(50));
    assert_eq!(record.apply(&change), Err(ChangeRefused::NotAnInteger("name".into())));
    assert_eq!(record, before);
}

#[test]
fn bounds_refuse_growth_but_never_shrinking() {
    let mut record = record();
    let mut change = Change::new();
    for name in ["a", "b", "c"] {
        change.set(name, vec![0; 10]);
    }
    record.apply(&change).unwrap();
    let bounds = Bounds { fields: 2, bytes: 20, name: 8 };

    let mut grow = Change::new().within(bounds);
    grow.set("d", *b"");
    assert_eq!(record.apply(&grow), Err(ChangeRefused::TooManyFields { most: 2 }));
    let mut grow = Change::new().within(bounds);
    grow.set("a", vec![0; 11]);
    assert_eq!(record.apply(&grow), Err(ChangeRefused::TooLarge { bytes: 34, most: 20 }));

    let mut shrink = Change::new().within(bounds);
    shrink.set("a", *b"");
    record.apply(&shrink).unwrap();
    assert_eq!(record.attributes().bytes(), 23);
}

#[test]
fn increments_count_from_nothing_and_stop_at_64_bits() {
    let mut record = record();
    let mut change = Change::new();
    change.add("n", 2).unwrap();
    change.add("n", 3).unwrap();
    record.apply(&change).unwrap();
    assert_eq!(record.attributes().value("n"), Some(&b"5"[..]));

    let mut change = Change::new();
    change.add("n", i64::MAX).unwrap();
    assert!(change.add("n", 1).is_err());
    assert_eq!(record.apply(&change), Err(ChangeRefused::Overflow("n".into())));
}

#[test]
fn a_rotation_is_final_with_the_first_use_of_the_successor() {
    let mut record = record();
    let pending = Pending { hash: hash(2), nonce: [0; 16] };
    let propose = |from, pending| {
        let mut change = Change::new();
        change.step(SecretStep::Propose { from, pending });
        change
    };
    record.apply(&propose(hash(9), pending)).unwrap();
    assert_eq!(record.succession().pending(), None, "only the current secret may propose");
    record.apply(&propose(hash(1), pending)).unwrap();
    record.apply(&propose(hash(1), Pending { hash: hash(3), nonce: [1; 16] })).unwrap();
    assert_eq!(record.succession().pending(), Some(&pending), "one successor at a time");
    assert_eq!(record.standing(&hash(1), at(99)), Standing::Current);
    assert_eq!(record.standing(&hash(2), at(99)), Standing::Successor);
    assert_eq!(record.standing(&hash(3), at(99)), Standing::Unknown);

    let mut confirm = Change::new();
    confirm.step(SecretStep::Confirm { successor: hash(2), at: at(50), grace: Duration::from_millis(10) });
    record.apply(&confirm).unwrap();
    record.apply(&confirm).unwrap();
    assert_eq!(record.standing(&hash(2), at(59)), Standing::Current);
    assert_eq!(record.standing(&hash(1), at(59)), Standing::Graced);
    assert_eq!(record.standing(&hash(1), at(60)), Standing::Reused);
    assert_eq!(record.secret_since(), at(50));
}

#[test]
fn a_replacement_inherits_what_is_to_be_kept_and_keeps_its_own() {
    let mut old = record();
    let mut change = Change::new();
    change.set("cart.1", *b"2");
    change.set("planted", *b"\"x\"");
    old.apply(&change).unwrap();

    let mut new = record().with_user("ada");
    new.inherit(&old, &Keep::Nothing);
    assert!(new.attributes().is_empty());
    new.inherit(&old, &Keep::Prefixes(vec!["cart.".into()]));
    assert_eq!(new.attributes().iter().collect::<Vec<_>>(), [("cart.1", &b"2"[..])]);
    new.inherit(&old, &Keep::Everything);
    assert_eq!(new.attributes().len(), 2);
}

#[test]
fn what_a_suspended_session_has_is_inherited_by_its_user_alone() {
    let first_factor = |user: &str| {
        let first = FirstFactor {
            user: user.into(),
            epoch: 0,
            factors: vec![],
            roles: vec![],
            remembered: false,
            keep: vec![],
        };
        record().with_authentication(Authentication { first_factor: Some(first.into()), ..Authentication::default() })
    };
    let mut change = Change::new();
    change.set("cart.1", *b"2");
    let suspending = {
        let mut change = change.clone();
        change.set(STEP_UP, *b"1");
        change
    };
    let ada = || record().with_user("ada");
    for (old, heir, is_his) in [
        (ada(), ada(), true),
        (ada(), first_factor("ada"), true),
        (first_factor("ada"), ada(), true),
        (ada(), record().with_user("eve"), false),
        (ada(), first_factor("eve"), false),
        (ada(), record(), false),
        (record(), ada(), false),
        (record(), record(), false),
    ] {
        for (change, is_kept) in [(&change, true), (&suspending, is_his)] {
            let (mut old, mut heir) = (old.clone(), heir.clone());
            old.apply(change).unwrap();
            heir.inherit(&old, &Keep::Prefixes(vec!["cart.".into()]));
            assert_eq!(heir.attributes().value("cart.1").is_some(), is_kept, "{old:?} {heir:?}");
        }
    }
}

#[test]
fn a_record_goes_through_json_unchanged() {
    let mut record = record().with_user("ada").with_roles(["editor"]).with_remembered(true);
    let mut change = Change::new();
    change.set("bytes", vec![0, 255]);
    change.step(SecretStep::Propose { from: hash(1), pending: Pending { hash: hash(2), nonce: [3; 16] } });
    record.apply(&change).unwrap();
    let device = Device { name: Some("phone".into()), ..Device::default() };
    let record = record.with_origin(device, Some([127, 0, 0, 1].into()));

    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    assert!(!json.contains("[1,1,1"), "{json}");
}

#[test]
fn debug_shows_no_value_and_no_hash() {
    let mut record = record();
    let mut change = Change::new();
    change.set("iban", *b"\"DE02120300000000202051\"");
    record.apply(&change).unwrap();
    let shown = format!("{record:?} {change:?}");
    assert!(shown.contains("iban") && !shown.contains("DE02") && !shown.contains("[1, 1"), "{shown}");
}

#[test]
fn a_name_that_cannot_be_packed_is_refused_and_nothing_is_lost() {
    let mut record = record();
    let mut change = Change::new();
    change.set("fits", *b"1");
    change.set(&"x".repeat(256), *b"1");
    assert!(matches!(record.apply(&change), Err(ChangeRefused::NameTooLong(name)) if name.len() == 256));
    assert!(record.attributes().is_empty());
}

/// A million of them are kept in memory: what few sessions have is boxed.
#[test]
fn a_record_is_small() {
    assert_eq!(size_of::<Record>(), 144);
}
