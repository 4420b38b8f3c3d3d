//! Several sessions by name.

use countersign::client::{ClientSessions, UserInfo};

use crate::support::{Place, clock, minutes, start, tokens};

#[tokio::test]
async fn sessions_are_held_by_name_and_nothing_of_one_reaches_another() {
    let clock = clock();
    let sessions = ClientSessions::new();
    let places = [Place::default(), Place::default()];
    for (name, place) in ["trading", "monitoring"].into_iter().zip(&places) {
        let session = place.session(&clock);
        session.log_in(tokens(name)).user(UserInfo::new(name)).await.unwrap();
        assert!(sessions.insert(name, session).is_none());
    }
    assert_eq!(sessions.names(), ["monitoring", "trading"]);
    assert_eq!(sessions.active_name().as_deref(), Some("trading"), "the first one");
    assert_eq!(places[1].json()["access_token"], "monitoring");

    sessions.active().unwrap().clear().await.unwrap();
    assert!(places[0].is_empty());
    assert!(sessions.get("monitoring").unwrap().is_valid());
    assert_eq!(places[1].json()["user"]["id"], "monitoring");
}

#[tokio::test]
async fn switching_holds_for_all_clones_and_names_what_there_is() {
    let sessions = ClientSessions::new();
    assert_eq!(sessions.switch("a").unwrap_err().to_string(), "there is no session `a`, and no other");
    sessions.insert("a", Place::default().session(&clock()));
    sessions.insert("b", Place::default().session(&clock()));
    sessions.clone().switch("b").unwrap();
    assert_eq!(sessions.active_name().as_deref(), Some("b"));
    assert_eq!(sessions.switch("c").unwrap_err().known(), ["a", "b"]);
    assert_eq!(sessions.active_name().as_deref(), Some("b"));
    assert!(sessions.remove("b").is_some() && sessions.active().is_none());
    assert!(sessions.remove("b").is_none());
}

#[tokio::test]
async fn clean_up_ends_what_is_dead_and_nothing_else() {
    let clock = clock();
    let sessions = ClientSessions::new();
    let dead = Place::default();
    let lifetimes = [("dead", &dead, 10), ("failing", &Place::default(), 10), ("alive", &Place::default(), 120)];
    for (name, place, lifetime) in lifetimes {
        let session = place.session(&clock);
        session.log_in(tokens(name).with_lifetime(minutes(lifetime), start())).await.unwrap();
        sessions.insert(name, session);
    }
    sessions.insert("empty", Place::default().session(&clock));
    lifetimes[1].1.break_down(true);
    clock.advance(minutes(10));

    let done = sessions.clean_up().await;
    assert_eq!(done.ended, ["dead"]);
    assert_eq!(done.failed.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["failing"]);
    assert!(dead.is_empty() && !lifetimes[1].1.is_empty());
    assert_eq!(sessions.names(), ["alive", "empty", "failing"]);
    assert!(sessions.active().is_none(), "it was the dead one");
}

#[tokio::test]
async fn clean_up_spares_a_session_into_which_another_process_has_logged_in() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    session.log_in(tokens("old").with_lifetime(minutes(10), start())).await.unwrap();
    let sessions = ClientSessions::new();
    sessions.insert("a", session.clone());
    clock.advance(minutes(10));
    place.session(&clock).log_in(tokens("new")).await.unwrap();
    assert!(sessions.clean_up().await.ended.is_empty());
    assert_eq!(place.json()["access_token"], "new");
    assert_eq!(session.tokens().tokens().unwrap().access_token().reveal(), "new");
}
