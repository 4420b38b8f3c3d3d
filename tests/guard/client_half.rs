//! The client half understands what the server half asks for (U-01), and what follows from it (U-02).

use axum::{
    Json, Router,
    body::Body,
    routing::{get, post},
};
use countersign::{
    DenialKind, Issued, Require, Session,
    client::{ClientLayer, ClientSession, NoRefresh, StepUpRequired, TokenManager, TokenSet},
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use crate::{
    help::Site,
    support::{Browser, minutes},
};

fn app(site: &Site) -> Router {
    site.serve(
        Router::new()
            .route("/second", get(|| async { "welcome" }).layer(Require::second_factor()))
            .route("/fresh", get(|| async { "welcome" }).layer(Require::fresh_login(minutes(5))))
            .route("/admin", get(|| async { "welcome" }).layer(Require::role("admin")))
            .route("/totp", post(|session: Session| async move { session.step_up("totp").await.map(Json::<Issued>) })),
    )
}

async fn holding(issued: &Issued) -> ClientSession {
    let session = ClientSession::new(TokenManager::builder(NoRefresh).build().unwrap());
    session.log_in(tokens(&serde_json::to_vec(issued).unwrap())).await.unwrap();
    session
}

fn tokens(answer: &[u8]) -> TokenSet {
    // The clock of the tests is ahead: what it says of the end is not asked for here.
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap();
    let token = serde_json::json!({ "token": answer["token"] }).to_string();
    TokenSet::from_response(token.as_bytes(), std::time::SystemTime::now()).unwrap()
}

async fn send<S>(client: &S, method: Method, path: &str) -> Response<Body>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error: std::fmt::Debug> + Clone,
{
    let uri = format!("https://example.org{path}");
    client.clone().oneshot(Request::builder().method(method).uri(uri).body(Full::default()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_step_up_is_asked_for_in_words_that_the_client_understands() {
    let site = Site::new();
    let app = app(&site);
    let ada = site.ada().await;
    site.clock.advance(minutes(6));
    let session = holding(&ada).await;
    let wire = ServiceBuilder::new().map_request(|request: Request<Full<Bytes>>| request.map(Body::new));
    let wire = wire.service(app.clone());
    let client = ClientLayer::new("https://example.org", session.clone()).unwrap().layer(wire);

    let level = send(&client, Method::GET, "/second").await;
    let asked = level.extensions().get::<StepUpRequired>().expect("understood");
    assert_eq!((asked.acr_values().collect::<Vec<_>>(), asked.max_age()), (vec!["aal2"], None));
    let age = send(&client, Method::GET, "/fresh").await;
    let asked = age.extensions().get::<StepUpRequired>().expect("understood");
    assert_eq!((asked.acr_values().count(), asked.max_age()), (0, Some(minutes(5))));
    assert!(session.tokens().tokens().is_some(), "the token is kept: it is good, only not good enough");
    let scope = send(&client, Method::GET, "/admin").await;
    assert_eq!((scope.status(), scope.extensions().get::<StepUpRequired>()), (StatusCode::FORBIDDEN, None));

    let proved = send(&client, Method::POST, "/totp").await;
    assert_eq!(proved.status(), StatusCode::OK);
    let answer = proved.into_body().collect().await.unwrap().to_bytes();
    session.log_in(tokens(&answer)).await.unwrap();
    for path in ["/second", "/fresh"] {
        assert_eq!(send(&client, Method::GET, path).await.status(), StatusCode::OK, "{path}: the new token passes");
        let old = Browser::with_bearer(&app, &ada.token().reveal()).get(path).await;
        assert_eq!(old.denial, Some(DenialKind::NotLoggedIn), "{path}: the old one is refused");
    }
}
