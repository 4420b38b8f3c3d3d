//! A session that is used from elsewhere: told, refused, suspended or ended, as the settings, the layer, the log-in or a hook say.

use std::net::IpAddr;

use axum::{
    Router,
    body::Body,
    extract::Path,
    routing::{get, post},
};
use countersign::{
    Binding, ClientAddress, Clock, Config, Error, LoggedIn, MemoryStore, Reaction, RefusalKind, Session, SessionLayer,
    Sessions, SuspicionKind,
};
use http::{Method, Request, StatusCode, header};

use crate::{
    support::{Browser, Reply, World, minutes, on_every_store},
    told::telling,
};

const HOME: &str = "192.0.2.7";
const NEIGHBOUR: &str = "192.0.2.200";
const ELSEWHERE: &str = "203.0.113.9";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0";
const CURL: &str = "curl/8.5.0";

fn app(layer: SessionLayer) -> Router {
    Router::new()
        .route("/login", post(|session: Session| async move { session.log_in("ada").await.map(drop) }))
        .route("/login/bound", post(log_in_bound))
        .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .route("/peek", get(peek))
        .route(
            "/write/{name}",
            post(|session: Session, Path(name): Path<String>| async move { session.set(&name, &1) }),
        )
        .route("/prove", post(prove))
        .layer(layer)
}

async fn log_in_bound(session: Session) -> Result<(), Error> {
    let binding = Binding { address: Reaction::Refuse, ipv4_prefix: 32, ..Config::production().binding };
    session.log_in("ada").bind(binding).await.map(drop)
}

/// What a handler sees that does not ask for somebody who is logged in.
async fn peek(session: Session) -> Result<String, Error> {
    let entries = session.entries::<String, i32>("")?;
    let pending = session.pending().map(|pending| pending.user().to_owned());
    Ok(format!("{:?} {} {pending:?} {entries:?}", session.user(), session.info().is_some()))
}

async fn prove(session: Session) -> Result<(), Error> {
    match session.pending() {
        Some(pending) => pending.pass("pwd").await.map(drop),
        None => Ok(()),
    }
}

/// A browser at a place.
async fn from(browser: &mut Browser, method: Method, path: &str, address: &str, agent: &str) -> Reply {
    let address: IpAddr = address.parse().unwrap();
    let mut request: Request<Body> = browser.request(method, path);
    request.extensions_mut().insert(ClientAddress(address));
    request.headers_mut().insert(header::USER_AGENT, agent.parse().unwrap());
    let reply = browser.ask(request).await;
    browser.keep_all(&reply);
    reply
}

fn bound(address: Reaction, user_agent: Reaction) -> Binding {
    Binding { address, user_agent, ..Config::production().binding }
}

#[tokio::test]
async fn each_reaction_does_what_its_name_says() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        for (reaction, status, refusal, live) in [
            (Reaction::Off, 200, None, 1),
            (Reaction::Report, 200, None, 1),
            (Reaction::StepUp, 401, None, 1),
            (Reaction::Refuse, 401, Some(RefusalKind::OtherNetwork), 1),
            (Reaction::End, 401, Some(RefusalKind::Gone), 0),
        ] {
            let layer = SessionLayer::new(world.sessions.clone()).binding(bound(reaction, Reaction::Off));
            let mut owner = Browser::new(&app(layer));
            from(&mut owner, Method::POST, "/login", HOME, FIREFOX).await;
            let mut thief = owner.clone();
            assert_eq!(from(&mut thief, Method::GET, "/me", NEIGHBOUR, FIREFOX).await.status, 200, "the same network");
            let reply = from(&mut thief, Method::GET, "/me", ELSEWHERE, FIREFOX).await;
            assert_eq!((reply.status.as_u16(), reply.refusal), (status, refusal), "{reaction:?}");
            assert_eq!(
                reply.clears_cookie(),
                reaction == Reaction::End,
                "{reaction:?}: only what has ended is cleared"
            );
            assert_eq!(world.sessions.list("ada").await.unwrap().len(), live, "{reaction:?}");
            if reaction == Reaction::Refuse {
                assert_eq!(from(&mut owner, Method::GET, "/me", HOME, FIREFOX).await.status, 200, "it goes on at home");
            }
            world.sessions.revoke_user("ada", countersign::Reason::ByOperator).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_updates_itself_is_the_same_and_another_is_not() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.binding = bound(Reaction::Off, Reaction::Refuse)).await;
        let mut browser = Browser::new(&app(SessionLayer::new(world.sessions.clone())));
        from(&mut browser, Method::POST, "/login", HOME, FIREFOX).await;
        assert_eq!(from(&mut browser, Method::GET, "/me", ELSEWHERE, NEWER_FIREFOX).await.status, StatusCode::OK);
        let reply = from(&mut browser, Method::GET, "/me", HOME, CURL).await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::OtherAgent)));
    })
    .await;
}

