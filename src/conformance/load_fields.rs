//! What `load` promises about the fields of a record: all of them come back as they were.

use std::{net::IpAddr, time::Duration};

use super::{
    material::{NOW, after, equal, id_of, later, must, random, remove, secret, session, set, user},
    probe::Probe,
};
use crate::{
    record::{Change, Device, DeviceKind, Pending, Record, SecretStep},
    store::{Changed, SessionStore},
};

promises!(load:
    brings_back_what_log_in_gave,
    brings_back_every_kind_of_device,
    brings_back_values_of_any_bytes,
    brings_back_names_of_any_kind,
    brings_back_large_values,
    brings_back_the_neighbours_of_the_secret,
);

/// User, roles, device, address and the rest of what a log-in gives.
async fn brings_back_what_log_in_gave<S: SessionStore>(store: Probe<S>) {
    let device = Device {
        id: Some("d-1".into()),
        name: Some("Ada’s „Telefon“ 📱".into()),
        kind: DeviceKind::Phone,
        os: Some("iPhone".into()),
        browser: Some("Firefox 133".into()),
    };
    let addresses: [Option<IpAddr>; 3] =
        [Some([192, 0, 2, 1].into()), Some([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()), None];
    for address in addresses {
        let record = session(&user())
            .with_roles(["editor", "ärzte", "", "editor", "a,b"])
            .with_remembered(true)
            .with_origin(device.clone(), address);
        comes_back(&store, record).await;
    }
    comes_back(&store, session(&user()).with_roles(["reader"])).await;
    comes_back(&store, session(&user())).await;
}

/// Devices of which little is known; an empty name is not a missing one.
async fn brings_back_every_kind_of_device<S: SessionStore>(store: Probe<S>) {
    use DeviceKind::{Bot, Desktop, Phone, Tablet, Unknown};
    for kind in [Desktop, Phone, Tablet, Bot, Unknown] {
        let device = Device { id: Some("".into()), name: None, kind, os: Some("".into()), browser: None };
        comes_back(&store, session(&user()).with_origin(device, None)).await;
    }
}

/// A value is bytes, and none of them means anything: not zero, not a broken character, not nothing.
async fn brings_back_values_of_any_bytes<S: SessionStore>(store: Probe<S>) {
    let all: Vec<u8> = (0..=255).collect();
    let mut change = Change::new();
    for (name, value) in [
        ("empty", &b""[..]),
        ("zero", b"\0"),
        ("zeros", b"a\0b\0"),
        ("not utf-8", b"\xff\xfe\xc3"),
        ("json", b"{\"a\": [1, \"\\u0000\"]}"),
        ("spaces", b" \r\n\t "),
        ("quotes", b"'\";--`\\"),
        ("null", b"null"),
        ("all", &all),
    ] {
        change.set(name, value);
    }
    comes_back(&store, after(session(&user()), &change)).await;
    comes_back_changed(&store, &change).await;
}

/// A name is any text of up to 255 bytes; names that look alike are different.
async fn brings_back_names_of_any_kind<S: SessionStore>(store: Probe<S>) {
    let longest = "n".repeat(255);
    let wide = "🦀".repeat(63);
    let mut change = Change::new();
    for name in [
        "",
        " ",
        "a",
        "A",
        "a ",
        "a.b",
        "a.*",
        "a%",
        "a_",
        "a:b",
        "id",
        "user",
        "secret",
        "$.a[0]",
        "'",
        "\"",
        "\\",
        "naïve",
        "nai\u{308}ve",
        "Ελλάς",
        "名前",
        "🦀",
        "\u{202e}",
        &longest,
        &wide,
    ] {
        change.set(name, name.as_bytes());
    }
    comes_back(&store, after(session(&user()), &change)).await;
    comes_back_changed(&store, &change).await;
}

/// A megabyte in one field, and a quarter of it in many.
async fn brings_back_large_values<S: SessionStore>(store: Probe<S>) {
    comes_back(&store, after(session(&user()), &set("large", random::<4_096>().repeat(256)))).await;
    let mut change = Change::new();
    for field in 0..16 {
        change.set(&format!("field {field}"), random::<4_096>().repeat(4));
    }
    comes_back_changed(&store, &change).await;
}

/// A successor that was proposed, and a predecessor in its grace.
async fn brings_back_the_neighbours_of_the_secret<S: SessionStore>(store: Probe<S>) {
    let record = session(&user());
    let (first, second) = (secret(), secret());
    let mut propose = Change::new();
    propose.step(SecretStep::Propose { from: *record.secret(), pending: Pending { hash: first, nonce: random() } });
    let mut confirm = Change::new();
    confirm.step(SecretStep::Confirm { successor: first, at: later(7), grace: Duration::from_millis(30) });
    let mut again = Change::new();
    again.step(SecretStep::Propose { from: first, pending: Pending { hash: second, nonce: random() } });

    let id = store.keep(record.clone()).await.id();
    let mut expected = record;
    for change in [propose, confirm, again] {
        expected = after(expected, &change);
        store.change(id, &change, NOW).await;
        store.is_there("a record comes back with its secret's neighbours", &expected, NOW).await;
        comes_back(&store, under_another_id(&expected)).await;
    }
}

/// The same record as it would come out of another store: with all that has happened to it.
fn under_another_id(record: &Record) -> Record {
    let mut json = must("writing a record", serde_json::to_value(record));
    json["id"] = id_of(record.user()).to_string().into();
    must("reading a record", serde_json::from_value(json))
}

/// Keeps a record and finds it again, by load and by list.
async fn comes_back<S: SessionStore>(store: &Probe<S>, record: Record) {
    let record = store.keep(record).await;
    store.is_there("a record comes back as it was", &record, NOW).await;
    let user = record.user().unwrap_or_default();
    let listed = store.list(user, NOW).await;
    let found = listed.iter().find(|other| other.id() == record.id());
    equal("a record comes back as it was in a list, too", found.map(|found| &**found), Some(&record));
}

/// The same for attributes that come with a change, onto fields that are there and onto none.
async fn comes_back_changed<S: SessionStore>(store: &Probe<S>, change: &Change) {
    let mut expected = store.keep(session(&user())).await;
    for _ in 0..2 {
        expected = after(expected, change);
        let changed = store.change(expected.id(), change, NOW).await;
        equal("attributes come back as they were set", changed, Changed::Merged(expected.clone().into()));
        store.is_there("attributes come back as they were set", &expected, NOW).await;
    }
    for (name, _) in change.fields() {
        let one = remove(name);
        expected = after(expected, &one);
        let changed = store.change(expected.id(), &one, NOW).await;
        equal("removing one field removes it alone", changed, Changed::Merged(expected.clone().into()));
    }
    store.is_there("no field is left", &expected, NOW).await;
}
