//! What `revoke_user` and `revoke_device` promise.

use super::{
    material::{IDLE, NOW, anonymous, equal, holds, id_of, ids, later, session, session_at, sorted, touch, user},
    probe::Probe,
};
use crate::{
    record::{Device, Record},
    store::SessionStore,
};

promises!(revoke_user:
    ends_all_sessions_of_a_user,
    ends_all_but_one,
    spares_nobody_elses_session,
    names_those_that_were_alive,
    leaves_the_user_free_to_log_in_again,
    ends_the_sessions_on_a_device,
    ends_no_session_without_a_device,
    names_those_on_a_device_that_were_alive,
);

/// All of them, and it says which; a second time there is nothing to say.
async fn ends_all_sessions_of_a_user<S: SessionStore>(store: Probe<S>) {
    for number in [0, 1, 2, 20] {
        let ada = user();
        let all = store.keep_all((0..number).map(|_| session(&ada))).await;
        let bystanders = [store.keep(session(&user())).await, store.keep(anonymous()).await];
        equal("all are named", sorted(store.revoke_user(&ada, None, NOW).await), ids(&all));
        for record in &all {
            store.is_gone("a revoked session is absent", record.id(), NOW).await;
        }
        equal("none is listed", store.ids(&ada, NOW).await, []);
        equal("a second time there is none", store.revoke_user(&ada, None, NOW).await, []);
        for record in &bystanders {
            store.is_there("whoever else is there lives on", record, NOW).await;
        }
    }
}

/// The one from which the others are ended stays, as it was.
async fn ends_all_but_one<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut all = store.keep_all((0..5).map(|_| session(&ada))).await;
    let spared = all.swap_remove(2);
    for expected in [ids(&all), vec![]] {
        let ended = store.revoke_user(&ada, Some(spared.id()), NOW).await;
        equal("all others are named", sorted(ended), expected);
        equal("one is listed", store.ids(&ada, NOW).await, [spared.id()]);
        store.is_there("the one that is spared lives on", &spared, NOW).await;
    }
}

/// To spare an id that is not the user's spares none of his, and does not touch that one.
async fn spares_nobody_elses_session<S: SessionStore>(store: Probe<S>) {
    let hers = store.keep(session(&user())).await;
    for except in [hers.id(), id_of(None)] {
        let ada = user();
        let all = store.keep_all([session(&ada), session(&ada)]).await;
        equal("all are named", sorted(store.revoke_user(&ada, Some(except), NOW).await), ids(&all));
    }
    store.is_there("another user's session lives on", &hers, NOW).await;
}

/// What had ended before is not named.
async fn names_those_that_were_alive<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep_all([session(&ada), session(&ada), session(&ada)]).await;
    let young = store.keep(session_at(&ada, later(IDLE))).await;
    store.change(old[1].id(), &touch(later(IDLE - 1)), later(IDLE - 1)).await;
    store.revoke(old[2].id(), NOW).await;
    let ended = store.revoke_user(&ada, None, later(IDLE)).await;
    equal("those are named that were alive", sorted(ended), ids(&[old[1].clone(), young]));
}

/// It ends sessions, not the user.
async fn leaves_the_user_free_to_log_in_again<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    store.keep(session(&ada)).await;
    store.revoke_user(&ada, None, NOW).await;
    let new = store.keep(session(&ada)).await;
    store.is_there("a later session lives", &new, NOW).await;
    equal("and it is listed", store.ids(&ada, NOW).await, [new.id()]);
}

/// The user's sessions on that device, to the letter of its id; nobody else's on the same device.
async fn ends_the_sessions_on_a_device<S: SessionStore>(store: Probe<S>) {
    let (ada, eve) = (user(), user());
    let names = ["laptop", "Laptop", "lap", "laptop ", "lap%", "l_ptop", "", "'", "💻"];
    let mut all = Vec::new();
    for name in names {
        all.push(store.keep_all([on(&ada, name), on(&ada, name)]).await);
    }
    let hers = store.keep_all(names.map(|name| on(&eve, name))).await;
    equal("nobody has this device", store.revoke_device(&ada, "desk", NOW).await, []);
    for (name, on_it) in names.iter().zip(&all) {
        let before = store.ids(&ada, NOW).await;
        let ended = sorted(store.revoke_device(&ada, name, NOW).await);
        equal("the sessions on the device are named", &ended, &ids(on_it));
        for id in &ended {
            store.is_gone("a revoked session is absent", *id, NOW).await;
        }
        let rest: Vec<_> = before.into_iter().filter(|id| !ended.contains(id)).collect();
        equal("sessions on other devices live on", store.ids(&ada, NOW).await, rest);
        equal("a second time there is none", store.revoke_device(&ada, name, NOW).await, []);
    }
    for record in &hers {
        store.is_there("another user's sessions on such a device live on", record, NOW).await;
    }
}

/// A session without a device is on none, and an anonymous one is no user's.
async fn ends_no_session_without_a_device<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let nameless = session(&ada).with_origin(Device { name: Some("laptop".into()), ..Device::default() }, None);
    let nobodys = anonymous().with_origin(device("laptop"), None);
    let spared = store.keep_all([session(&ada), nameless, nobodys]).await;
    let ended = store.keep_all([on(&ada, ""), on(&ada, "laptop")]).await;
    for (name, expected) in ["", "laptop"].iter().zip(&ended) {
        let revoked = store.revoke_device(&ada, name, NOW).await;
        equal("the session on the device is named", revoked, [expected.id()]);
    }
    for record in &spared {
        store.is_there("a session that is on no such device lives on", record, NOW).await;
    }
}

/// What had ended before is not named.
async fn names_those_on_a_device_that_were_alive<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep_all([on(&ada, "laptop"), on(&ada, "laptop")]).await;
    store.change(old[1].id(), &touch(later(IDLE - 1)), later(IDLE - 1)).await;
    let ended = store.revoke_device(&ada, "laptop", later(IDLE)).await;
    equal("the one that was alive is named", ended, [old[1].id()]);
    holds("none is left", store.list(&ada, later(IDLE)).await.is_empty());
}

fn on(user: &str, name: &str) -> Record {
    session(user).with_origin(device(name), None)
}

fn device(id: &str) -> Device {
    Device { id: Some(id.into()), ..Device::default() }
}
