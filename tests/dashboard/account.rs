//! "Your devices": a user ends his own sessions, and nobody else's.

use countersign::{Device, DeviceHints};
use http::{StatusCode, header};

use crate::{
    app::{app, form_token, logged_in, open, submit},
    support::{Backend, Browser, World, on_every_store},
};

fn id_of(browser: &Browser) -> String {
    browser.token().unwrap().split('.').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_user_ends_one_of_his_sessions_then_all_others_then_this_one() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(&world.sessions);
        let mut here = logged_in(&world.sessions, &app, "ada", &[]).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(logged_in(&world.sessions, &app, "ada", &[]).await);
        }
        let page = open(&mut here, "/account").await;
        assert_eq!(page.body.matches("this device").count(), 1, "{}", page.body);
        assert_eq!(page.body.matches(" if unused").count(), 4);
        let token = form_token(&page).to_owned();
        let end = |id: String| format!("session={id}&form_token={token}");
        let reply = submit(&mut here, "/account/end", end(id_of(&others[0]))).await;
        assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::SEE_OTHER, Some("/account?ended=1")));
        assert_eq!(open(&mut others[0], "/account").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(open(&mut others[1], "/account").await.status, StatusCode::OK);

        let reply = submit(&mut here, "/account/end-others", format!("form_token={token}")).await;
        assert_eq!(reply.header(header::LOCATION), Some("/account?ended=2"));
        let page = open(&mut here, "/account?ended=2").await;
        assert!(page.body.contains("Logged out of 2 other devices.") && page.body.contains("logged in nowhere else"));
        assert_eq!(open(&mut others[2], "/account").await.status, StatusCode::UNAUTHORIZED);

        let own = id_of(&here);
        let reply = submit(&mut here, "/account/end", end(own)).await;
        assert_eq!((reply.status, reply.clears_cookie()), (StatusCode::SEE_OTHER, true));
        assert_eq!(open(&mut here, "/account").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_session_and_a_form_of_somebody_else_are_refused() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let mut ada = logged_in(&world.sessions, &app, "ada", &[]).await;
    let mut grace = logged_in(&world.sessions, &app, "grace", &[]).await;
    let (adas, graces) = (open(&mut ada, "/account").await, open(&mut grace, "/account").await);
    let form = format!("session={}&form_token={}", id_of(&grace), form_token(&adas));
    let reply = submit(&mut ada, "/account/end", form).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert!(reply.body.contains("Not here"));
    for form in [format!("form_token={}", form_token(&graces)), "form_token=".to_owned()] {
        assert_eq!(submit(&mut ada, "/account/end-others", form).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(open(&mut grace, "/account").await.status, StatusCode::OK);
    assert_eq!(open(&mut Browser::new(&app), "/account").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_strangers_chose_is_text_and_never_markup() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let evil = r#"<script>alert(1)</script>"'&"#;
    let device = Device { name: Some(evil.into()), ..Device::of(&DeviceHints::default()) };
    let issued = world.sessions.log_in(evil).device(device).roles(["operator"]).await.unwrap();
    let mut eve = Browser::with_token(&app, &issued.token().reveal());
    let asked = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22'%26";
    for path in [
        "/account",
        "/operators",
        &format!("/operators/search?q={asked}"),
        &format!("/operators/sessions/{}", issued.session_id()),
    ] {
        let page = open(&mut eve, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("&lt;script&gt;alert(1)") && !page.body.contains("<script>alert"), "{path}");
        assert!(!page.body.contains(r#""'&""#), "{path}");
    }
    let page = open(&mut eve, "/operators/search?q=x").await;
    let form = format!("session={}&form_token={}", issued.session_id(), form_token(&open(&mut eve, "/account").await));
    assert_eq!(page.status, StatusCode::OK);
    let reply = submit(&mut eve, "/operators/end", form).await;
    let way = reply.header(header::LOCATION).unwrap();
    assert_eq!(way, "/operators/search?q=%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%26&ended=1");
}
