//! No log, no Debug output and no error holds a token.

use std::{fmt::Debug, sync::atomic::Ordering::SeqCst};

use countersign::client::{MemoryStorage, TokenManager};

use crate::{
    LIFE, MINUTE, elsewhere, manager,
    said::Said,
    scripted::{Answer, Refreshes, Scripted},
    tokens,
};

#[tokio::test]
async fn whatever_happens_no_token_is_written_anywhere() {
    let captured = Said::default();
    // For all threads, and so for all tests beside this one: theirs hold no token either.
    tracing::subscriber::set_global_default(captured.subscriber()).unwrap();

    let storage = Scripted::over(MemoryStorage::new());
    let (manager, refreshes) = manager(storage.clone()).await;
    let mut said = String::new();
    let mut say = |what: &dyn Debug| said += &format!("{what:?} {what:#?}\n");
    let task = manager.spawn_refresh();
    say(&task);
    say(&TokenManager::builder(Refreshes::new()).tokens(tokens(0, refreshes.clock.now())));
    let mut watch = manager.watch();
    say(&manager.refresh().await);
    say(&watch.changed().await);
    say(&(watch.latest(), watch));
    storage.full.store(true, SeqCst);
    say(&manager.refresh().await);
    say(&manager.storage_error());
    storage.full.store(false, SeqCst);
    refreshes.clock.advance(LIFE);
    for answer in [Answer::TryAgain(None), Answer::Panic, Answer::Refused] {
        refreshes.answer(answer);
        let error = manager.access_token().await.unwrap_err();
        say(&(&error, error.to_string()));
        refreshes.clock.advance(MINUTE);
    }
    say(&(manager.refresh_error(), manager.tokens(), manager.clone()));
    manager.set(tokens(100, refreshes.clock.now())).await.unwrap();
    say(&manager.access_token().await);
    elsewhere(&storage.inner, None);
    say(&manager.refresh().await);
    storage.corrupt.store(true, SeqCst);
    say(&manager.reload().await);
    say(&manager.clear().await);
    task.stop().await;

    let logs = captured.text();
    for line in ["tokens were renewed", "the storage of tokens has failed", "tokens cannot be renewed"] {
        assert!(logs.contains(line), "the logs were captured: {line}\n{logs}");
    }
    for text in [said, logs] {
        assert!(!text.contains("access-") && !text.contains("refresh-"), "{text}");
    }
}
