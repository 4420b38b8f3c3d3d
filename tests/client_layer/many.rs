//! Many at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use countersign::client::{ClientLayer, RefreshError, RefreshToken, TokenManager};
use http::{Request, Response, StatusCode};
use tokio::sync::Barrier;
use tower::{Layer, ServiceExt, service_fn};

use crate::help::{Body, client, count, fresh, get, hyper, manager, request, server_for, server_that, status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_401s_is_healed_by_one_refresh() {
    const STORM: usize = 1_000;
    let refreshes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&refreshes);
    let refresh = move |_: RefreshToken| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, RefreshError>(fresh("new")) }
    };
    let tokens = TokenManager::builder(refresh).tokens(fresh("old")).build().unwrap();
    // All old tokens are on their way before any of them is refused.
    let all = Arc::new(Barrier::new(STORM));
    let api = service_fn(move |request: Request<String>| {
        let all = Arc::clone(&all);
        async move {
            let is_old = request.headers()["authorization"] == "Bearer old";
            let mut response = Response::new(request.into_body());
            if is_old {
                all.wait().await;
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let client = ClientLayer::new("https://api.example.com", tokens).unwrap().layer(api);
    let calls: Vec<_> = (0..STORM)
        .map(|n| {
            let request = Request::put("https://api.example.com/").body(n.to_string()).unwrap();
            tokio::spawn(client.clone().oneshot(request))
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        let response = call.await.unwrap().unwrap();
        assert_eq!((response.status(), response.into_body()), (StatusCode::OK, n.to_string()));
    }
    assert_eq!(refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_401s_on_real_sockets_are_one_refresh_at_the_server() {
    const STORM: usize = 1_000;
    #[cfg(unix)]
    allow_open_sockets();
    let at_the_door = Arc::new(Barrier::new(STORM));
    // Nobody is refused before all have come with the old token.
    let server = server_that(move |seen| {
        let (path, token) = (seen.path.clone(), seen.token().map(str::to_owned));
        let at_the_door = Arc::clone(&at_the_door);
        async move {
            match (path.as_str(), token.as_deref()) {
                ("/refresh", _) | (_, Some("new")) => status(200),
                _ => {
                    at_the_door.wait().await;
                    status(401)
                }
            }
        }
    })
    .await;
    let refresh = {
        let url = server.url("/refresh");
        move |_: RefreshToken| {
            let url = url.clone();
            async move {
                hyper().request(request(url)).await.map_err(RefreshError::try_again)?;
                Ok::<_, RefreshError>(fresh("new"))
            }
        }
    };
    let tokens = TokenManager::builder(refresh).tokens(fresh("old")).build().unwrap();
    let client = client(&server, tokens);
    let calls: Vec<_> = (0..STORM)
        .map(|n| {
            let put = Request::put(server.url("/notes")).body(Body::from(n.to_string())).unwrap();
            tokio::spawn(client.clone().oneshot(put))
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
    }
    let seen = server.seen();
    let of = |path: &str, token: Option<&str>| {
        let mut bodies: Vec<usize> = seen
            .iter()
            .filter(|seen| seen.path == path && seen.token() == token)
            .map(|seen| String::from_utf8_lossy(&seen.body).parse().unwrap_or(STORM))
            .collect();
        bodies.sort_unstable();
        bodies
    };
    assert_eq!(of("/refresh", None).len(), 1);
    let each: Vec<usize> = (0..STORM).collect();
    assert_eq!((of("/notes", Some("old")), of("/notes", Some("new"))), (each.clone(), each));
    assert_eq!(seen.len(), 2 * STORM + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_tasks_on_real_sockets_share_one_refresh() {
    let server = server_for(&["new"]).await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let client = client(&server, tokens);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (client, url) = (client.clone(), server.url("/"));
            tokio::spawn(async move {
                for _ in 0..10 {
                    assert_eq!(get(&client, &url).await.status(), 200);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(count(&refreshes), 1);
    let good = server.tokens().iter().filter(|token| token.as_deref() == Some("new")).count();
    assert_eq!(good, 640);
}

/// Both ends of a thousand sockets are in this process: twice as many as most systems allow unasked.
#[cfg(unix)]
fn allow_open_sockets() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}