/// The session is nobody's until its user has proved again who he is: also for handlers that ask for nobody.
#[tokio::test]
async fn a_suspended_session_shows_and_takes_nothing_until_another_proof() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.binding = bound(Reaction::StepUp, Reaction::Off)).await;
        let app = app(SessionLayer::new(world.sessions.clone()));
        let mut browser = Browser::new(&app);
        from(&mut browser, Method::POST, "/login", HOME, FIREFOX).await;
        from(&mut browser, Method::POST, "/write/secret", HOME, FIREFOX).await;
        let suspended = "None false Some(\"ada\") {}";
        assert_eq!(from(&mut browser, Method::GET, "/peek", ELSEWHERE, FIREFOX).await.body, suspended);
        assert_eq!(from(&mut browser, Method::GET, "/peek", HOME, FIREFOX).await.body, suspended, "at home as well");
        let write = from(&mut browser, Method::POST, "/write/more", HOME, FIREFOX).await;
        assert_eq!(write.status, StatusCode::UNAUTHORIZED);
        let token = browser.token().unwrap().parse().unwrap();
        let info = world.sessions.authenticate(&token).await.unwrap().info();
        assert_eq!(info.user(), "", "also without HTTP");

        assert_eq!(from(&mut browser, Method::POST, "/prove", ELSEWHERE, FIREFOX).await.status, StatusCode::OK);
        let whole = "Some(\"ada\") true None {\"secret\": 1}";
        assert_eq!(from(&mut browser, Method::GET, "/peek", ELSEWHERE, FIREFOX).await.body, whole);
    })
    .await;
}

#[tokio::test]
async fn a_session_can_be_bound_more_strictly_than_the_settings_say() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(SessionLayer::new(world.sessions.clone())));
        from(&mut browser, Method::POST, "/login/bound", HOME, FIREFOX).await;
        assert_eq!(from(&mut browser, Method::GET, "/me", HOME, FIREFOX).await.status, StatusCode::OK);
        let reply = from(&mut browser, Method::GET, "/me", NEIGHBOUR, FIREFOX).await;
        assert_eq!(reply.refusal, Some(RefusalKind::OtherNetwork), "the very address");
    })
    .await;
}

#[tokio::test]
async fn what_is_suspicious_is_told_once_with_the_facts_and_a_full_session_is_no_obstacle() {
    let clock = Clock::manual(std::time::UNIX_EPOCH + minutes(30_000_000));
    let mut config = Config::production();
    config.attributes.fields = 1;
    let (sessions, told) = telling(MemoryStore::new(), config, &clock, None);
    let mut browser = Browser::new(&app(SessionLayer::new(sessions.clone())));
    from(&mut browser, Method::POST, "/login", HOME, FIREFOX).await;
    from(&mut browser, Method::POST, "/write/all", HOME, FIREFOX).await;
    told.take();
    for _ in 0..3 {
        assert_eq!(from(&mut browser, Method::GET, "/me", ELSEWHERE, FIREFOX).await.status, StatusCode::OK);
    }
    assert_eq!(told.take(), ["NewNetwork: Report"]);
    for _ in 0..3 {
        from(&mut browser, Method::GET, "/me", HOME, FIREFOX).await;
    }
    assert_eq!(told.take(), ["TwoPlaces: Report"]);
    assert_eq!(sessions.counters().suspicious, 2);
}

#[tokio::test]
async fn a_hook_decides_by_the_facts() {
    let clock = Clock::manual(std::time::UNIX_EPOCH + minutes(30_000_000));
    let hook = |suspicion: &countersign::Suspicion<'_>| {
        assert_eq!((suspicion.user(), suspicion.address_before()), (Some("ada"), Some(HOME.parse().unwrap())));
        assert!(suspicion.device_before().to_string().starts_with("Firefox"));
        match (suspicion.kind(), suspicion.address()) {
            (SuspicionKind::NewAgent, _) => Reaction::StepUp,
            (_, Some(address)) if address.to_string() == ELSEWHERE => Reaction::Off,
            _ => Reaction::End,
        }
    };
    let (sessions, told) = telling(MemoryStore::new(), Config::production(), &clock, Some(hook));
    let app = app(SessionLayer::new(sessions.clone()));
    let mut browser = Browser::new(&app);
    from(&mut browser, Method::POST, "/login", HOME, FIREFOX).await;
    told.take();
    for _ in 0..2 {
        assert_eq!(from(&mut browser, Method::GET, "/me", ELSEWHERE, FIREFOX).await.status, StatusCode::OK);
    }
    assert_eq!(told.take(), ["NewNetwork: Off"], "it was allowed there, and is not asked again");
    assert_eq!(from(&mut browser, Method::GET, "/me", ELSEWHERE, CURL).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.take(), ["NewAgent: StepUp"]);

    let mut another = Browser::new(&app);
    from(&mut another, Method::POST, "/login", HOME, FIREFOX).await;
    told.take();
    assert_eq!(from(&mut another, Method::GET, "/me", "198.51.100.1", FIREFOX).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(told.take(), ["NewNetwork: End", "ended: UsedElsewhere", "refused: gone"]);
}

/// mapped forms are one address, and a /64 of IPv6 is one network.
#[tokio::test]
async fn spellings_of_an_address_are_one() {
    let sessions = Sessions::for_tests();
    let layer = SessionLayer::new(sessions).binding(bound(Reaction::Refuse, Reaction::Off));
    let app = app(layer);
    for (begun, same, other) in
        [(HOME, "::ffff:192.0.2.9", "::ffff:192.0.3.9"), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")]
    {
        let mut browser = Browser::new(&app);
        from(&mut browser, Method::POST, "/login", begun, FIREFOX).await;
        assert_eq!(from(&mut browser, Method::GET, "/me", same, FIREFOX).await.status, StatusCode::OK, "{same}");
        assert_eq!(from(&mut browser, Method::GET, "/me", other, FIREFOX).await.status, StatusCode::UNAUTHORIZED);
    }
}
