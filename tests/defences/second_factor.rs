//! A log-in by two factors: nobody is logged in by the first alone (gate G10).

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use countersign::{Assurance, Error, ErrorKind, LoggedIn, Reason, Session, SessionLayer, Sessions};
use http::StatusCode;

use crate::support::{Backend, Browser, World, minutes, on_every_store, seconds};

fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/password/{user}", post(password))
        .route("/pass/{factor}", post(pass))
        .route(
            "/write/{name}",
            post(|session: Session, Path(name): Path<String>| async move { session.set(&name, "x") }),
        )
        .route("/names", get(names))
        .route("/me", get(|who: LoggedIn| async move { format!("{} {:?}", who.user(), who.assurance()) }))
        .route("/pending", get(pending))
        .route("/roles", get(|who: LoggedIn| async move { who.roles().collect::<Vec<_>>().join(",") }))
        .route("/methods", get(|who: LoggedIn| async move { who.methods().collect::<Vec<_>>().join(",") }))
        .layer(SessionLayer::new(sessions))
}

async fn password(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    let log_in = session.log_in(user).method("pwd").roles(["editor"]).keep("cart.").remember(true);
    log_in.pending_second_factor(["totp", "recovery"]).await?;
    Ok(())
}

async fn pass(session: Session, Path(factor): Path<String>) -> Result<(), Error> {
    match session.pending() {
        Some(pending) => pending.pass(&factor).await.map(drop),
        None => session.step_up(&factor).await.map(drop),
    }
}

async fn pending(session: Session) -> String {
    session.pending().map_or("nobody".to_owned(), |pending| {
        format!("{}: {}", pending.user(), pending.factors().collect::<Vec<_>>().join(" or "))
    })
}

async fn names(session: Session) -> Result<String, Error> {
    Ok(session.entries::<String, String>("")?.into_keys().collect::<Vec<_>>().join(","))
}

#[tokio::test]
async fn the_first_factor_logs_nobody_in_and_the_second_does_under_a_new_id_and_secret() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/password/ada").await;
        let first = browser.token().unwrap().to_owned();
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.get("/pending").await.body, "ada: totp or recovery");
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0, "nobody's session yet");

        assert_eq!(browser.post("/pass/totp").await.status, StatusCode::OK);
        let second = browser.token().unwrap().to_owned();
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert!(parts(&first).iter().zip(parts(&second)).all(|(before, after)| *before != after));
        assert_eq!(browser.get("/me").await.body, "ada Aal2");
        assert_eq!(browser.get("/roles").await.body, "editor");
        assert_eq!(browser.get("/methods").await.body, "pwd,totp");
        assert_eq!(browser.get("/pending").await.body, "nobody");

        let mut before = Browser::with_token(&app(world.node().await), &first);
        world.heard().await;
        assert_eq!(before.get("/pending").await.body, "nobody", "what was known before is worth nothing");
    })
    .await;
}

#[tokio::test]
async fn a_factor_that_was_not_asked_for_is_refused_and_harms_nothing() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/password/ada").await;
        assert_eq!(browser.post("/pass/sms").await.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.post("/pass/recovery").await.status, StatusCode::OK);
        assert_eq!(browser.get("/me").await.status, StatusCode::OK);
    })
    .await;
}

/// of two at once, one wins; R-03: what ends all sessions of a user ends his log-ins that are under way.
#[tokio::test]
async fn of_two_that_pass_at_once_one_gets_a_session() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/password/ada").await;
        let again = browser.clone();
        let (one, two) = tokio::join!(
            browser.ask(browser.request(http::Method::POST, "/pass/totp")),
            again.ask(again.request(http::Method::POST, "/pass/totp")),
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_revocation_of_the_user_between_the_factors_ends_the_log_in() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/password/ada").await;
        world.sessions.revoke_user("ada", Reason::PasswordChanged).await.unwrap();
        let reply = browser.post("/pass/totp").await;
        assert_eq!((reply.status, reply.body.contains("log_in_again")), (StatusCode::UNAUTHORIZED, true));
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_second_factor_has_to_be_passed_within_ten_minutes() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/password/ada").await;
        world.pass(minutes(10) - seconds(1));
        assert_eq!(browser.get("/pending").await.body, "ada: totp or recovery");
        world.pass(seconds(1));
        assert_eq!(browser.get("/pending").await.body, "nobody");
    })
    .await;
}

/// Session puzzling: what was written before counts for nothing, unless the log-in names it.
#[tokio::test]
async fn what_is_written_before_or_between_the_factors_goes_unless_it_is_named() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/write/cart.1").await;
        browser.post("/write/is_admin").await;
        browser.post("/password/ada").await;
        assert_eq!(browser.get("/names").await.body, "cart.1");
        browser.post("/write/challenge").await;
        browser.post("/pass/totp").await;
        assert_eq!(browser.get("/names").await.body, "cart.1");
    })
    .await;
}

/// Whoever knows the password alone does not end the user's sessions by it: the limit counts at the second factor.
#[tokio::test]
async fn the_first_factor_evicts_nobody() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.limit.max = 1).await;
        let app = app(world.sessions.clone());
        let mut owner = Browser::new(&app);
        owner.post("/password/ada").await;
        owner.post("/pass/totp").await;
        for _ in 0..5 {
            Browser::new(&app).post("/password/ada").await;
        }
        assert_eq!(owner.get("/me").await.status, StatusCode::OK);
    })
    .await;
}

/// NIST SP 800-63B-4, sections 2.2.3 and 2.3.3: the time-outs of the level hold, also for who asked to be remembered.
#[tokio::test]
async fn a_session_at_a_higher_level_lives_by_the_time_outs_of_that_level() {
    let world = World::new(Backend::Memory).await;
    let life = async |assurance| {
        let log_in = world.sessions.log_in("ada").remember(true).assurance(assurance);
        log_in.await.unwrap().expires_at().since(world.clock.now())
    };
    assert_eq!(life(Assurance::Aal1).await, minutes(14 * 24 * 60));
    assert_eq!(life(Assurance::Aal2).await, minutes(60));
    assert_eq!(life(Assurance::Aal3).await, minutes(15));
}

#[tokio::test]
async fn a_factor_without_a_name_is_refused_by_name() {
    let world = World::new(Backend::Memory).await;
    for bad in ["", "a\nb", &"x".repeat(65)] {
        let error = world.sessions.log_in("ada").pending_second_factor([bad]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName, "{bad:?}");
        assert!(error.to_string().contains("a factor's name"), "{error}");
    }
}
