//! ASVS 9.2.2: a service's token is nothing as a session's, and a session's nothing as a service's; nor is anything else.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign::{Config, ErrorKind, KeyRing, MemoryStore, RefusalKind, ServiceToken, Sessions, Token};
use http::StatusCode;

use crate::{
    help::{refusal, with_events},
    support::{Backend, Browser, KEY, OTHER_KEY, World, app, on_every_store, sign, sign_as_service},
};

#[tokio::test]
async fn neither_kind_of_token_stands_in_for_the_other() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let (sessions, services) = (&world.sessions, world.sessions.services());
        let of_user = sessions.log_in("ada").await.unwrap();
        let of_service = services.register("orders", ["session.read"]).await.unwrap();
        world.calls.take();
        let as_session: Token = of_service.reveal().parse().unwrap();
        assert_eq!(sessions.verify(&as_session), Err(RefusalKind::Forged));
        let error = sessions.authenticate(&as_session).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused(RefusalKind::Forged));
        let as_service: ServiceToken = of_user.token().reveal().parse().unwrap();
        assert_eq!(refusal(services.authenticate(&as_service).await), RefusalKind::Forged);

        let reply = Browser::with_bearer(&app(sessions.clone()), &of_service.reveal()).get("/me").await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::Forged)));
        assert_eq!(world.calls.take(), (0, 0, 0), "no store was asked");
    })
    .await;
}

/// P2: whoever has the signing key signs what he likes, and still has no secret.
#[tokio::test]
async fn a_signature_alone_opens_nothing() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let token = services.register("orders", ["session.read"]).await.unwrap();
        let text = token.reveal();
        let [secret, id, signature]: [&str; 3] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(sign_as_service(secret, id), *text, "the format, written down a second time");

        let other = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let forged: ServiceToken = sign_as_service(&other, id).parse().unwrap();
        assert_eq!(refusal(services.authenticate(&forged).await), RefusalKind::WrongSecret);
        // The hash that the record has as a session's is that of no secret; nor is a service's secret a session's.
        for secret in [secret, &other, &"A".repeat(43)] {
            let forged: Token = sign(secret, id).parse().unwrap();
            assert_eq!(world.sessions.verify(&forged), Ok(()));
            let error = world.sessions.authenticate(&forged).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused(RefusalKind::WrongSecret));
        }
        // A session, by the signature of services: there is no service of its id.
        let ada = world.sessions.log_in("ada").await.unwrap();
        let text = ada.token().reveal();
        let [secret, id, _]: [&str; 3] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
        let crossed: ServiceToken = sign_as_service(secret, id).parse().unwrap();
        assert!(services.authenticate(&crossed).await.is_err());
        assert_ne!(signature, sign(secret, id).rsplit('.').next().unwrap());
        assert!(!contains(&world.dump(), token.reveal().split('.').next().unwrap()), "the store has no secret");
    })
    .await;
}

#[tokio::test]
async fn any_other_key_audience_or_spelling_is_refused_before_a_store_is_asked() {
    let world = World::new(Backend::Memory).await;
    let token = world.sessions.services().register("orders", ["session.read"]).await.unwrap();
    let text = token.reveal();
    world.calls.take();
    let services = world.sessions.services();
    for at in 0..text.len() {
        let mut changed = text.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        if let Ok(changed) = ServiceToken::parse(&changed) {
            assert_eq!(refusal(services.authenticate(&changed).await), RefusalKind::Forged, "{at}");
        }
    }
    let mut config = Config::production();
    config.audience = "shop".to_owned();
    let of = |key: &[u8], config: Config| {
        Sessions::builder(KeyRing::new(key).unwrap(), MemoryStore::new()).config(config).build().unwrap().services()
    };
    for services in [of(OTHER_KEY, Config::production()), of(KEY, config)] {
        assert_eq!(refusal(services.authenticate(&token).await), RefusalKind::Forged);
    }
    assert_eq!(world.calls.take(), (0, 0, 0));
}

#[tokio::test]
async fn no_event_and_nothing_printed_holds_a_secret() {
    let (sessions, events) = with_events();
    let services = sessions.services();
    let first = services.register("orders", ["session.read"]).await.unwrap();
    let second = services.rotate("orders", std::time::Duration::ZERO).await.unwrap();
    let service = services.authenticate(&second).await.unwrap();
    let error = services.authenticate(&first).await.unwrap_err();
    let id = sessions.log_in("ada").await.unwrap().session_id();
    let session = service.session(id).await.unwrap();
    let list = services.list().await.unwrap();
    let said = format!(
        "{first:?} {second:?} {service:?} {session:?} {services:?} {list:?} {error:?} {error} {:?}",
        events.lock().unwrap()
    );
    for token in [first, second] {
        let token = token.reveal();
        let (secret, rest) = token.split_once('.').unwrap();
        assert!(!said.contains(secret) && !said.contains(rest.split_once('.').unwrap().1), "{said}");
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
