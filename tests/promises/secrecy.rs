//! P12, and "what must be shown", 10: all that is logged, printed for debugging or said in an error
//! is searched for every secret in use.

use std::{io, sync::Mutex};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use countersign::{Config, KeyRing, Session, SessionLayer, Token};
use http::{Method, Request};
use tower::{Layer, Service, ServiceExt};

use crate::{
    said::Said,
    support::{Browser, KEY, OTHER_KEY, World, app, minutes, on_every_store},
};

#[tokio::test]
async fn p12_no_secret_reaches_a_log_a_debug_or_an_error() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.subscriber());
    let secrets = Mutex::new(vec!["the-application's-own-secret".to_owned()]);
    let note = |token: &str| secrets.lock().unwrap().push(token.to_owned());

    on_every_store(|backend| {
        let (said, note) = (&said, &note);
        async move {
            let world = World::new(backend).await;
            let app = app(world.sessions.clone());
            let mut browser = Browser::new(&app);
            browser.post("/attributes/iban/the-application's-own-secret").await;
            note(browser.token().unwrap());
            browser.post("/login/ada").await;
            note(browser.token().unwrap());
            let first = browser.clone();
            world.pass(minutes(15));
            browser.get("/me").await;
            note(browser.token().unwrap());
            browser.post("/count").await;
            browser.post("/role/admin").await;
            note(browser.token().unwrap());
            first.clone().get("/me").await;

            // A theft, a forgery, a broken store, a wrong type, a lost write.
            let issued = world.sessions.log_in("ada").await.unwrap();
            note(&issued.token().reveal());
            let session = world.sessions.authenticate(issued.token()).await.unwrap();
            let rotated = world.sessions.rotate(&session).await.unwrap();
            note(&rotated.token().reveal());
            let successor = world.sessions.authenticate(rotated.token()).await.unwrap();
            world.sessions.slide(&successor).await.unwrap();
            world.pass(minutes(1));
            said.error(&world.sessions.authenticate(issued.token()).await.unwrap_err());
            said.error(&world.sessions.rotate(&successor).await.unwrap_err());
            let forged = format!("x{}", &rotated.token().reveal()[1..]);
            said.error(&world.sessions.authenticate(&forged.parse().unwrap()).await.unwrap_err());
            said.error(&rotated.token().reveal()[1..].parse::<Token>().unwrap_err());
            world.calls.break_store(true);
            browser.get("/me").await;
            said.error(&world.sessions.start().await.unwrap_err());
            world.calls.break_store(false);
            said.error(
                &session.info().get::<u64>("iban").map(|_| io::Error::other("")).unwrap_or_else(io::Error::other),
            );

            // All that a user of the crate can print.
            let (layer, request) = (SessionLayer::new(world.sessions.clone()), Request::new(()));
            said.debug(&(&issued, &session, issued.token(), &world.sessions, &layer, session.info()));
            said.debug(&world.sessions.list("ada").await.unwrap());
            said.debug(&(Session::of(&request), world.sessions.log_in("ada"), world.sessions.counters()));
            let echo = tower::service_fn(|request: Request<()>| async move {
                let session = Session::of(&request);
                session.set("iban", "the-application's-own-secret").unwrap();
                let wrong = session.get::<u64>("iban").unwrap_err();
                Ok::<_, std::io::Error>(http::Response::new(format!("{request:?} {session:?} {wrong} {wrong:?}")))
            });
            let mut service = layer.layer(echo);
            said.debug(&service);
            let token = browser.token().unwrap();
            let request = Request::builder().method(Method::GET).extension(world.sessions.clone());
            let request = request.header("x-unrelated", "1").body(()).unwrap();
            said.debug(&service.ready().await.unwrap().call(request).await.unwrap());
            let future = service
                .ready()
                .await
                .unwrap()
                .call(Request::builder().header("cookie", format!("__Host-sid={token}")).body(()).unwrap());
            said.debug(&future);
            drop(future);
        }
    })
    .await;

    // Keys, and what is wrong with them.
    said.debug(&KeyRing::new(KEY).unwrap().with_previous(OTHER_KEY).unwrap());
    said.error(&KeyRing::new(&KEY[..31]).unwrap_err());
    said.error(&format!("{}!", BASE64_STANDARD.encode(KEY)).parse::<KeyRing>().unwrap_err());
    said.debug(&Config::production());

    let said = said.text();
    assert!(said.contains("session ended") && said.contains("session store failed"), "the log was captured");
    let secrets = secrets.into_inner().unwrap();
    assert!(secrets.len() > 12);
    for secret in &secrets {
        for part in forms(secret) {
            assert!(!said.contains(&part), "a secret was said: {}", excerpt(&said, &part));
        }
    }
    for key in [KEY, OTHER_KEY, &KEY[..31]] {
        for form in
            [String::from_utf8(key.to_vec()).unwrap(), BASE64_STANDARD.encode(key), format!("{key:?}"), hex(key)]
        {
            assert!(!said.contains(&form), "a key was said: {}", excerpt(&said, &form));
        }
    }
}

/// A token's secret and signature as text, as a list of numbers, and in hexadecimal digits; of
/// another secret the text.
fn forms(secret: &str) -> Vec<String> {
    let parts: Vec<&str> = secret.split('.').collect();
    let [first, _, last] = parts[..] else { return vec![secret.to_owned()] };
    let mut forms = Vec::new();
    for part in [first, last] {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
        let numbers = format!("{:?}", &bytes[..8]);
        forms.extend([part.to_owned(), numbers.trim_matches(['[', ']']).to_owned(), hex(&bytes)]);
    }
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn excerpt<'a>(said: &'a str, part: &str) -> &'a str {
    let at = said.find(part).unwrap();
    &said[said[..at].rfind('\n').map_or(0, |newline| newline + 1)..at]
}
