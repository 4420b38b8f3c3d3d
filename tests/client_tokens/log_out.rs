//! A log-out wins over a refresh in flight, at whatever point it comes, and the late result recreates nothing
//!

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use countersign::client::{ErrorKind, FileStorage, MemoryStorage, RefreshError, Storage, TokenManager, TokenSet};
use tempfile::TempDir;
use tokio::{runtime::Handle, task::block_in_place};

use crate::{
    LIFE, clock, elsewhere, eventually, held, in_time,
    scripted::{Refreshes, Scripted},
    stored, tokens,
};

/// Does something at the n-th of all the points that a refresh passes.
#[derive(Clone)]
struct Points {
    passed: Arc<AtomicUsize>,
    at: usize,
    act: Arc<Mutex<Option<Act>>>,
}

type Act = Box<dyn FnOnce() + Send>;

impl Points {
    fn at(n: usize) -> Self {
        Self { passed: Arc::default(), at: n, act: Arc::default() }
    }

    fn pass(&self) {
        let act = self.act.lock().unwrap().take();
        match act {
            Some(act) if self.passed.fetch_add(1, SeqCst) == self.at => act(),
            act => *self.act.lock().unwrap() = act,
        }
    }
}

/// One refresh of tokens in a file. Who logs out is called at the n-th point. Returns how many points there are.
async fn refresh_with_log_out_at(
    n: usize,
    log_out: impl FnOnce(TokenManager, FileStorage) -> Act,
) -> (usize, Vec<String>, Vec<String>) {
    let folder = TempDir::with_prefix("countersign-").unwrap();
    let path = folder.path().join("tokens.json");
    let (file, points, clock) = (FileStorage::new(&path), Points::at(n), clock());
    elsewhere(&file, Some(tokens(0, clock.now())));
    let storage = Scripted::over(file.clone());
    let (brought, discarded) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (noted, late, in_call, now) = (Arc::clone(&brought), Arc::clone(&discarded), points.clone(), clock.now());
    let refresher = move |_| {
        let (noted, in_call) = (Arc::clone(&noted), in_call.clone());
        async move {
            block_in_place(|| in_call.pass());
            noted.lock().unwrap().push("access-1".to_owned());
            block_in_place(|| in_call.pass());
            Ok::<TokenSet, RefreshError>(tokens(1, now))
        }
    };
    let manager = TokenManager::builder(refresher)
        .storage(storage.clone())
        .clock(clock)
        .on_discarded(move |tokens| late.lock().unwrap().push(crate::access(&tokens)))
        .build()
        .unwrap();
    *points.act.lock().unwrap() = Some(log_out(manager.clone(), file.clone()));
    let hook = points.clone();
    storage.at_each_step(move |_| hook.pass());

    let outcome = in_time(manager.refresh()).await;
    let passed = points.passed.load(SeqCst);
    if points.act.lock().unwrap().is_some() {
        assert_eq!((held(&manager), stored(&file)), (Some("access-1".to_owned()), Some("access-1".to_owned())));
    } else {
        assert!(!path.exists(), "point {n}: the file was created again");
        // A log-out elsewhere that came after the result was kept is seen with the next look.
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::NotAuthenticated);
            assert_eq!(held(&manager), None, "point {n}");
        }
        manager.reload().await.unwrap();
        assert_eq!(held(&manager), None, "point {n}");
        assert!(!path.exists());
    }
    let (brought, discarded) = (brought.lock().unwrap().clone(), discarded.lock().unwrap().clone());
    (passed, brought, discarded)
}

