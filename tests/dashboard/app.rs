//! An application with both pages, and a browser that reads and submits them.

use axum::{Router, body::Body};
use countersign::{AccountPage, Dashboard, SessionLayer, Sessions};
use http::{
    HeaderValue, Method, Request,
    header::{ACCEPT, CONTENT_TYPE},
};

use crate::support::{Browser, Reply};

pub(crate) fn app(sessions: &Sessions) -> Router {
    app_with(sessions, |dashboard| dashboard)
}

pub(crate) fn app_with(sessions: &Sessions, edit: impl FnOnce(Dashboard) -> Dashboard) -> Router {
    Router::new()
        .nest("/operators", edit(Dashboard::new(sessions.clone())).router())
        .nest("/account", AccountPage::new().router())
        .layer(SessionLayer::new(sessions.clone()))
}

/// A browser of somebody who has just logged in, with these roles.
pub(crate) async fn logged_in(sessions: &Sessions, app: &Router, user: &str, roles: &[&str]) -> Browser {
    let issued = sessions.log_in(user).roles(roles.iter().copied()).await.unwrap();
    Browser::with_token(app, &issued.token().reveal())
}

pub(crate) async fn operator(sessions: &Sessions, app: &Router) -> Browser {
    logged_in(sessions, app, "opal", &["operator"]).await
}

/// Opens a page.
pub(crate) async fn open(browser: &mut Browser, path: &str) -> Reply {
    let request = browser.request(Method::GET, path);
    send(browser, request).await
}

/// Submits a form.
pub(crate) async fn submit(browser: &mut Browser, path: &str, form: String) -> Reply {
    let mut request = browser.request(Method::POST, path).map(|_| Body::from(form));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    send(browser, request).await
}

async fn send(browser: &mut Browser, mut request: Request<Body>) -> Reply {
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"));
    let reply = browser.ask(request).await;
    browser.keep_all(&reply);
    reply
}

/// The token of the page's forms.
pub(crate) fn form_token(page: &Reply) -> &str {
    let value = page.body.split(r#"name="form_token" value=""#).nth(1).expect("the page has a form");
    value.split('"').next().unwrap()
}
