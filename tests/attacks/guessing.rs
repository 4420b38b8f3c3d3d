//! Brute force (G9, R-09, C-08, C-09): guesses by the hundred, from everywhere, at every node.

use std::time::Duration;

use countersign::{ErrorKind, Reason, SessionId};
use http::{Method, StatusCode};

use crate::{
    site::{ask, site},
    support::{Backend, Browser, Reply, World, on_every_store},
};

async fn world(backend: Backend) -> World {
    World::with(backend, |config| {
        config.throttle.answer_after = Duration::ZERO;
        config.throttle.network.free = 10;
    })
    .await
}

/// Whether a password was looked at.
fn was_checked(reply: &Reply) -> bool {
    match reply.status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::TOO_MANY_REQUESTS => {
            assert!(reply.header(http::header::RETRY_AFTER).is_some(), "U-06");
            false
        }
        other => panic!("{other}: {}", reply.body),
    }
}

#[tokio::test]
async fn guesses_spread_over_addresses_and_nodes_are_counted_for_the_account() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let nodes = [site(world.sessions.clone()), site(world.node().await)];
        let mut checked = 0;
        for number in 0..12 {
            let address = format!("198.51.{number}.9");
            let browser = Browser::new(&nodes[number % 2]);
            let reply = ask(&browser, Method::POST, "/guess/ada/wrong", Some(&address), &[]).await;
            checked += usize::from(was_checked(&reply));
        }
        assert_eq!(checked, 5);
    })
    .await;
}

#[tokio::test]
async fn guesses_spread_over_accounts_are_counted_for_the_network() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let site = site(world.sessions.clone());
        for network in ["203.0.113.", "2001:db8:1:2::"] {
            let mut checked = 0;
            for number in 1..16 {
                let (path, address) = (format!("/guess/user-{number}/wrong"), format!("{network}{number}"));
                let reply = ask(&Browser::new(&site), Method::POST, &path, Some(&address), &[]).await;
                checked += usize::from(was_checked(&reply));
            }
            assert_eq!(checked, 10, "{network}");
        }
        let elsewhere = ask(&Browser::new(&site), Method::POST, "/guess/ada/right", Some("192.0.2.1"), &[]).await;
        assert_eq!(elsewhere.status, StatusCode::OK, "others are not slowed down by it");
    })
    .await;
}

#[tokio::test]
async fn of_200_at_once_exactly_the_free_ones_are_checked() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let nodes = [site(world.sessions.clone()), site(world.node().await)];
        let guesses = (0..200).map(|number| {
            let browser = Browser::new(&nodes[number % 2]);
            async move { was_checked(&browser.ask(browser.request(Method::POST, "/guess/ada/wrong")).await) }
        });
        let checked = futures_util::future::join_all(guesses).await.into_iter().filter(|checked| *checked).count();
        assert_eq!(checked, 5);
    })
    .await;
}

/// 6.1.1: the counterpart. Nobody locks a user out of the device that he uses.
#[tokio::test]
async fn the_user_on_his_device_gets_in_meanwhile() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let site = site(world.sessions.clone());
        let mut owner = Browser::new(&site);
        owner.post("/guess/ada/right").await;
        owner.post("/logout").await;
        let stranger = Browser::new(&site);
        for _ in 0..8 {
            ask(&stranger, Method::POST, "/guess/ada/wrong", None, &[]).await;
        }
        let locked = ask(&stranger, Method::POST, "/guess/ada/right", None, &[]).await;
        assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS, "not even with the right one");
        assert_eq!(owner.post("/guess/ada/right").await.status, StatusCode::OK);

        // His device cookie alone, stolen, lets nobody in: it stands for no password.
        let mut thief = owner.clone();
        thief.forget_session();
        assert_eq!(thief.get("/me").await.status, StatusCode::UNAUTHORIZED);
        let guesses = [thief.post("/guess/ada/wrong").await, thief.post("/guess/ada/wrong").await];
        assert!(guesses.iter().all(was_checked), "he has a count of his own there");
    })
    .await;
}

/// Login CSRF against the count: a page elsewhere, by the victim's own browser, device cookie and all.
#[tokio::test]
async fn what_another_site_makes_a_browser_try_counts_against_nobody() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let browser = Browser::new(&site);
    for _ in 0..20 {
        let foreign = [("sec-fetch-site", "cross-site")];
        let reply = ask(&browser, Method::POST, "/guess/ada/wrong", None, &foreign).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    }
    assert_eq!(ask(&browser, Method::POST, "/guess/ada/right", None, &[]).await.status, StatusCode::OK);
}

