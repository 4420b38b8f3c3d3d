//! No secret of a session is printed or logged (A-17).

use countersign::client::{ClientSessions, LinkedSession, UserInfo};

use crate::{
    said::Said,
    support::{Place, clock, set_cookies, tokens, uri},
};

#[test]
fn no_secret_is_in_debug_output_errors_or_logs() {
    let said = Said::default();
    tracing::subscriber::set_global_default(said.subscriber()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut printed = runtime.block_on(go());
    tracing::info!("the end of the logs");
    printed.push_str(&said.text());
    assert!(printed.contains("the end of the logs") && printed.contains("could not be read"), "{printed}");
    let secrets = ["secret-access", "secret-refresh", "secret-cookie", "secret-linked", "secret-finger", "Lovelace"];
    for secret in secrets {
        assert!(!printed.contains(secret), "{secret} in: {printed}");
    }
    assert!(printed.contains("ada") && printed.contains("wallet"), "what is no secret is told");
}

async fn go() -> String {
    let clock = clock();
    let place = Place::default();
    let session = place.session(&clock);
    let log_in = session
        .log_in(tokens("secret-access").with_refresh_token("secret-refresh").unwrap())
        .user(UserInfo::new("ada").with_name("Ada Lovelace"))
        .cookies_from(&uri(), &set_cookies(["sid=secret-cookie; Path=/"]))
        .link("wallet", LinkedSession::new().with_secret("secret-linked").with_tokens(tokens("secret-access-2")))
        .fingerprint("secret-finger");
    let mut printed = format!("{log_in:?}\n");
    log_in.await.unwrap();
    let sessions = ClientSessions::new();
    sessions.insert("a", session.clone());
    printed += &format!("{session:?}\n{sessions:?}\n{}\n{:?}\n", session.validity(), session.validity());
    session.update(|parts| printed += &format!("{parts:?}\n")).await.unwrap();
    printed += &format!("{:?}\n{:?}\n{:?}\n", session.metadata(), session.linked("wallet"), session.user());

    place.break_down(true);
    let error = session.set_user(UserInfo::new("eve")).await.unwrap_err();
    printed += &format!("{error} {error:?}\n");
    let cleared = session.clear_securely(|_| async { Err::<(), _>("no connection") }).await;
    printed += &format!("{cleared:?}\n");
    place.break_down(false);
    let broken = Place::holding(r#"{"access_token":"secret-access","user":"secret-cookie"}"#).session(&clock);
    printed + &format!("{:?}", broken.storage_error())
}
