//! Header and cookie bombs (C-24, SM-11): much work for the server by little for the client.

use std::time::{Duration, Instant};

use countersign::{ClientAddress, KeyRing, MemoryStore, Sessions};
use http::{HeaderName, HeaderValue, Method, Request};

use crate::{
    site::site,
    support::{Backend, Browser, OTHER_KEY, Reply, World},
};

/// The answer, and the shortest time out of several in which it came.
async fn timed(browser: &Browser, request: impl Fn() -> Request<axum::body::Body>) -> (Reply, Duration) {
    let mut best = Duration::MAX;
    let mut last = None;
    for _ in 0..5 {
        let start = Instant::now();
        last = Some(browser.ask(request()).await);
        best = best.min(start.elapsed());
    }
    (last.unwrap(), best)
}

#[tokio::test]
async fn a_bomb_of_cookies_costs_bounded_time() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let ours = format!("__Host-sid={token}");
    let forger = Sessions::new(KeyRing::new(OTHER_KEY).unwrap(), MemoryStore::new());
    let mut forged = String::new();
    for _ in 0..500 {
        let token = forger.log_in("ada").await.unwrap().token().reveal().to_string();
        forged += &format!("__Host-sid={token}; ");
    }
    let bombs = [
        ("64 KiB in one", format!("a={}; ", "x".repeat(64 * 1024))),
        ("10,000 pairs", "a=b; ".repeat(10_000)),
        ("10,000 of our name", "__Host-sid=x; ".repeat(10_000)),
        ("500 that are well formed", forged),
        ("64 KiB of semicolons", ";".repeat(64 * 1024)),
        ("64 KiB of spaces", " ".repeat(64 * 1024)),
    ];
    let browser = Browser::new(&site);
    for (name, bomb) in bombs {
        for (text, user) in [(format!("{bomb}{ours}"), "ada"), (bomb.clone(), "nobody")] {
            let request = || Request::get("/peek").header("cookie", &text).body(axum::body::Body::empty()).unwrap();
            let (reply, time) = timed(&browser, request).await;
            assert_eq!(reply.body, user, "{name}");
            eprintln!("cookies, {name}: {time:?}");
            assert!(time < MOST, "{name}: {time:?}");
        }
    }
}

#[tokio::test]
async fn a_bomb_in_any_header_costs_bounded_time() {
    let world = World::with(Backend::Memory, |config| config.proxies.trusted = vec!["10.0.0.0/8".to_owned()]).await;
    let site = site(world.sessions.clone());
    let browser = Browser::new(&site);
    let big = "x".repeat(64 * 1024);
    let hops = "192.0.2.7, ".repeat(10_000) + "203.0.113.9";
    let ours = "10.0.0.2, ".repeat(10_000) + "10.0.0.3";
    for (name, bomb) in [
        ("authorization", big.as_str()),
        ("authorization", &format!("Bearer {big}")),
        ("origin", &format!("https://{big}")),
        ("referer", &format!("https://{big}")),
        ("sec-fetch-site", &big),
        ("host", &big),
        ("user-agent", &big),
        ("sec-ch-ua", &format!("\"{big}\";v=\"1\"")),
        ("sec-ch-ua-platform", &big),
        ("x-forwarded-for", &hops),
        ("x-forwarded-for", &ours),
        ("x-forwarded-for", &big),
        ("x-forwarded-proto", &"https,".repeat(10_000)),
        ("accept", &big),
    ] {
        for method in [Method::GET, Method::POST] {
            let path = if method == Method::GET { "/me" } else { "/login/ada" };
            let request = || {
                let mut request = browser.request(method.clone(), path);
                request.extensions_mut().insert(ClientAddress([10, 0, 0, 1].into()));
                request.headers_mut().insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(bomb).unwrap());
                request
            };
            let (reply, time) = timed(&browser, request).await;
            eprintln!("{name}, {method}: {} in {time:?}", reply.status);
            assert!(!reply.status.is_server_error(), "{name}");
            assert!(time < MOST, "{name}: {time:?}");
        }
    }
    for session in world.sessions.list("ada").await.unwrap() {
        assert!(session.device().to_string().len() < 1_000, "nothing of it is kept");
    }
}

/// The same where `Forwarded` is read, in thousands of lines of one header, and in the cookie of a device at a log-in.
#[tokio::test]
async fn a_bomb_of_lines_costs_bounded_time() {
    let world = World::with(Backend::Memory, |config| {
        config.proxies.trusted = vec!["10.0.0.0/8".to_owned()];
        config.proxies.header = countersign::ForwardedHeader::Forwarded;
    })
    .await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let browser = Browser::with_token(&site, &token);
    let (big, device) = ("x".repeat(64 * 1024), format!("__Host-did={}", "A".repeat(64)));
    let (quotes, pairs) = ("\"".repeat(64 * 1024), "for=10.0.0.2;".repeat(5_000));
    let escapes = format!("for=\"{}\"", "\\a".repeat(32 * 1024));
    let hops = "for=10.0.0.2, ".repeat(5_000);
    for (name, value, lines) in [
        ("forwarded", big.as_str(), 1),
        ("forwarded", &quotes, 1),
        ("forwarded", &escapes, 1),
        ("forwarded", &pairs, 1),
        ("forwarded", &hops, 1),
        ("forwarded", "for=10.0.0.2", 5_000),
        ("cookie", "a=b", 5_000),
        ("cookie", "__Host-sid=x", 5_000),
        ("cookie", &device, 5_000),
        ("x-forwarded-for", "10.0.0.2", 5_000),
        ("authorization", "Basic x", 5_000),
        ("upgrade", &"websocket/x,".repeat(5_000), 1),
    ] {
        for (method, path) in [(Method::GET, "/peek"), (Method::POST, "/login/ada")] {
            let request = || {
                let mut request = browser.request(method.clone(), path);
                request.extensions_mut().insert(ClientAddress([10, 0, 0, 1].into()));
                let name = name.parse::<HeaderName>().unwrap();
                for _ in 0..lines {
                    request.headers_mut().append(name.clone(), HeaderValue::from_str(value).unwrap());
                }
                request
            };
            let (reply, time) = timed(&browser, request).await;
            eprintln!("{lines} of {name}, {method}: {} in {time:?}", reply.status);
            assert!(!reply.status.is_server_error(), "{name}");
            assert!(time < MOST, "{lines} of {name}: {time:?}");
        }
    }
    let sound = browser.ask(browser.request(Method::POST, "/login/ada")).await;
    assert_eq!(sound.status, http::StatusCode::OK);
}

/// In a debug build. Each is linear in its bytes; an ordinary request takes a tenth of a millisecond there.
const MOST: Duration = Duration::from_millis(250);
