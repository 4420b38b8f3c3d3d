//! What fails, or comes at the wrong moment, mixes no two sessions and leaves nothing of one that has ended.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Waker},
    time::Duration,
};

use countersign::{
    Clock,
    client::{ClientSession, ClientSessions, RefreshError, Refresher, TokenManager, TokenSet, UserInfo},
};

use crate::support::{Place, clock, cookies_of, minutes, set_cookies, tokens, uri};

async fn ada() -> (Place, ClientSession) {
    let place = Place::default();
    let session = place.session(&clock());
    let log_in = session.log_in(tokens("a")).user(UserInfo::new("ada"));
    log_in.cookies_from(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    (place, session)
}

/// What was not kept is made up for within a second or two.
async fn eventually(come: impl Fn() -> bool) {
    let wait = async {
        while !come() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it comes in time");
}

#[tokio::test]
async fn a_log_out_that_is_made_up_for_leaves_no_part_behind() {
    let (place, session) = ada().await;
    place.break_down(true);
    session.clear().await.unwrap_err();
    place.break_down(false);
    eventually(|| place.json().get("access_token").is_none()).await;
    assert!(place.is_empty(), "{}", place.json());
}

#[tokio::test]
async fn a_log_in_that_is_made_up_for_takes_nothing_of_the_former_session_along() {
    let (place, session) = ada().await;
    place.break_down(true);
    session.log_in(tokens("b")).user(UserInfo::new("eve")).await.unwrap_err();
    place.break_down(false);
    eventually(|| place.json()["access_token"] == "b").await;
    let next_run = place.session(&clock());
    assert_eq!(next_run.user().unwrap().id(), "eve");
    assert!(cookies_of(&next_run).is_empty());
    session.set_user(UserInfo::new("eve the second")).await.unwrap();
    assert_eq!(place.session(&clock()).user().unwrap().id(), "eve the second");
}

#[tokio::test]
async fn a_log_out_that_is_made_up_for_spares_a_log_in_elsewhere() {
    let (place, session) = ada().await;
    place.break_down(true);
    session.clear().await.unwrap_err();
    place.break_down(false);
    // By cookies alone, so that no tokens tell the two apart.
    let other = place.session(&clock());
    other.log_in(None).user(UserInfo::new("eve")).await.unwrap();
    session.reload().await.unwrap();
    assert_eq!(place.session(&clock()).user().unwrap().id(), "eve");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_out_stops_all_calls_even_while_another_step_is_under_way() {
    let (place, session) = ada().await;
    let (entered, was_entered) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    place.before_each_step(move || {
        let _ = entered.send(());
        let _ = wait.recv();
    });
    let saving = tokio::spawn({
        let session = session.clone();
        async move { session.set_user(UserInfo::new("ada2")).await }
    });
    tokio::task::spawn_blocking(move || was_entered.recv().unwrap()).await.unwrap();
    {
        let mut clear = pin!(session.clear());
        assert!(clear.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(session.tokens().tokens().is_none() && cookies_of(&session).is_empty());
    }
    drop(go_on);
    let _ = saving.await.unwrap();
    eventually(|| place.is_empty()).await;
}

/// Logs in when it is asked whether the old tokens can be renewed: while it is found out whether a session is dead.
struct LogsInMeanwhile {
    manager: Arc<OnceLock<TokenManager>>,
    /// At the last of so many questions.
    after: Arc<AtomicUsize>,
}

impl Refresher for LogsInMeanwhile {
    async fn refresh(&self, _: TokenSet) -> Result<TokenSet, RefreshError> {
        Err(RefreshError::refused("no"))
    }

    fn can_refresh(&self, _: &TokenSet) -> bool {
        if self.after.fetch_sub(1, Ordering::SeqCst) == 1 {
            let manager = self.manager.get().unwrap();
            let mut set = pin!(manager.set(tokens("b").with_lifetime(minutes(600), crate::support::start())));
            while set.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                std::thread::yield_now();
            }
        }
        false
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clean_up_spares_a_session_into_which_somebody_logs_in_while_it_looks() {
    let (place, clock): (Place, Clock) = (Place::default(), clock());
    let (manager, after) = (Arc::new(OnceLock::new()), Arc::new(AtomicUsize::new(0)));
    let refresher = LogsInMeanwhile { manager: Arc::clone(&manager), after: Arc::clone(&after) };
    let tokens_of = TokenManager::builder(refresher).storage(place.clone()).clock(clock.clone()).build().unwrap();
    manager.set(tokens_of.clone()).unwrap();
    let session = ClientSession::new(tokens_of);
    session.log_in(tokens("a")).await.unwrap();
    clock.advance(minutes(200));
    let sessions = ClientSessions::new();
    sessions.insert("main", session.clone());
    after.store(2, Ordering::SeqCst);
    assert!(sessions.clean_up().await.ended.is_empty());
    assert_eq!(session.tokens().tokens().unwrap().access_token().reveal(), "b");
    assert_eq!(place.json()["access_token"], "b");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_spoilt_while_the_program_runs_is_written_anew_with_the_whole_session() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let folder = tempfile::TempDir::with_prefix("countersign-").unwrap();
    let file = folder.path().join("session.json");
    let start = || {
        ClientSession::new(
            TokenManager::builder(countersign::client::NoRefresh).file(&file).clock(clock()).build().unwrap(),
        )
    };
    for notices in ["the session", "the tokens"] {
        let session = start();
        session.log_in(tokens("a")).user(UserInfo::new("ada")).await.unwrap();
        fs::write(&file, "{ half").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        if notices == "the session" {
            session.take_cookies(&uri(), &set_cookies(["sid=1; Path=/; Max-Age=60"])).await.unwrap_err();
        } else {
            session.tokens().reload().await.unwrap_err();
            session.take_cookies(&uri(), &set_cookies(["sid=1; Path=/; Max-Age=60"])).await.unwrap();
        }
        session.save().await.unwrap();
        assert!(session.is_valid() && session.storage_error().is_none(), "noticed by {notices}");
        let next_run = start();
        assert_eq!(next_run.user().unwrap().id(), "ada", "noticed by {notices}");
        assert_eq!(next_run.tokens().tokens().unwrap().access_token().reveal(), "a");
        assert_eq!(cookies_of(&next_run), ["sid=1"]);
        session.clear().await.unwrap();
        assert!(!file.exists());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_that_finds_its_place_spoilt_brings_nothing_back_after_a_log_out_elsewhere() {
    let (place, session) = ada().await;
    let other = place.session(&clock());
    let folder = tempfile::TempDir::with_prefix("countersign-").unwrap();
    let file = folder.path().join("backup.json");
    let backup = countersign::client::FileStorage::new(&file);
    session.back_up_to(backup.clone()).await.unwrap();
    std::fs::write(&file, "{ half").unwrap();
    session.back_up_to(backup).await.unwrap_err();
    other.clear().await.unwrap();
    session.set_user(UserInfo::new("eve")).await.unwrap_err();
    session.tokens().reload().await.unwrap();
    assert!(place.is_empty() && session.tokens().tokens().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_spoilt_file_of_a_session_that_goes_by_cookies_alone_is_written_anew_too() {
    let folder = tempfile::TempDir::with_prefix("countersign-").unwrap();
    let file = folder.path().join("session.json");
    let manager = TokenManager::builder(countersign::client::NoRefresh).file(&file).clock(clock()).build().unwrap();
    let session = ClientSession::new(manager);
    let log_in = session.log_in(None).user(UserInfo::new("ada"));
    log_in.cookies_from(&uri(), &set_cookies(["sid=1; Path=/; Max-Age=60"])).await.unwrap();
    std::fs::write(&file, "{ half").unwrap();
    session.reload().await.unwrap_err();
    assert_eq!(cookies_of(&session), ["sid=1"]);
    session.save().await.unwrap();
    assert!(std::fs::read_to_string(&file).unwrap().contains("ada"));
}

#[tokio::test]
async fn a_log_out_that_is_made_up_for_wins_over_a_refresh_elsewhere() {
    let (place, session) = ada().await;
    let other = place.session(&clock());
    place.break_down(true);
    session.clear().await.unwrap_err();
    session.clear().await.unwrap_err();
    place.break_down(false);
    // As a refresh leaves it: other tokens, and the session is the same.
    other.tokens().set(tokens("a2")).await.unwrap();
    eventually(|| place.is_empty()).await;
    other.reload().await.unwrap();
    assert!(other.tokens().tokens().is_none() && other.user().is_none());
}

#[tokio::test]
async fn a_log_out_after_a_log_in_that_both_could_not_be_kept_leaves_nothing_of_the_session_before() {
    let (place, session) = ada().await;
    place.break_down(true);
    session.log_in(tokens("b")).user(UserInfo::new("eve")).await.unwrap_err();
    session.clear().await.unwrap_err();
    place.break_down(false);
    eventually(|| place.json().get("access_token").is_none()).await;
    assert!(place.is_empty(), "{}", place.json());
}
