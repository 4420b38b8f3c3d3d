//! What a client says of itself, and what others get to see of it.

use std::net::IpAddr;

use axum::body::Body;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use countersign::{ClientAddress, SessionInfo};
use http::{HeaderValue, Request, StatusCode};
use ring::digest::{SHA256, digest};

use crate::support::{Backend, Browser, World, app, on_every_store};

/// ASVS 16.4.1: whatever a browser calls itself, log-in works, and what is kept of it is short and
/// printable.
#[tokio::test]
async fn a_hostile_user_agent_is_cut_and_cleaned() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let hostile = [
            b"x\xff\xfe\x80 not UTF-8".to_vec(),
            b"tab\there".to_vec(),
            vec![b'A'; 64 * 1024],
            "Mozilla/5.0 (Windows NT 10.0) ".repeat(2_000).into_bytes(),
            [&b"Chrome/"[..], &[b'9'; 64 * 1024]].concat(),
            Vec::new(),
        ];
        for user_agent in &hostile {
            for name in ["user-agent", "sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile"] {
                let value = HeaderValue::from_bytes(user_agent).unwrap();
                let request = Request::post("/login/ada").header("user-agent", "curl/8").header(name, value);
                let reply = Browser::new(&app).ask(request.body(Body::empty()).unwrap()).await;
                assert_eq!(reply.status, StatusCode::OK);
            }
        }
        for session in world.sessions.list("ada").await.unwrap() {
            let device = session.device().to_string();
            assert!(device.chars().count() <= 64 + " on ".len() + 64, "{device}");
            assert!(!device.chars().any(char::is_control), "{device}");
        }
        assert!(HeaderValue::from_bytes(b"two\r\nlines").is_err(), "no such header reaches a handler");
    })
    .await;
}

/// ASVS 4.1.3, 15.3.4: an address is what the server says it is, never what a header says.
#[tokio::test]
async fn forwarding_headers_are_not_believed() {
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let request = || {
        Request::post("/login/ada")
            .header("x-forwarded-for", "203.0.113.9")
            .header("forwarded", "for=203.0.113.9")
            .header("x-real-ip", "203.0.113.9")
    };
    Browser::new(&app).ask(request().body(Body::empty()).unwrap()).await;
    assert_eq!(newest(&world).await.address(), None);

    world.sessions.revoke_user("ada", countersign::Reason::ByOperator).await.unwrap();
    let peer: IpAddr = [192, 0, 2, 7].into();
    Browser::new(&app).ask(request().extension(ClientAddress(peer)).body(Body::empty()).unwrap()).await;
    assert_eq!(newest(&world).await.address(), Some(peer));
}

async fn newest(world: &World) -> SessionInfo {
    world.sessions.list("ada").await.unwrap().remove(0)
}

/// ASVS 7.5.2: the list of a user's sessions marks the current one, and holds nothing that could be
/// used in its place.
#[tokio::test]
async fn the_list_of_sessions_holds_no_secret_and_no_attribute() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browsers = [Browser::new(&app), Browser::new(&app), Browser::new(&app)];
        for browser in &mut browsers {
            browser.post("/login/ada").await;
            browser.post("/attributes/iban/DE02120300000000202051").await;
        }
        let grace = world.sessions.log_in("grace").await.unwrap();
        let body = browsers[0].get("/sessions").await.body;

        let listed: Vec<serde_json::Value> = serde_json::from_str(&body).unwrap();
        let current: Vec<_> = listed.iter().filter(|session| session["current"] == true).collect();
        let own_id = browsers[0].token().unwrap().split('.').nth(1).unwrap();
        assert_eq!((listed.len(), current.len()), (3, 1));
        assert_eq!(current[0]["session_id"], own_id);

        for browser in &browsers {
            let [secret, _, signature] = browser.token().unwrap().split('.').collect::<Vec<_>>()[..] else { panic!() };
            let hash = digest(&SHA256, &BASE64_URL_SAFE_NO_PAD.decode(secret).unwrap());
            let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let hashes = [BASE64_STANDARD.encode(hash), BASE64_URL_SAFE_NO_PAD.encode(hash), hex];
            for part in [secret, signature, "DE02"].into_iter().chain(hashes.iter().map(String::as_str)) {
                assert!(!body.contains(part), "{body}");
            }
        }
        assert!(!body.contains(&grace.session_id().to_string()) && !body.contains("grace"));
    })
    .await;
}
