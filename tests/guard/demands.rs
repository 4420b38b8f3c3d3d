//! Each demand, and what can be made of several.

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{Assurance, DenialKind, LoggedIn, Reason, Require, Session};
use http::{Method, StatusCode, header};

use crate::{
    help::{SCOPE, Site, ask, assert_passes, assert_refused},
    support::{Browser, minutes, seconds},
};

const TOO_LOW: Option<&str> = Some(
    r#"Bearer error="insufficient_user_authentication", error_description="this needs a stronger log-in", acr_values="aal2""#,
);
const NOT_FRESH: Option<&str> = Some(
    r#"Bearer error="insufficient_user_authentication", error_description="the last log-in is too long ago", max_age="300""#,
);

#[tokio::test]
async fn who_is_logged_in_passes_and_everybody_else_gets_a_401() {
    let site = Site::new();
    let require = Require::logged_in();
    let ada = site.ada().await;
    assert_passes(&ask(&site, &require, Some(&ada)).await);
    assert_refused(&ask(&site, &require, None).await, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");

    let anonymous = site.sessions.start().await.unwrap();
    let reply = ask(&site, &require, Some(&anonymous)).await;
    assert_refused(&reply, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");

    site.sessions.revoke(ada.session_id(), Reason::ByOperator).await.unwrap();
    let app = site.app(require);
    let reply = Browser::with_bearer(&app, &ada.token().reveal()).get("/page").await;
    assert_refused(&reply, DenialKind::NotLoggedIn, Some(r#"Bearer error="invalid_token""#), "login_required");
    assert_eq!(site.denied(), [(None, DenialKind::NotLoggedIn)]);
}

/// Each of these: who passes, and who is the wrong one.
#[tokio::test]
async fn the_wrong_one_gets_a_403_and_nobody_a_401() {
    let site = Site::new();
    let (ada, grace) = (site.ada().await, site.grace().await);
    let rows = [
        (Require::role("editor"), DenialKind::MissingRole),
        (Require::any_role(["publisher", "author"]), DenialKind::MissingRole),
        (Require::all_roles(["author", "editor"]), DenialKind::MissingRole),
        (Require::permission("posts.write"), DenialKind::MissingPermission),
        (Require::that(|session| session.user() == "ada"), DenialKind::ConditionFailed),
    ];
    for (require, kind) in rows {
        assert_passes(&ask(&site, &require, Some(&ada)).await);
        assert_refused(&ask(&site, &require, Some(&grace)).await, kind, SCOPE, "forbidden");
        assert_refused(&ask(&site, &require, None).await, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");
    }
}

#[tokio::test]
async fn no_role_no_permission_and_no_empty_list_lets_anybody_pass() {
    let site = Site::new();
    let (ada, admin) = (site.ada().await, site.grace().await);
    let nothing: [&str; 0] = [];
    for require in [Require::any_role(nothing), Require::all_roles(nothing), Require::role(""), Require::role("Editor")]
    {
        assert_refused(&ask(&site, &require, Some(&ada)).await, DenialKind::MissingRole, SCOPE, "forbidden");
    }
    assert_refused(
        &ask(&site, &Require::all_roles(["editor", "admin"]), Some(&ada)).await,
        DenialKind::MissingRole,
        SCOPE,
        "forbidden",
    );
    for permission in ["posts.delete", "posts", "posts.*", "*", ""] {
        let reply = ask(&site, &Require::permission(permission), Some(&ada)).await;
        assert_refused(&reply, DenialKind::MissingPermission, SCOPE, "forbidden");
    }
    let reply = ask(&site, &Require::permission("posts.read"), Some(&admin)).await;
    assert_refused(&reply, DenialKind::MissingPermission, SCOPE, "forbidden");
}

/// RFC 9470, section 3, to the letter.
#[tokio::test]
async fn a_low_assurance_is_a_401_that_names_the_level() {
    let site = Site::new();
    let (ada, grace) = (site.ada().await, site.grace().await);
    let require = Require::second_factor();
    assert_passes(&ask(&site, &require, Some(&grace)).await);
    assert_refused(&ask(&site, &require, Some(&ada)).await, DenialKind::AssuranceTooLow, TOO_LOW, "step_up_required");
    assert_refused(&ask(&site, &require, None).await, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");

    assert_passes(&ask(&site, &Require::assurance(Assurance::Aal1), Some(&ada)).await);
    let reply = ask(&site, &Require::assurance(Assurance::Aal3), Some(&grace)).await;
    let aal3 = TOO_LOW.unwrap().replace("aal2", "aal3");
    assert_refused(&reply, DenialKind::AssuranceTooLow, Some(&aal3), "step_up_required");
}

#[tokio::test]
async fn an_old_login_is_a_401_that_names_the_age_and_a_new_proof_mends_it() {
    let site = Site::new();
    let ada = site.ada().await;
    let require = Require::fresh_login(minutes(5));
    site.clock.advance(minutes(5));
    assert_passes(&ask(&site, &require, Some(&ada)).await);
    site.clock.advance(seconds(1));
    assert_refused(&ask(&site, &require, Some(&ada)).await, DenialKind::NotFresh, NOT_FRESH, "step_up_required");
    assert_refused(&ask(&site, &require, None).await, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");

    let app = site.serve(
        Router::new()
            .route("/wipe", post(|| async { "welcome" }).layer(require))
            .route("/confirm", post(|session: Session| async move { session.step_up("pwd").await.map(drop) })),
    );
    let mut browser = Browser::with_token(&app, &ada.token().reveal());
    assert_eq!(browser.post("/wipe").await.denial, Some(DenialKind::NotFresh));
    assert_eq!(browser.post("/confirm").await.status, StatusCode::OK);
    assert_passes(&browser.post("/wipe").await);
}

#[tokio::test]
async fn of_two_demands_the_first_that_is_not_met_is_told() {
    let site = Site::new();
    let (ada, grace) = (site.ada().await, site.grace().await);
    let require = Require::role("admin").and(Require::second_factor());
    assert_passes(&ask(&site, &require, Some(&grace)).await);
    assert_refused(&ask(&site, &require, Some(&ada)).await, DenialKind::MissingRole, SCOPE, "forbidden");
    assert_refused(&ask(&site, &require, None).await, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");
    let require = Require::second_factor().and(Require::role("admin"));
    assert_refused(&ask(&site, &require, Some(&ada)).await, DenialKind::AssuranceTooLow, TOO_LOW, "step_up_required");
    let require = Require::second_factor().and(Require::role("editor"));
    assert_refused(&ask(&site, &require, Some(&grace)).await, DenialKind::MissingRole, SCOPE, "forbidden");
}

#[tokio::test]
async fn of_two_ways_the_one_that_is_open_to_more_is_told() {
    let site = Site::new();
    let (ada, grace) = (site.ada().await, site.grace().await);
    for require in [
        Require::role("publisher").or(Require::second_factor()),
        Require::second_factor().or(Require::role("publisher")),
    ] {
        assert_passes(&ask(&site, &require, Some(&grace)).await);
        let reply = ask(&site, &require, Some(&ada)).await;
        assert_refused(&reply, DenialKind::AssuranceTooLow, TOO_LOW, "step_up_required");
        assert_refused(&ask(&site, &require, None).await, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");
    }
    let require = Require::role("publisher").or(Require::permission("posts.write"));
    assert_passes(&ask(&site, &require, Some(&ada)).await);
    assert_refused(&ask(&site, &require, Some(&grace)).await, DenialKind::MissingRole, SCOPE, "forbidden");
}

#[tokio::test]
async fn guards_lie_around_one_another_and_one_denial_is_told() {
    let site = Site::new();
    let (ada, grace) = (site.ada().await, site.grace().await);
    let app = site.serve(
        Router::new()
            .route("/users", get(|who: LoggedIn| async move { who.user().to_owned() }))
            .route("/wipe", post(|| async { "welcome" }).layer(Require::fresh_login(minutes(5))))
            .layer(Require::role("admin").and(Require::second_factor())),
    );
    let mut grace = Browser::with_token(&app, &grace.token().reveal());
    assert_eq!(grace.get("/users").await.body, "grace");
    assert_passes(&grace.post("/wipe").await);
    assert_eq!(site.denied(), []);
    site.clock.advance(minutes(6));
    assert_eq!(grace.get("/users").await.body, "grace");
    assert_refused(&grace.post("/wipe").await, DenialKind::NotFresh, NOT_FRESH, "step_up_required");
    assert_eq!(site.denied().len(), 1);
    let mut ada = Browser::with_token(&app, &ada.token().reveal());
    assert_refused(&ada.post("/wipe").await, DenialKind::MissingRole, SCOPE, "forbidden");
    assert_eq!(site.denied().len(), 1, "the inner guard was not asked");
}

/// ASVS 8.3.2: what somebody may do changes with his roles, and no later than with the next request.
#[tokio::test]
async fn other_roles_hold_at_once() {
    let site = Site::new();
    let ada = site.ada().await;
    let app = site.serve(
        Router::new()
            .route("/posts", post(|| async { "welcome" }).layer(Require::permission("posts.write")))
            .route("/retire", post(|session: Session| async move { session.change_roles(["reader"]).await.map(drop) })),
    );
    let mut browser = Browser::with_token(&app, &ada.token().reveal());
    assert_passes(&browser.post("/posts").await);
    assert_eq!(browser.post("/retire").await.status, StatusCode::OK);
    assert_refused(&browser.post("/posts").await, DenialKind::MissingPermission, SCOPE, "forbidden");
    let reply = Browser::with_token(&app, &ada.token().reveal()).post("/posts").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "the old token is worth nothing");
}

#[tokio::test]
async fn what_roles_permit_can_be_asked_without_a_guard() {
    let site = Site::new();
    let (ada, admin) = (site.ada().await, site.grace().await);
    let info = |session: countersign::Authenticated| session.info();
    let ada = info(site.sessions.authenticate(ada.token()).await.unwrap());
    let admin = info(site.sessions.authenticate(admin.token()).await.unwrap());
    assert!(site.sessions.permits(&ada, "posts.write"));
    assert!(!site.sessions.permits(&ada, "posts.delete"));
    assert!(!site.sessions.permits(&admin, "posts.read"), "a role to which nothing was granted");
}

#[tokio::test]
async fn without_the_layer_the_answer_is_a_500_that_names_it() {
    let app = Router::new().route("/page", get(|| async { "welcome" }).layer(Require::logged_in()));
    let reply = Browser::new(&app).get("/page").await;
    assert_eq!((reply.status, reply.denial), (StatusCode::INTERNAL_SERVER_ERROR, Some(DenialKind::MissingLayer)));
    assert!(reply.body.contains("SessionLayer"), "{}", reply.body);
    assert_eq!(reply.header(header::CONTENT_TYPE), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"));
    assert_eq!(reply.header(header::WWW_AUTHENTICATE), None);
}

/// What passes a guard depends on the session, whatever the handler says.
#[tokio::test]
async fn what_lies_behind_a_guard_is_private_and_varies() {
    let site = Site::new();
    let ada = site.ada().await;
    let reply = ask(&site, &Require::logged_in(), Some(&ada)).await;
    assert_eq!(reply.header(header::CACHE_CONTROL), Some("private"));
    assert_eq!(reply.header(header::VARY), Some("cookie, authorization"));
    let reply = ask(&site, &Require::logged_in(), None).await;
    assert_eq!(reply.header(header::VARY), Some("cookie, authorization"));
}

#[tokio::test]
async fn a_refused_request_does_not_reach_the_handler() {
    let site = Site::new();
    let reached = |session: Session| async move { session.increment("count", 1) };
    let app = site.serve(Router::new().route("/page", get(reached).post(reached).layer(Require::role("admin"))));
    let ada = site.ada().await;
    for method in [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::DELETE] {
        let reply = Browser::with_token(&app, &ada.token().reveal()).send(method, "/page").await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
    }
    let session = site.sessions.authenticate(ada.token()).await.unwrap();
    assert_eq!(session.info().get::<i64>("count").unwrap(), None);
}

#[test]
fn a_guard_shows_what_it_demands() {
    let require = Require::role("admin").and(Require::that(|_| true)).or(Require::fresh_login(minutes(5)));
    let shown = format!("{require:?}");
    assert!(shown.starts_with("Require(Either(Both(AnyRole([\"admin\"]), That(..)), Fresh(300s)))"), "{shown}");
}
