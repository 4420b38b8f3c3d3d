//! An application that shows every page in every state, with users, trails and services to look at.

use std::{
    convert::Infallible,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request},
    middleware::{Next, from_fn},
    response::Redirect,
    routing::get,
};
use countersign::{
    AccountPage, ClientAddress, Clock, Config, Dashboard, Device, DeviceHints, Error, Figure, KeyRing, MemoryStore,
    ServiceLine, Session, SessionId, SessionLayer, Sessions, Timestamp, TrailLine,
};
use http::header::AUTHORIZATION;
use tokio::net::TcpListener;
use tower::ServiceExt;

pub(crate) struct Gallery {
    pub(crate) sessions: Sessions,
    pub(crate) site: String,
}

impl Gallery {
    pub(crate) async fn open() -> Self {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let sessions = Sessions::builder(KeyRing::generate().unwrap(), MemoryStore::new())
            .config(Config::development())
            .clock(Clock::manual(start))
            .build()
            .unwrap();
        let app = app(&sessions);
        live_an_hour(&sessions, &app).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { sessions, site }
    }

    /// The id of one of ada's sessions.
    pub(crate) async fn one_of_adas(&self) -> SessionId {
        self.sessions.list("ada").await.unwrap()[0].id()
    }
}

fn app(sessions: &Sessions) -> Router {
    let clock = sessions.clock().clone();
    let operators = Dashboard::new(sessions.clone())
        .figures(|| {
            let users = (0..60).map(|minute| 1_180.0 + 140.0 * f64::sin(f64::from(minute) / 9.0));
            vec![
                Figure::level("Active sessions", users.clone().map(|users| (users * 1.31).round()))
                    .hint("on all nodes"),
                Figure::level("Active users", users.map(f64::round)).hint("with at least one session"),
            ]
        })
        .trail({
            let clock = clock.clone();
            move |_| {
                let now = clock.now();
                async move { Ok::<_, Infallible>(trail(now)) }
            }
        })
        .services(move || {
            let now = clock.now();
            async move { Ok::<_, Infallible>(services(now)) }
        });
    Router::new()
        .route("/enter/{user}", get(enter))
        .nest("/account", AccountPage::new().back_to("/account", "Back to the shop").router())
        .nest("/operators", operators.router())
        .layer(SessionLayer::new(sessions.clone()))
        .layer(from_fn(address))
}

/// Logs in whoever wants to: opal is an operator.
async fn enter(session: Session, Path(user): Path<String>) -> Result<Redirect, Error> {
    let roles: &[&str] = if user == "opal" { &["operator"] } else { &[] };
    session.log_in(&user).roles(roles.iter().copied()).await?;
    Ok(Redirect::to("/account"))
}

async fn address(mut request: Request, next: Next) -> axum::response::Response {
    let address: IpAddr = "192.0.2.17".parse().unwrap();
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// Users come in, at some times more than at others; some tokens are bad.
async fn live_an_hour(sessions: &Sessions, app: &Router) {
    let operator = sessions.log_in("observer").roles(["operator"]).await.unwrap();
    let look = |bearer: String| Request::get("/operators").header(AUTHORIZATION, bearer).body(Body::empty()).unwrap();
    for minute in 0..58_u32 {
        for number in 0..(minute * 7 + minute * minute / 5) % 13 {
            sessions.log_in(format!("user-{minute}-{number}")).await.unwrap();
        }
        if minute % 9 == 4 {
            app.clone().oneshot(look("Bearer forged".to_owned())).await.unwrap();
        }
        for (at, user_agent) in USER_AGENTS.iter().enumerate() {
            if minute as usize == at * 17 + 3 {
                let device = Device::of(&DeviceHints { user_agent: Some(user_agent), ..DeviceHints::default() });
                sessions.log_in("ada").device(device).await.unwrap();
            }
        }
        sessions.clock().advance(Duration::from_mins(1));
        app.clone().oneshot(look(format!("Bearer {}", *operator.token().reveal()))).await.unwrap();
    }
}

fn trail(now: Timestamp) -> Vec<TrailLine> {
    let before = |minutes: u64| Timestamp::from_millis(now.as_millis() - minutes * 60_000);
    vec![
        TrailLine::new(before(1), "Attributes read").by("orders").note("service"),
        TrailLine::new(before(4), "Used from elsewhere than before").note("198.51.100.23").alarming(),
        TrailLine::new(before(12), "Secret rotated"),
        TrailLine::new(before(54), "Logged in").note("192.0.2.17, by password and authenticator app"),
    ]
}

fn services(now: Timestamp) -> Vec<ServiceLine> {
    vec![
        ServiceLine::new("orders", ["session.read", "session.write"]).last_used(now),
        ServiceLine::new("newsletter", ["session.read"]),
        ServiceLine::new("old-reports", ["session.read", "session.revoke"])
            .last_used(Timestamp::from_millis(now.as_millis() - 400_000_000))
            .revoked(),
    ]
}

const USER_AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
];
