//! What is said where a store cannot be opened.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use countersign::{RedisStore, StoreError, StoreErrorKind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{NOW, fresh, kept, support::servers};
use countersign::SessionStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_too_old_is_told_by_its_version() {
    for (version, mode, expected) in [
        ("5.0.14", "standalone", "5.0.14"),
        ("6.0.16", "standalone", "6.0.16"),
        ("7.0.0", "cluster", "redis+cluster://"),
        ("7.0.0", "sentinel", "redis+sentinel://"),
    ] {
        let url = impostor(version, mode).await;
        let error = RedisStore::open(&url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Open);
        assert!(text(&error).contains(expected), "{}", text(&error));
    }
    let url = impostor("7.0.0", "standalone").await.replace("redis://", "redis+cluster://");
    assert!(text(&RedisStore::open(&url).await.unwrap_err()).contains("belongs to no cluster"));
    let node = servers::cluster().urls()[0].clone();
    assert!(text(&RedisStore::open(&node).await.unwrap_err()).contains("redis+cluster://"));
    let sentinel = servers::sentinel().urls()[0].clone();
    assert!(text(&RedisStore::open(&sentinel).await.unwrap_err()).contains("redis+sentinel://"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_error_names_a_password_and_each_names_the_place() {
    let port = servers::redis().server().port();
    let unknown = servers::free_port();
    let sentinels: Vec<String> =
        servers::sentinel().urls().iter().map(|url| url.replace("redis://", "").replace('/', "")).collect();
    for (url, place) in [
        (format!("redis://:geheim@127.0.0.1:{port}/0"), format!("127.0.0.1:{port}")),
        (format!("redis://ada:geheim@127.0.0.1:{port}"), format!("127.0.0.1:{port}")),
        (format!("redis://ada:geheim@127.0.0.1:{unknown}"), format!("127.0.0.1:{unknown}")),
        (format!("rediss://ada:geheim@127.0.0.1:{port}"), format!("127.0.0.1:{port}")),
        (format!("redis+cluster://ada:geheim@127.0.0.1:{port}/"), format!("127.0.0.1:{port}")),
        (format!("redis+sentinel://ada:geheim@{}/nobody", sentinels[0]), "nobody".to_owned()),
        (format!("redis://ada:geheim@127.0.0.1:{port}/99999"), "99999".to_owned()),
        ("redis://ada:geheim@:77777".to_owned(), "on Redis".to_owned()),
    ] {
        let error = RedisStore::open(&url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Open, "{url}");
        let all = format!("{} {error:?}", text(&error));
        assert!(all.contains(&place), "{url}: {all}");
        assert!(!all.contains("geheim"), "{url}: {all}");
    }
    assert!(!format!("{:?}", RedisStore::builder().sentinel_login(None, "geheim")).contains("geheim"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_form_of_url_opens_what_it_names() {
    let (_, builder) = fresh();
    let hosts = |urls: Vec<String>| {
        urls.iter().map(|url| url.replace("redis://", "").replace('/', "")).collect::<Vec<_>>().join(",")
    };
    for url in [
        servers::redis().url(),
        format!("redis+cluster://{}/", hosts(servers::cluster().urls())),
        format!("redis+sentinel://{}/{}", hosts(servers::sentinel().urls()), servers::redis::Sentinel::SERVICE),
        format!("redis+sentinel://{}/{}/3", hosts(servers::sentinel().urls()), servers::redis::Sentinel::SERVICE),
    ] {
        let store = builder.clone().open(&url).await.unwrap();
        let record = kept(&store, Some("ada")).await;
        assert_eq!(store.load(record.id(), NOW).await.unwrap().as_deref(), Some(&record), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_longer_than_the_deadline_to_connect() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let start = Instant::now();
    let opening = RedisStore::builder()
        .connect_timeout(Duration::from_millis(200))
        .open(&format!("redis://127.0.0.1:{port}"))
        .await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(opening.unwrap_err().kind(), StoreErrorKind::Open);
}

/// A server that says it were another.
async fn impostor(version: &str, mode: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let info = format!("# Server\r\nredis_version:{version}\r\nredis_mode:{mode}\r\n");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let info = info.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 4_096];
                while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                    let asked = String::from_utf8_lossy(&bytes[..read]).to_uppercase();
                    // One answer for each command; INFO comes alone.
                    let answer = if asked.contains("INFO\r\n$6\r\nSERVER") {
                        format!("${}\r\n{info}\r\n", info.len())
                    } else {
                        "+OK\r\n".repeat(asked.matches('*').count())
                    };
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    url
}

/// The error, and all that is behind it.
fn text(error: &StoreError) -> String {
    let mut all = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        all += &format!(": {reason}");
        source = reason.source();
    }
    all
}