/// N-04: who has stolen the device cookie has the guesses of one device for its user, on however many nodes, and none for others.
#[tokio::test]
async fn a_stolen_device_cookie_is_worth_one_devices_guesses() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let nodes = [site(world.sessions.clone()), site(world.node().await)];
        let log_in = Browser::new(&nodes[0]).post("/guess/ada/right").await;
        let stolen = log_in.device_cookie().unwrap().split(';').next().unwrap().to_owned();
        for (user, expected) in [("ada", 5), ("grace", 0)] {
            let path = format!("/guess/{user}/wrong");
            if expected == 0 {
                for _ in 0..5 {
                    ask(&Browser::new(&nodes[0]), Method::POST, &path, None, &[]).await;
                }
            }
            let guesses = (0..60).map(|number| {
                let (browser, cookie, path) = (Browser::new(&nodes[number % 2]), &stolen, &path);
                async move { was_checked(&ask(&browser, Method::POST, path, None, &[("cookie", cookie)]).await) }
            });
            let checked = futures_util::future::join_all(guesses).await.into_iter().filter(|checked| *checked).count();
            assert_eq!(checked, expected, "{backend:?} {user}");
        }
        let elsewhere = ask(&Browser::new(&nodes[1]), Method::POST, "/guess/ada/right", None, &[]).await;
        assert_eq!(
            elsewhere.status,
            StatusCode::OK,
            "and the user, who knows his password, gets in without the device"
        );
    })
    .await;
}

/// 6.1.1, N-21: after most_failures nothing but a person helps, and he helps the one whom he names.
#[tokio::test]
async fn an_unlocked_account_is_open_and_its_neighbour_is_not() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| {
            config.throttle.answer_after = Duration::ZERO;
            config.throttle.most_failures = 6;
        })
        .await;
        let site = site(world.sessions.clone());
        for user in ["ada", "grace"] {
            for _ in 0..6 {
                Browser::new(&site).post(&format!("/guess/{user}/wrong")).await;
                world.pass(world.config.throttle.account.longest_delay);
            }
        }
        let statuses = async || {
            let of = async |user: &str| Browser::new(&site).post(&format!("/guess/{user}/right")).await.status.as_u16();
            [of("ada").await, of("grace").await]
        };
        world.pass(Duration::from_secs(60 * 60 * 24 * 30));
        assert_eq!(statuses().await, [429, 429], "{backend:?}: no time heals it");
        for name in ["Ada", "ada ", "gra"] {
            world.sessions.unlock(name).await.unwrap();
        }
        assert_eq!(statuses().await, [429, 429]);
        world.sessions.unlock("ada").await.unwrap();
        assert_eq!(statuses().await, [200, 429]);
    })
    .await;
}

/// Anybody can compute under which name an account's attempts are counted. It is no user's, and no verb takes it for one.
#[tokio::test]
async fn a_count_is_neither_shown_nor_cleared_by_its_name() {
    let world = world(Backend::Memory).await;
    let site = site(world.sessions.clone());
    for _ in 0..5 {
        Browser::new(&site).post("/guess/ada/wrong").await;
    }
    let mut message = Vec::new();
    for part in ["account", "ada"] {
        message.extend((part.len() as u64).to_be_bytes());
        message.extend(part.as_bytes());
    }
    let hash = ring::digest::digest(&ring::digest::SHA256, &message);
    let holder: String = hash.as_ref().iter().fold("\u{1}".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(world.held_by(&holder).await, 1, "this is its name");

    let (sessions, id) = (&world.sessions, SessionId::new(None).unwrap());
    let refused = [
        sessions.list(&holder).await.map(drop),
        sessions.revoke_user(&holder, Reason::LoggedOut).await.map(drop),
        sessions.revoke_others(&holder, id, Reason::LoggedOut).await.map(drop),
        sessions.revoke_older_than(&holder, std::time::SystemTime::now(), Reason::LoggedOut).await.map(drop),
        sessions.revoke_device(&holder, "laptop", Reason::LoggedOut).await.map(drop),
    ];
    for answer in refused {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::InvalidName);
    }
    let guess = Browser::new(&site).post("/guess/ada/right").await;
    assert_eq!(guess.status, StatusCode::TOO_MANY_REQUESTS);
}
