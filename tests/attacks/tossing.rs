//! Cookie tossing: a page on a sibling sub-domain sets cookies for the whole site.

use http::{Method, StatusCode, header};

use crate::{
    site::{ask, site},
    support::{Backend, Browser, World, on_every_store},
};

/// C-01: a name that a browser takes for an ordinary one, and a careless server for ours.
#[tokio::test]
async fn a_name_that_browsers_let_a_sibling_set_is_not_ours() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let mallory = world.sessions.log_in("mallory").await.unwrap().token().reveal().to_string();
    let mut victim = Browser::new(&site);
    victim.post("/login/ada").await;
    for name in [
        "__%48ost-sid",
        "__Host%2Dsid",
        "__host-sid",
        "__HOST-sid",
        "\u{a0}__Host-sid",
        "__Host-sid\u{2003}",
        "\"__Host-sid\"",
        "sid",
    ] {
        let tossed = format!("{name}={mallory}");
        let alone = ask(&Browser::new(&site), Method::GET, "/peek", None, &[("cookie", &tossed)]).await;
        assert_eq!(alone.body, "nobody", "{name}");
        let beside = ask(&victim, Method::GET, "/peek", None, &[("cookie", &tossed)]).await;
        assert_eq!(beside.body, "ada", "{name}");
        let own = format!("__Host-sid={}", victim.token().unwrap());
        for one_header in [format!("{tossed}; {own}"), format!("{own}; {tossed}"), format!("{tossed};{own}")] {
            let reply = ask(&Browser::new(&site), Method::GET, "/peek", None, &[("cookie", &one_header)]).await;
            assert_eq!(reply.body, "ada", "{one_header:?}");
        }
    }
}

/// C-02, K-12: a cookie of our very name, by `Domain` and `Path`, before or after the genuine one, in one header or several.
#[tokio::test]
async fn of_two_cookies_of_our_name_exactly_one_has_to_be_genuine() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let ada = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
        let mallory = world.sessions.log_in("mallory").await.unwrap().token().reveal().to_string();
        let other_letter = if &mallory[3..4] == "A" { "B" } else { "A" };
        let forged = format!("{}{other_letter}{}", &mallory[..3], &mallory[4..]);
        for (other, outcome) in
            [(mallory.as_str(), "nobody"), (&forged, "ada"), ("x", "ada"), ("", "ada"), (&ada, "ada")]
        {
            for (one, two) in [(ada.as_str(), other), (other, ada.as_str())] {
                let (one, two) = (format!("__Host-sid={one}"), format!("__Host-sid={two}"));
                let joined = format!("{one}; {two}");
                let nobody = Browser::new(&site);
                assert_eq!(ask(&nobody, Method::GET, "/peek", None, &[("cookie", &joined)]).await.body, outcome);
                let split = [("cookie", one.as_str()), ("cookie", &two)];
                assert_eq!(ask(&nobody, Method::GET, "/peek", None, &split).await.body, outcome);
            }
        }
    })
    .await;
}

/// C-02: the attacker tosses his own device cookie, to be taken for somebody who is known, or to make the victim unknown.
#[tokio::test]
async fn a_tossed_device_cookie_knows_nobody_else() {
    let world = World::with(Backend::Memory, |config| config.throttle.answer_after = std::time::Duration::ZERO).await;
    let site = site(world.sessions.clone());
    let mut attacker = Browser::new(&site);
    let device =
        attacker.post("/guess/mallory/right").await.device_cookie().unwrap().split(';').next().unwrap().to_owned();
    attacker.post("/logout").await;
    for _ in 0..5 {
        attacker.post("/guess/ada/wrong").await;
    }
    assert_eq!(
        attacker.post("/guess/ada/right").await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "mallory's device is not ada's"
    );

    let mut victim = Browser::new(&site);
    world.sessions.unlock("ada").await.unwrap();
    victim.post("/guess/ada/right").await;
    victim.post("/logout").await;
    // Two genuine ones: neither counts, and she logs in as on a new device.
    let both = ask(&victim, Method::POST, "/guess/ada/right", None, &[("cookie", &device)]).await;
    assert_eq!((both.status, both.header(header::SET_COOKIE).is_some()), (StatusCode::OK, true));
}

/// C-02, K-12: the same of the device cookie, in one header or several.
#[tokio::test]
async fn of_two_device_cookies_exactly_one_has_to_be_genuine() {
    let world = World::with(Backend::Memory, |config| {
        config.throttle.answer_after = std::time::Duration::ZERO;
        config.throttle.account.free = 1;
    })
    .await;
    let site = site(world.sessions.clone());
    let known = async |user: &str| {
        let reply = Browser::new(&site).post(&format!("/guess/{user}/right")).await;
        reply.device_cookie().unwrap().split(';').next().unwrap().to_owned()
    };
    let (ada, mallory) = (known("ada").await, known("mallory").await);
    let other_letter = if ada.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{other_letter}", &ada[..ada.len() - 1]);
    for (other, known) in [
        ("__Host-did=x", true),
        ("__Host-did=", true),
        (forged.as_str(), true),
        (&mallory.replace("__Host-", "__%48ost-"), true),
        (&mallory.replace("__Host-", "__host-"), true),
        (&ada, true),
        (&mallory, false),
    ] {
        for (one, two) in [(ada.as_str(), other), (other, ada.as_str())] {
            let joined = format!("{one}; {two}");
            for cookies in [&[("cookie", joined.as_str())][..], &[("cookie", one), ("cookie", two)]] {
                // A stranger has used up what is free for those who are not known.
                ask(&Browser::new(&site), Method::POST, "/guess/ada/wrong", None, &[]).await;
                let reply = ask(&Browser::new(&site), Method::POST, "/guess/ada/right", None, cookies).await;
                let expected = if known { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
                assert_eq!(reply.status, expected, "{cookies:?}");
            }
        }
    }
}

/// The victim has none yet, and takes the attacker's for his own. What he is known by then is in his browser alone.
#[tokio::test]
async fn a_device_cookie_that_is_planted_before_the_first_log_in_teaches_its_planter_nothing() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| {
            config.throttle.answer_after = std::time::Duration::ZERO;
            config.throttle.account.free = 1;
        })
        .await;
        let site = site(world.sessions.clone());
        let mut attacker = Browser::new(&site);
        let log_in = attacker.post("/guess/mallory/right").await;
        let planted = log_in.device_cookie().unwrap().split(';').next().unwrap().to_owned();
        attacker.post("/logout").await;

        let mut victim = Browser::new(&site);
        let log_in = ask(&victim, Method::POST, "/guess/ada/right", None, &[("cookie", &planted)]).await;
        victim.keep_all(&log_in);
        victim.forget_session();
        ask(&Browser::new(&site), Method::POST, "/guess/ada/wrong", None, &[]).await;
        assert_eq!(attacker.post("/guess/ada/right").await.status, StatusCode::TOO_MANY_REQUESTS, "not known there");
        assert_eq!(victim.post("/guess/ada/right").await.status, StatusCode::OK, "and known here");
        // Nor can he end by it what is the victim's.
        let device = world.sessions.list("ada").await.unwrap()[0].device().id.clone().unwrap();
        let ended = world.sessions.revoke_device("mallory", &device, countersign::Reason::ByUser).await.unwrap();
        assert!(ended.is_empty());
        assert_eq!(victim.get("/me").await.body, "ada");
    })
    .await;
}
