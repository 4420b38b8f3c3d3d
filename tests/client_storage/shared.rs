//! Several processes, and several values in one of them, on one file.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use countersign::client::{FileStorage, Storage, StorageErrorKind, TokenSet, Update};

use crate::{
    Home,
    child::{Child, INCREMENTS},
    increment, save, token, write,
};

#[test]
fn eight_processes_lose_no_update() {
    let home = Home::new();
    let start = Instant::now();
    let children: Vec<_> = (0..8).map(|_| Child::start("increment", &home.file())).collect();
    children.into_iter().for_each(Child::finish);
    println!("8 processes, {INCREMENTS} updates each: {:?}", start.elapsed());
    assert_eq!(token(&home.storage()).unwrap(), (8 * INCREMENTS).to_string());
}

#[test]
fn two_values_in_one_process_exclude_each_other() {
    let home = Home::new();
    let shared = home.storage();
    thread::scope(|scope| {
        for alone in [true, true, false, false] {
            let storage = if alone { home.storage() } else { shared.clone() };
            scope.spawn(move || (0..25).for_each(|_| increment(&storage)));
        }
    });
    assert_eq!(token(&shared).unwrap(), "100");
}

#[test]
fn a_step_waits_for_another_no_longer_than_it_is_told_and_reading_does_not_wait() {
    let home = Home::new();
    save(&home.storage(), "a").unwrap();
    in_a_step(&home.storage(), "b", || {
        let impatient = home.storage().lock_timeout(Duration::from_millis(20));
        let error = save(&impatient, "c").unwrap_err();
        assert_eq!(*error.kind(), StorageErrorKind::Locked);
        assert!(error.to_string().contains("tokens.json.lock"), "{error}");
        assert_eq!(token(&impatient).unwrap(), "a");
    });
    assert_eq!(token(&home.storage()).unwrap(), "b");
}

#[test]
fn what_looks_corrupt_is_looked_at_again_when_nobody_writes() {
    let home = Home::new();
    let reader = in_a_step(&home.storage(), "good", || {
        write(&home.file(), b"{\"acc");
        let storage = home.storage();
        let reader = thread::spawn(move || token(&storage));
        // Long enough for it to have seen that, and not to be sure.
        thread::sleep(Duration::from_millis(100));
        reader
    });
    assert_eq!(reader.join().unwrap().unwrap(), "good");
    assert_eq!(home.names(), ["tokens.json", "tokens.json.lock"], "nothing was set aside");
}

#[test]
fn a_lease_has_one_holder_and_ends_with_it() {
    let home = Home::new();
    let (one, other) = (home.storage(), home.storage());
    let lease = one.try_lease().unwrap().expect("it is free");
    assert!(other.try_lease().unwrap().is_none() && one.try_lease().unwrap().is_none());
    save(&other, "a").unwrap();
    drop(lease);
    assert!(other.try_lease().unwrap().is_some());
}

#[test]
fn a_lease_of_another_process_ends_with_kill_9() {
    let home = Home::new();
    for _ in 0..20 {
        let mut child = Child::start("lease", &home.file());
        child.wait_for("held");
        assert!(home.storage().try_lease().unwrap().is_none());
        child.kill_9();
        assert!(home.storage().try_lease().unwrap().is_some());
    }
}

/// Runs this while another thread is in a step, that saves this token afterwards.
fn in_a_step<T>(storage: &FileStorage, token: &str, meanwhile: impl FnOnce() -> T) -> T {
    let (entered, enter) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            storage.update(&mut |document| {
                entered.send(()).unwrap();
                let _ = left.recv();
                document.set_tokens(Some(TokenSet::new(token).unwrap()));
                Update::Changed
            })
        });
        enter.recv().unwrap();
        let result = meanwhile();
        drop(leave);
        result
    })
}
