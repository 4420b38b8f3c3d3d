//! Ends that stay: what comes late, from this process or another, recreates nothing (R-17).

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use countersign::client::{
    ClientSession, ErrorKind, LinkedSession, NoRefresh, RefreshError, RefreshToken, SessionState, TokenManager,
    TokenSet, UserInfo,
};
use tokio::sync::Notify;

use crate::support::{Place, clock, cookies_of, set_cookies, tokens, uri};

async fn two_processes() -> (Place, ClientSession, ClientSession) {
    let (place, clock) = (Place::default(), clock());
    let log_in = place.session(&clock).log_in(tokens("a")).user(UserInfo::new("ada"));
    log_in.cookies_from(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    let (one, other) = (place.session(&clock), place.session(&clock));
    (place, one, other)
}

#[tokio::test]
async fn a_clear_leaves_nothing_here_or_in_the_storage() {
    let (place, session, _) = two_processes().await;
    session.clear().await.unwrap();
    assert!(place.is_empty());
    assert!(session.tokens().tokens().is_none() && session.user().is_none() && cookies_of(&session).is_empty());
    assert_eq!(session.validity().session, SessionState::None);
    session.clear().await.unwrap();
    assert_eq!(place.writes(), 2, "a second clear finds nothing to do");
}

#[tokio::test]
async fn a_save_that_comes_after_a_log_out_elsewhere_recreates_nothing() {
    let (place, one, other) = two_processes().await;
    one.clear().await.unwrap();
    let error = other.take_cookies(&uri(), &set_cookies(["late=1; Path=/"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAuthenticated);
    assert!(place.is_empty());
    assert!(!other.is_valid() && other.user().is_none() && cookies_of(&other).is_empty());
    assert!(other.tokens().tokens().is_none(), "and its tokens are gone too");
}

#[tokio::test]
async fn calls_that_are_saved_after_a_log_out_elsewhere_recreate_nothing() {
    let (place, one, other) = two_processes().await;
    other.record_call("api.example.com");
    one.clear().await.unwrap();
    assert!(other.save().await.is_err());
    assert!(place.is_empty());
    other.record_call("api.example.com");
    other.save().await.unwrap();
    assert!(place.is_empty());
}

#[tokio::test]
async fn nothing_of_one_session_is_mixed_into_the_next() {
    let (place, one, other) = two_processes().await;
    one.clear().await.unwrap();
    one.log_in(tokens("b")).user(UserInfo::new("eve")).await.unwrap();
    assert!(other.take_cookies(&uri(), &set_cookies(["late=1; Path=/"])).await.is_err());
    assert!(place.json().get("cookies").is_none(), "{:?}", place.json());
    assert_eq!(other.user().unwrap().id(), "eve", "it goes on with the session that there is");
    assert_eq!(other.tokens().tokens().unwrap().access_token().reveal(), "b");
    assert!(cookies_of(&other).is_empty());
}

#[tokio::test]
async fn where_the_tokens_alone_were_cleared_the_rest_goes_with_them() {
    let (place, one, other) = two_processes().await;
    one.tokens().clear().await.unwrap();
    assert!(cookies_of(&one).is_empty(), "no cookie is sent from then on");
    assert_eq!(one.validity().session, SessionState::None);
    assert!(other.set_user(UserInfo::new("ada2")).await.is_err());
    assert!(place.is_empty());
}

#[tokio::test]
async fn an_answer_that_comes_after_the_log_out_is_not_taken_in() {
    let (place, session, _) = two_processes().await;
    let sent = session.moment();
    session.clear().await.unwrap();
    session.take_cookies_of(&sent, &uri(), &set_cookies(["late=1; Path=/"])).await.unwrap();
    assert!(place.is_empty() && cookies_of(&session).is_empty());
    session.log_in(tokens("b")).await.unwrap();
    session.take_cookies_of(&sent, &uri(), &set_cookies(["late=1; Path=/"])).await.unwrap();
    assert!(cookies_of(&session).is_empty());
    session.take_cookies_of(&session.moment(), &uri(), &set_cookies(["new=1; Path=/"])).await.unwrap();
    assert_eq!(cookies_of(&session), ["new=1"]);
}

#[tokio::test]
async fn a_log_in_takes_no_cookie_of_the_former_session_along() {
    let (place, session, _) = two_processes().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    place.before_each_step({
        let (seen, session) = (Arc::clone(&seen), session.clone());
        move || {
            let token = session.tokens().tokens().unwrap().access_token().reveal().to_owned();
            seen.lock().unwrap().push((token, cookies_of(&session)));
        }
    });
    session.log_in(tokens("b")).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [("b".to_owned(), Vec::new())]);
}

#[tokio::test]
async fn a_change_during_a_log_in_is_kept_by_the_next_save() {
    let (place, session, _) = two_processes().await;
    let session = session.auto_save(false);
    place.before_each_step({
        let session = session.clone();
        move || {
            let mut change = std::pin::pin!(session.set_user(UserInfo::new("eve")));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(change.as_mut().poll(&mut context).is_ready());
        }
    });
    session.log_in(tokens("b")).await.unwrap();
    place.before_each_step(|| {});
    assert!(session.has_unsaved() && place.json().get("user").is_none());
    session.save().await.unwrap();
    assert_eq!(place.json()["user"]["id"], "eve");
}

#[tokio::test]
async fn a_log_in_that_was_not_kept_does_not_come_back_over_another() {
    let (place, one, other) = two_processes().await;
    place.break_down(true);
    one.log_in(tokens("b")).await.unwrap_err();
    place.break_down(false);
    other.log_in(tokens("c")).await.unwrap();
    assert_eq!(one.save().await.unwrap_err().kind(), ErrorKind::NotAuthenticated);
    assert_eq!(place.json()["access_token"], "c");
    assert_eq!(one.tokens().tokens().unwrap().access_token().reveal(), "c");
}

#[tokio::test]
async fn a_secure_clear_tells_the_server_first() {
    let (place, session, _) = two_processes().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let revoke = {
        let (seen, place) = (Arc::clone(&seen), place.clone());
        move |tokens: TokenSet| {
            seen.lock().unwrap().push((tokens.access_token().reveal().to_owned(), place.is_empty()));
            async { Ok::<_, std::io::Error>(()) }
        }
    };
    session.clear_securely(revoke.clone()).await.into_result().unwrap();
    assert_eq!(*seen.lock().unwrap(), [("a".to_owned(), false)]);
    assert!(place.is_empty() && session.tokens().tokens().is_none());
    session.clear_securely(revoke).await.into_result().unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1, "without tokens there is nothing to revoke");
}

#[tokio::test]
async fn a_secure_clear_wipes_whatever_the_server_says() {
    for how in ["error", "panic"] {
        let (place, session, _) = two_processes().await;
        let cleared = session
            .clear_securely(move |_| async move {
                assert_eq!(how, "error", "this is to panic");
                Err("no connection")
            })
            .await;
        assert_eq!(cleared.revoked.as_ref().unwrap_err().kind(), ErrorKind::Network);
        assert!(cleared.wiped.is_ok() && cleared.into_result().is_err());
        assert!(place.is_empty() && session.tokens().tokens().is_none() && session.user().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_secure_clear_does_not_wait_for_ever() {
    let (place, session, _) = two_processes().await;
    let cleared = session.clear_securely(|_| std::future::pending::<Result<(), std::io::Error>>()).await;
    assert!(cleared.revoked.is_err() && cleared.wiped.is_ok());
    assert!(place.is_empty());
}

#[tokio::test]
async fn a_secure_clear_revokes_what_another_process_has_renewed() {
    let (place, session, other) = two_processes().await;
    other.tokens().set(tokens("b")).await.unwrap();
    let (calls, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let cleared = session
        .clear_securely({
            let (calls, seen) = (Arc::clone(&calls), Arc::clone(&seen));
            move |tokens: TokenSet| {
                seen.lock().unwrap().push(tokens.access_token().reveal().to_owned());
                let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
                let other = other.clone();
                async move {
                    if first {
                        // A refresh that was in flight ends between the revocation and the wiping.
                        other.tokens().set(crate::support::tokens("c")).await.unwrap();
                    }
                    Ok::<_, std::io::Error>(())
                }
            }
        })
        .await;
    cleared.into_result().unwrap();
    assert_eq!(*seen.lock().unwrap(), ["b", "c"]);
    assert!(place.is_empty());
}

#[tokio::test]
async fn a_storage_that_fails_does_not_keep_a_session_alive_here() {
    let (place, session, _) = two_processes().await;
    place.break_down(true);
    assert_eq!(session.clear().await.unwrap_err().kind(), ErrorKind::Storage);
    assert!(session.tokens().tokens().is_none() && session.user().is_none() && !session.is_valid());
}

#[tokio::test]
async fn log_out_wins_over_a_refresh_in_flight() {
    let (place, clock) = (Place::default(), clock());
    let (called, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let refresher = {
        let (called, gate) = (Arc::clone(&called), Arc::clone(&gate));
        move |_: RefreshToken| {
            let (called, gate) = (Arc::clone(&called), Arc::clone(&gate));
            async move {
                called.notify_one();
                gate.notified().await;
                TokenSet::new("late").map_err(RefreshError::refused)
            }
        }
    };
    let manager = TokenManager::builder(refresher).storage(place.clone()).clock(clock.clone()).build().unwrap();
    let session = ClientSession::from(manager);
    for elsewhere in [false, true] {
        session.log_in(tokens("a").with_refresh_token("r").unwrap()).user(UserInfo::new("ada")).await.unwrap();
        let other = place.session(&clock);
        let refresh = tokio::spawn({
            let session = session.clone();
            async move { session.tokens().refresh().await }
        });
        called.notified().await;
        if elsewhere {
            other.clear().await.unwrap();
        } else {
            session.clear().await.unwrap();
        }
        gate.notify_one();
        assert!(refresh.await.unwrap().is_err());
        assert!(place.is_empty() && session.tokens().tokens().is_none());
        session.record_call("api.example.com");
        // Here it is known; of the end elsewhere the save finds out.
        assert_eq!(session.save().await.is_err(), elsewhere);
        assert!(place.is_empty() && !session.is_valid());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_late_save_does_not_bring_the_file_back() {
    use countersign::client::NoRefresh;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    let open = || ClientSession::new(TokenManager::builder(NoRefresh).file(&file).clock(clock()).build().unwrap());
    let one = open();
    one.log_in(tokens("a")).user(UserInfo::new("ada")).await.unwrap();
    let other = open();
    assert!(file.exists() && other.user().is_some());
    one.clear().await.unwrap();
    assert!(!file.exists());
    assert!(other.take_cookies(&uri(), &set_cookies(["late=1; Path=/"])).await.is_err());
    assert!(!file.exists());
}

#[tokio::test]
async fn a_log_out_of_the_tokens_alone_leaves_nothing_in_the_storage_either() {
    let (place, session, _) = two_processes().await;
    session.link("Wallet", LinkedSession::new().with_secret("sesame")).await.unwrap();
    let tokens = TokenManager::builder(NoRefresh).storage(place.clone()).build().unwrap();
    tokens.clear().await.unwrap();
    assert!(place.is_empty());
}
