//! What operators end, and what keeps others from having them do so.

use std::sync::{Arc, Mutex};

use countersign::{Event, KeyRing, MemoryStore, Reason, SessionId, SessionInfo, Sessions};
use http::{HeaderValue, Method, StatusCode, header};

use crate::{
    app::{app, form_token, logged_in, open, operator, submit},
    support::{Backend, KEY, World, minutes, on_every_store},
};

#[tokio::test]
async fn an_operator_ends_one_session_and_its_user_is_out_at_once() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(&world.sessions);
        let mut lost = logged_in(&world.sessions, &app, "ada", &[]).await;
        let mut kept = logged_in(&world.sessions, &app, "ada", &[]).await;
        let mut opal = operator(&world.sessions, &app).await;
        let id = lost.token().unwrap().split('.').nth(1).unwrap().to_owned();

        let page = open(&mut opal, &format!("/operators/sessions/{id}")).await;
        assert!(page.body.contains(&id) && page.body.contains("ada"), "{}", page.body);
        let form = format!("session={id}&form_token={}", form_token(&page));
        let reply = submit(&mut opal, "/operators/end", form.clone()).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
        assert_eq!(reply.header(header::LOCATION), Some("/operators/search?q=ada&ended=1"));
        assert_eq!(open(&mut lost, "/account").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(open(&mut kept, "/account").await.status, StatusCode::OK);

        let page = open(&mut opal, "/operators/search?q=ada&ended=1").await;
        assert!(page.body.contains("1 session ended") && !page.body.contains(&id), "{}", page.body);
        assert_eq!(submit(&mut opal, "/operators/end", form).await.status, StatusCode::NOT_FOUND, "it is not there");
        let gone = open(&mut opal, &format!("/operators/sessions/{id}")).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn all_sessions_of_a_user_end_and_nobody_elses() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(&world.sessions);
        let mut adas = Vec::new();
        for _ in 0..3 {
            adas.push(logged_in(&world.sessions, &app, "ada", &[]).await);
        }
        let mut grace = logged_in(&world.sessions, &app, "grace", &[]).await;
        let mut opal = operator(&world.sessions, &app).await;
        let page = open(&mut opal, "/operators/search?q=ada").await;
        assert!(page.body.contains("End 3 sessions"));
        let reply = submit(&mut opal, "/operators/end-all", format!("user=ada&form_token={}", form_token(&page))).await;
        assert_eq!(reply.header(header::LOCATION), Some("/operators/search?q=ada&ended=3"));
        for ada in &mut adas {
            assert_eq!(open(ada, "/account").await.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(open(&mut grace, "/account").await.status, StatusCode::OK);
        assert!(open(&mut opal, "/operators/search?q=ada").await.body.contains("Nobody is logged in as ada"));
    })
    .await;
}

#[tokio::test]
async fn an_end_is_told_in_the_operators_name() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new())
        .on_event(move |event| {
            if let Event::Ended { user, reason, by, .. } = event {
                heard.lock().unwrap().push(format!("{user:?} {reason:?} {by:?}"));
            }
        })
        .build()
        .unwrap();
    let app = app(&sessions);
    let pending = sessions.log_in("ada").pending_second_factor(["totp"]).await.unwrap();
    logged_in(&sessions, &app, "ada", &[]).await;
    let mut opal = operator(&sessions, &app).await;
    let page = open(&mut opal, &format!("/operators/sessions/{}", pending.session_id())).await;
    assert!(page.body.contains("the second factor is owed"), "{}", page.body);
    let form = format!("session={}&form_token={}", pending.session_id(), form_token(&page));
    submit(&mut opal, "/operators/end", form).await;
    submit(&mut opal, "/operators/end-all", format!("user=ada&form_token={}", form_token(&page))).await;
    let by_opal = |user: &str| format!("{user} ByOperator Some(\"opal\")");
    assert_eq!(*told.lock().unwrap(), [by_opal("None"), by_opal("Some(\"ada\")")]);
}

/// Of a page of another session, of no page at all, and out of another site.
#[tokio::test]
async fn a_forged_form_ends_nothing() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let mut ada = logged_in(&world.sessions, &app, "ada", &[]).await;
    let mut other = operator(&world.sessions, &app).await;
    let mut opal = operator(&world.sessions, &app).await;
    let theirs = open(&mut other, "/operators/search?q=ada").await;
    let own = open(&mut opal, "/operators/search?q=ada").await;
    let id = ada.token().unwrap().split('.').nth(1).unwrap().to_owned();
    for token in [form_token(&theirs), "", "A", &"A".repeat(64)] {
        for form in [format!("session={id}&form_token={token}"), format!("user=ada&form_token={token}")] {
            let path = if form.starts_with("user") { "/operators/end-all" } else { "/operators/end" };
            let reply = submit(&mut opal, path, form).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{token}");
            assert!(reply.body.contains("That form was out of date"));
        }
    }
    let malformed = submit(&mut opal, "/operators/end-all", "user=ada".to_owned()).await;
    assert!(malformed.status.is_client_error() && malformed.body.contains("Nothing was changed"), "{}", malformed.body);
    let mut forged = opal.request(Method::POST, "/operators/end-all");
    forged.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    let form = format!("user=ada&form_token={}", form_token(&own));
    let mut forged = forged.map(|_| form.into());
    forged.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    assert_eq!(opal.ask(forged).await.status, StatusCode::FORBIDDEN);
    // Nor does a link.
    assert_eq!(open(&mut opal, "/operators/end-all?user=ada").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(open(&mut ada, "/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_broken_store_is_a_503_that_logs_nobody_out() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let mut opal = operator(&world.sessions, &app).await;
    let page = open(&mut opal, "/operators/search?q=opal").await;
    world.calls.break_store(true);
    let reply = submit(&mut opal, "/operators/end-all", format!("user=ada&form_token={}", form_token(&page))).await;
    assert_eq!((reply.status, reply.set_cookie()), (StatusCode::SERVICE_UNAVAILABLE, None));
    world.calls.break_store(false);
    assert_eq!(open(&mut opal, "/operators").await.status, StatusCode::OK);
}

/// By its id alone a session is found as long as it lives, whoever's it is: and nothing that is none.
#[tokio::test]
async fn a_session_is_found_by_its_id_until_it_ends() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let sessions = &world.sessions;
        let user_of = |info: Option<SessionInfo>| info.map(|info| info.user().to_owned());
        let mut ids = Vec::new();
        for user in ["ada", "grace", "alan"] {
            ids.push(sessions.log_in(user).await.unwrap().session_id());
        }
        assert_eq!(user_of(sessions.info_of(ids[0]).await.unwrap()).as_deref(), Some("ada"));
        sessions.revoke(ids[0], Reason::ByOperator).await.unwrap();
        assert_eq!(user_of(sessions.info_of(ids[0]).await.unwrap()), None, "revoked");
        assert_eq!(user_of(sessions.info_of(ids[1]).await.unwrap()).as_deref(), Some("grace"));
        sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        assert_eq!(user_of(sessions.info_of(ids[1]).await.unwrap()), None, "everybody's have ended");
        assert!(sessions.info_of(SessionId::EVERYBODY).await.unwrap().is_none());
        world.pass(minutes(1));
        let late = sessions.log_in("alan").await.unwrap().session_id();
        assert_eq!(user_of(sessions.info_of(late).await.unwrap()).as_deref(), Some("alan"));
        world.pass(minutes(600));
        assert_eq!(user_of(sessions.info_of(late).await.unwrap()), None, "expired");
    })
    .await;
}