/// Logs out at each point, and says how many of the results were discarded.
async fn at_every_point(log_out: impl Fn(TokenManager, FileStorage) -> Act) -> (usize, usize) {
    let (points, brought, discarded) = refresh_with_log_out_at(usize::MAX, &log_out).await;
    assert_eq!((brought.len(), discarded.len()), (1, 0));
    let mut late = 0;
    for n in 0..points {
        let (_, brought, discarded) = refresh_with_log_out_at(n, &log_out).await;
        assert!(discarded.is_empty() || discarded == brought, "point {n}");
        late += discarded.len();
    }
    (points, late)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_in_another_process_wins_at_every_point_of_a_refresh() {
    let (points, late) = at_every_point(|_, file| Box::new(move || elsewhere(&file, None))).await;
    // The lease, the look, the call, the step: before and after each. Late is what comes from the end of the look to
    // the beginning of the step.
    assert_eq!((points, late), (8, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_out_in_this_process_wins_at_every_point_of_a_refresh() {
    let (points, late) = at_every_point(|manager, _| {
        let runtime = Handle::current();
        Box::new(move || runtime.block_on(manager.clear()).unwrap())
    })
    .await;
    // After the look, no call is made. But what was kept a moment before, and given to nobody, is late.
    assert_eq!((points, late), (8, 4));
}

#[tokio::test]
async fn a_log_out_does_not_wait_for_the_network() {
    let refreshes = Refreshes::held();
    let (storage, manager) = in_flight(&refreshes).await;
    in_time(manager.clear()).await.unwrap();
    assert_eq!((held(&manager), stored(&storage), refreshes.calls()), (None, None, 1));
    refreshes.let_through();
    eventually(vec!["access-1".to_owned()], || refreshes.discarded()).await;
    assert_eq!((held(&manager), stored(&storage)), (None, None));
}

#[tokio::test]
async fn a_log_in_during_a_refresh_is_what_counts() {
    let refreshes = Refreshes::held();
    let (storage, manager) = in_flight(&refreshes).await;
    manager.set(tokens(100, refreshes.clock.now())).await.unwrap();
    refreshes.let_through();
    eventually(vec!["access-1".to_owned()], || refreshes.discarded()).await;
    assert_eq!(held(&manager).as_deref(), Some("access-100"));
    assert_eq!(stored(&storage).as_deref(), Some("access-100"));
}

#[tokio::test]
async fn a_log_in_elsewhere_during_a_refresh_is_what_everybody_gets() {
    let refreshes = Refreshes::held();
    let (storage, manager) = in_flight(&refreshes).await;
    elsewhere(&storage, Some(tokens(100, refreshes.clock.now())));
    let waiting = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    refreshes.let_through();
    assert_eq!(crate::access(&waiting.await.unwrap().unwrap()), "access-100");
    assert_eq!(refreshes.discarded(), ["access-1"]);
    assert_eq!(stored(&storage).as_deref(), Some("access-100"));
}

#[tokio::test]
async fn whoever_waits_for_a_refresh_that_a_log_out_has_beaten_is_told_to_log_in() {
    let refreshes = Refreshes::held();
    let (_, manager) = in_flight(&refreshes).await;
    let waiting = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    tokio::task::yield_now().await;
    manager.clear().await.unwrap();
    refreshes.let_through();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::NotAuthenticated);
}

#[tokio::test]
async fn a_log_out_elsewhere_before_a_refresh_spares_the_call() {
    let refreshes = Refreshes::new();
    let storage = MemoryStorage::new();
    let manager = refreshes.manager(storage.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    elsewhere(&storage, None);
    assert_eq!(manager.refresh().await.unwrap_err().kind(), ErrorKind::NotAuthenticated);
    assert_eq!((refreshes.calls(), held(&manager)), (0, None));
}

#[tokio::test]
async fn a_log_out_is_heard_while_another_process_holds_the_lease() {
    let refreshes = Refreshes::new();
    let storage = MemoryStorage::new();
    let manager = refreshes.manager(storage.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    let lease = storage.try_lease().unwrap().unwrap();
    let waiting = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    tokio::task::yield_now().await;
    manager.clear().await.unwrap();
    assert_eq!(in_time(waiting).await.unwrap().unwrap_err().kind(), ErrorKind::NotAuthenticated);
    drop(lease);
    assert_eq!(refreshes.calls(), 0);
}

#[tokio::test]
async fn a_log_in_while_another_process_holds_the_lease_is_not_renewed_without_it() {
    let (refreshes, storage) = (Refreshes::new(), MemoryStorage::new());
    let manager = refreshes.manager(storage.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    let due = tokens(100, refreshes.clock.now());
    refreshes.clock.advance(LIFE);
    let lease = storage.try_lease().unwrap().unwrap();
    let other = manager.clone();
    let waiting = tokio::spawn(async move { other.refresh().await });
    tokio::task::yield_now().await;
    manager.set(due).await.unwrap();
    assert_eq!(crate::access(&in_time(waiting).await.unwrap().unwrap()), "access-100");
    assert_eq!(refreshes.calls(), 0);
    drop(lease);
}

/// A manager whose refresh has reached the server, and waits there.
async fn in_flight(refreshes: &Refreshes) -> (MemoryStorage, TokenManager) {
    let storage = MemoryStorage::new();
    let manager = refreshes.manager(storage.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    eventually(1, || refreshes.calls()).await;
    (storage, manager)
}
