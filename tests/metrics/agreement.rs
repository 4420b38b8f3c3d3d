//! Counters, snapshot and recorder are three readers of one count; none of them says who it was.

use std::sync::Arc;

use countersign::{KeyRing, MemoryStore, Reason, RefusalKind, Sessions, Whence};
use tokio::task::JoinSet;

use crate::{
    page::{page, recorder},
    support::{Browser, KEY, OTHER_KEY, app, minutes, seconds},
};

fn measured() -> Sessions {
    Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).metrics().build().unwrap()
}

#[tokio::test]
async fn the_recorder_the_snapshot_and_the_counters_agree() {
    let (recorder, handle) = recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let sessions = measured();
    let mut tasks = JoinSet::new();
    for user in 0..40 {
        let sessions = sessions.clone();
        tasks.spawn(async move {
            let routes = app(sessions.clone());
            let mut browser = Browser::new(&routes);
            browser.get("/me").await;
            browser.post(&format!("/login/user-{user}")).await;
            browser.post("/count").await;
            let token = browser.token().unwrap().to_owned();
            if user % 2 == 0 {
                browser.post("/logout").await;
                Browser::with_token(&routes, &token).get("/me").await;
            }
            Browser::with_token(&routes, "no token at all").get("/me").await;
        });
    }
    tasks.join_all().await;
    let (page, counters) = (page(&handle), sessions.counters());
    let snapshot = sessions.metrics().unwrap().snapshot().await.unwrap();
    let agree = |name: &str, snapshot: u64, counters: u64| {
        assert_eq!((snapshot as f64, counters as f64), (page[name].total(), page[name].total()), "{name}");
        assert!(snapshot > 0, "{name}");
    };
    let sum = |counts: &std::collections::BTreeMap<&str, u64>| counts.values().sum::<u64>();
    agree("countersign_sessions_created_total", snapshot.created, counters.started + counters.logged_in);
    agree("countersign_sessions_ended_total", sum(&snapshot.ended), counters.ended);
    agree("countersign_refusals_total", sum(&snapshot.refused), counters.refused.iter().sum());
    agree("countersign_denials_total", sum(&snapshot.denied), counters.denied);
    for (index, kind) in RefusalKind::ALL.iter().enumerate() {
        let on_the_page = page["countersign_refusals_total"].of("reason", kind.name());
        assert_eq!(
            (snapshot.refused[kind.name()], on_the_page as u64),
            (counters.refused[index], counters.refused[index])
        );
    }
    let creates = page["countersign_store_command_seconds"].samples.iter();
    let creates: f64 = creates
        .filter(|(labels, suffix, _)| suffix == "_count" && labels["verb"] == "create")
        .map(|(_, _, count)| count)
        .sum();
    assert_eq!(snapshot.store["create"].count as f64, creates);
    assert_eq!(snapshot.duration.count as f64, page["countersign_session_duration_seconds"].total());
    assert_eq!((snapshot.created, snapshot.created_today), (40, 40));
    assert_eq!(snapshot.live.unwrap().sessions, 20);
}

#[tokio::test(start_paused = true)]
async fn a_duration_is_that_of_the_session_and_created_today_ends_at_midnight() {
    let clock = countersign::Clock::manual(std::time::SystemTime::UNIX_EPOCH + seconds(86_400 * 20_000));
    let keys = KeyRing::new(KEY).unwrap();
    let sessions = Sessions::builder(keys, MemoryStore::new()).clock(clock.clone()).metrics().build().unwrap();
    let metrics = sessions.metrics().unwrap();
    for lived in [1, 2, 3, 4, 20] {
        let mut browser = Browser::new(&app(sessions.clone()));
        browser.post("/login/ada").await;
        clock.advance(minutes(lived));
        browser.post("/logout").await;
    }
    let spread = metrics.glance().duration;
    assert_eq!((spread.count, spread.mean, spread.max), (5, 360.0, 1_200.0));
    assert!((spread.p50 / 180.0 - 1.0).abs() < 0.04 && (spread.p99 / 1_200.0 - 1.0).abs() < 0.04, "{spread:?}");
    assert_eq!(metrics.glance().created_today, 5);
    clock.advance(minutes(24 * 60));
    assert_eq!(metrics.glance().created_today, 0);
    sessions.log_in("ada").await.unwrap();
    let census = metrics.count().await.unwrap();
    assert_eq!((metrics.glance().created_today, metrics.glance().created, census.created_today), (1, 6, 1));
    clock.advance(minutes(10));
    assert_eq!(metrics.count().await.unwrap().age.max, 600.0);
}

#[tokio::test]
async fn p12_no_metric_says_who_it_was() {
    let (recorder, handle) = recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let sessions = measured();
    let metrics = sessions.metrics().unwrap();
    let issued = sessions.log_in("ada@example.org").await.unwrap();
    let other = sessions.log_in("ada@example.org").await.unwrap();
    sessions.attempt_from("correct horse", Whence::default()).await.unwrap().refuse().await;
    let elsewhere = Sessions::new(KeyRing::new(OTHER_KEY).unwrap(), MemoryStore::new());
    let forged = elsewhere.log_in("eve@example.org").await.unwrap();
    assert!(sessions.authenticate(forged.token()).await.is_err());
    sessions.by("root").revoke(other.session_id(), Reason::ByOperator).await.unwrap();
    let text = handle.render();
    let snapshot = metrics.snapshot().await.unwrap();
    let said = format!("{text}{snapshot:?}{}{metrics:?}", serde_json::to_string(&snapshot).unwrap());
    let token = issued.token().reveal();
    let id = issued.session_id().to_string();
    let secrets = token.split('.').chain([id.as_str(), "ada@example.org", "eve@", "correct horse", "root"]);
    for secret in secrets {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    assert!(text.contains("reason=\"by_operator\""), "{text}");
}

#[tokio::test]
async fn without_being_asked_nothing_is_measured() {
    let (recorder, handle) = recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let sessions = Sessions::new(KeyRing::new(KEY).unwrap(), Arc::new(MemoryStore::new()));
    let issued = sessions.log_in("ada").await.unwrap();
    sessions.revoke(issued.session_id(), Reason::ByUser).await.unwrap();
    assert!(sessions.metrics().is_none());
    assert_eq!(handle.render(), "");
}

#[tokio::test]
async fn without_a_recorder_the_snapshot_is_there_all_the_same() {
    let sessions = measured();
    sessions.log_in("ada").await.unwrap();
    let snapshot = sessions.metrics().unwrap().snapshot().await.unwrap();
    let json = serde_json::to_value(&snapshot).unwrap();
    assert_eq!(
        (&json["live"]["sessions"], &json["live"]["users"], &json["created"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(json["store"]["create"]["count"], 1);
    assert_eq!(json["refused"]["forged"], 0);
}
