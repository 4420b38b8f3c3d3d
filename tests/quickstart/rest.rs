//! The REST routes of the quickstart, over the sessions that its page shows.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    client::{Browser, Program},
    process::Home,
};

#[tokio::test]
async fn the_rest_routes_and_the_page_are_two_views_of_the_same_sessions() {
    for store in crate::STORES {
        let home = Home::new(store);
        let app = home.start().await;
        let nobody = Program::new(app.address);
        let document = nobody.get("/api/openapi.json").await.json();
        assert_eq!((&document["openapi"], &document["servers"][0]["url"]), (&json!("3.1.0"), &json!("/api")));
        assert_eq!(document["components"]["securitySchemes"]["cookie"]["name"], "sid");

        let body = json!({ "username": "ada", "password": "lovelace", "token": true });
        let reply = nobody.post_json("/api/sessions", &body).await;
        assert_eq!((reply.status, reply.cookie("sid")), (StatusCode::CREATED, None), "{}", reply.body);
        let program = Program::with_token(app.address, reply.json()["token"].as_str().unwrap());
        assert_eq!(program.get("/me").await.json()["user"], "ada", "the token is good everywhere");

        let mut browser = Browser::new(app.address);
        browser.submit("/login", "username=ada&password=lovelace").await;
        let list = browser.fetch(Method::GET, "/api/sessions").await.json();
        assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
        assert_eq!(list["sessions"][0]["device"]["name"], "Firefox 133 on Linux");
        let other = list["sessions"][1]["session_id"].as_str().unwrap();
        let reply = browser.fetch(Method::DELETE, &format!("/api/sessions/{other}")).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);

        let reply = program.get("/api/sessions").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.header(header::CONTENT_TYPE), "application/problem+json");
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(problem["code"], "login_required");

        let reply = nobody.post_json("/api/sessions", &json!({ "username": "", "password": "lovelace" })).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        let reply = nobody.post_json("/api/sessions", &json!({ "username": "ada", "password": "hopper" })).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(browser.open("/").await.body.contains("<h1>ada</h1>"));
    }
}
