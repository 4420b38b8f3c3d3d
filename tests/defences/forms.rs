//! A form's token belongs to one session (CS-06, NIST N-13).

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use countersign::{Session, SessionLayer};
use http::StatusCode;

use crate::support::{Browser, World, app as every_route, on_every_store};

fn app(sessions: countersign::Sessions) -> Router {
    Router::new()
        .route("/form", get(|session: Session| async move { session.form_token().await }))
        .route(
            "/submit/{token}",
            post(|session: Session, Path(token): Path<String>| async move { session.check_form_token(&token) }),
        )
        .layer(SessionLayer::new(sessions.clone()))
        .merge(every_route(sessions))
}

#[tokio::test]
async fn a_form_is_good_for_its_session_alone_and_until_its_id_changes() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let (mut ada, mut grace) = (Browser::new(&app), Browser::new(&app));
        ada.post("/login/ada").await;
        grace.post("/login/grace").await;
        let token = ada.get("/form").await.body;
        assert_eq!(token.len(), 64);
        assert_ne!(token, ada.get("/form").await.body, "no two are alike");
        let submit = format!("/submit/{token}");
        assert_eq!(ada.post(&submit).await.status, StatusCode::OK);
        assert_eq!(ada.post("/rotate").await.status, StatusCode::OK);
        assert_eq!(ada.post(&submit).await.status, StatusCode::OK, "it outlives the secret");
        assert_eq!(grace.post(&submit).await.status, StatusCode::FORBIDDEN);
        assert_eq!(Browser::new(&app).post(&submit).await.status, StatusCode::FORBIDDEN);
        assert_eq!(ada.post("/submit/x").await.status, StatusCode::FORBIDDEN);
        ada.post("/role/admin").await;
        assert_eq!(ada.post(&submit).await.status, StatusCode::FORBIDDEN, "but not the id");
    })
    .await;
}

/// CS-08: the form to log in has one as well: a session is started for it.
#[tokio::test]
async fn a_form_before_log_in_starts_a_session() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        let form = browser.get("/form").await;
        assert!(form.set_cookie().is_some());
        assert_eq!(browser.post(&format!("/submit/{}", form.body)).await.status, StatusCode::OK);
    })
    .await;
}
