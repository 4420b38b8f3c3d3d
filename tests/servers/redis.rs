//! Redis on its own, as a cluster and under sentinels serves, crashes and comes back.

use crate::{
    lives,
    support::servers::{
        self,
        redis::{Cluster, Node, Reply, Sentinel, Standalone},
        wait_until,
    },
};

#[test]
fn redis_comes_back_from_kill_9_with_its_keys_and_leaves_nothing_behind() {
    let redis = Standalone::start();
    redis.say(&["SET", "key", "value"]).unwrap();
    let (before, port) = (redis.server().pid(), redis.server().port());
    redis.server().kill_9();
    assert!(!lives(before) && redis.say(&["PING"]).is_err());
    redis.server().restart();
    assert_eq!(redis.server().port(), port);
    assert_eq!(value(redis.node(), "key"), "value");
    assert_ne!(redis.server().pid(), before);

    redis.server().restart();
    assert_eq!(value(redis.node(), "key"), "value", "it need not have been killed");

    let (id, folder) = (redis.server().pid(), redis.server().folder().to_owned());
    redis.server().stop_cont(true);
    drop(redis);
    assert!(!lives(id) && !folder.exists(), "even if it was stopped");
}

#[test]
fn a_redis_that_is_stopped_answers_when_it_goes_on() {
    let redis = Standalone::start();
    redis.server().stop_cont(true);
    let error = redis.say(&["PING"]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "time is up");
    redis.server().stop_cont(false);
    assert_eq!(redis.say(&["PING"]).unwrap(), Reply::Text("PONG".to_owned()));
}

#[test]
fn a_cluster_replaces_a_master_that_was_killed_and_takes_it_back() {
    let cluster = Cluster::start();
    assert_eq!(cluster.urls().len(), 6);
    let old = cluster.master("key").unwrap();
    let heir = cluster.replica("key").unwrap().port();
    old.say(&["SET", "key", "value"]).unwrap();
    assert_eq!(old.say(&["WAIT", "1", "1000"]).unwrap(), Reply::Number(1));
    old.server().kill_9();
    wait_until("the replica is master", || cluster.master("key").is_some_and(|master| master.port() == heir));
    assert_eq!(value(cluster.master("key").unwrap(), "key"), "value");
    old.server().restart();
    cluster.wait_until_well();
    assert_eq!(cluster.replica("key").unwrap().port(), old.port());
}

#[test]
fn sentinels_replace_a_master_that_was_killed() {
    let sentinel = Sentinel::start();
    assert_eq!((sentinel.nodes().len(), sentinel.urls().len()), (3, 3));
    let old = sentinel.master().unwrap();
    old.say(&["SET", "key", "value"]).unwrap();
    assert_eq!(old.say(&["WAIT", "2", "1000"]).unwrap(), Reply::Number(2));
    old.server().kill_9();
    wait_until("another is master", || {
        let master = sentinel.master().filter(|master| master.port() != old.port());
        master.and_then(|master| master.info("role")).as_deref() == Some("master")
    });
    assert_eq!(value(sentinel.master().unwrap(), "key"), "value");
}

#[test]
fn the_shared_one_is_the_same_for_all() {
    let ports = std::thread::scope(|scope| {
        let port = || servers::redis().server().port();
        [scope.spawn(port), scope.spawn(port)].map(|thread| thread.join().unwrap())
    });
    assert_eq!(ports[0], ports[1]);
    assert_eq!(servers::redis().url(), format!("redis://127.0.0.1:{}/", ports[0]));
}

fn value(node: &Node, key: &str) -> String {
    node.say(&["GET", key]).unwrap().text()
}
