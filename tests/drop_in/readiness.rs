//! tower's rule: `call` only a service that `poll_ready` has found ready, and that very one, not a
//! clone of it.

use std::{
    future::{Ready, poll_fn, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use countersign::{Session, SessionLayer, SessionService};
use http::{HeaderMap, Request, Response, header};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::{Backend, Pause, World, on_every_store};

/// A service with a permit a call, as tower's `ConcurrencyLimit` and `Buffer` have. A permit belongs
/// to the instance that was polled: a clone has none.
#[derive(Default)]
struct Strict {
    permit: Option<Permit>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    permits: AtomicUsize,
    calls: AtomicUsize,
    /// Not ready, however often it is polled, until this is 0.
    busy: AtomicUsize,
}

struct Permit(Arc<Counts>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.permits.fetch_sub(1, SeqCst);
    }
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { permit: None, counts: Arc::clone(&self.counts) }
    }
}

/// No `Error`, no `Debug`, no `Send`: an error of somebody's own.
#[derive(PartialEq)]
struct Odd(u32, std::marker::PhantomData<*const ()>);

const fn odd(number: u32) -> Odd {
    Odd(number, std::marker::PhantomData)
}

impl Service<Request<()>> for Strict {
    type Response = Response<String>;
    type Error = Odd;
    type Future = Ready<Result<Response<String>, Odd>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Odd>> {
        match self.counts.busy.load(SeqCst) {
            0 => {}
            FAILED => return Poll::Ready(Err(odd(1))),
            _ => return Poll::Pending,
        }
        if self.permit.is_none() {
            self.counts.permits.fetch_add(1, SeqCst);
            self.permit = Some(Permit(Arc::clone(&self.counts)));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let _used = self.permit.take().expect("called without having been ready");
        self.counts.calls.fetch_add(1, SeqCst);
        let user = Session::of(&request).user().unwrap_or("nobody".to_owned());
        ready(if request.uri().path() == "/fail" { Err(odd(2)) } else { Ok(Response::new(user)) })
    }
}

const FAILED: usize = usize::MAX;

/// A layer around a strict service, and a header for each way through the layer.
async fn setting(backend: Backend) -> (World, SessionService<Strict>, Arc<Counts>, [(HeaderMap, &'static str); 5]) {
    let world = World::new(backend).await;
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let headers = |name: header::HeaderName, values: &[String]| -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    };
    let cookie = |token: &str| headers(header::COOKIE, &[format!("__Host-sid={token}")]);
    let dead = world.sessions.log_in("grace").await.unwrap();
    world.sessions.revoke(dead.session_id(), countersign::Reason::ByOperator).await.unwrap();
    let ways = [
        (HeaderMap::new(), "nobody"),
        (cookie(&token), "ada"),
        (cookie("x"), "nobody"),
        (cookie(&dead.token().reveal()), "nobody"),
        // Two credentials: turned away by the layer itself.
        (headers(header::AUTHORIZATION, &[format!("Bearer {token}"), format!("Bearer {token}")]), ""),
    ];
    let strict = Strict::default();
    let counts = Arc::clone(&strict.counts);
    let service = SessionLayer::new(world.sessions.clone()).layer(strict);
    (world, service, counts, ways)
}

fn request(path: &str, headers: &HeaderMap) -> Request<()> {
    let mut request = Request::builder().uri(path).body(()).unwrap();
    request.headers_mut().clone_from(headers);
    request
}

#[tokio::test]
async fn whoever_was_polled_ready_is_called() {
    on_every_store(|backend| async move {
        let (world, mut service, counts, ways) = setting(backend).await;
        world.calls.pace.set(Pause::Yield);
        for (headers, user) in ways.iter().cycle().take(50) {
            let service = service.ready().await.ok().unwrap();
            let response = service.call(request("/", headers)).await.ok().unwrap();
            assert_eq!(response.body(), user);
        }
        assert_eq!(counts.calls.load(SeqCst), 40, "each but those that were turned away");
        assert_eq!(counts.permits.load(SeqCst), 0, "no permit was lost");

        // A request that waits for the store holds its permit; the next one needs one of its own.
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let service = service.ready().await.ok().unwrap();
            waiting.push(Box::pin(service.call(request("/", &ways[1].0))));
        }
        assert_eq!(counts.permits.load(SeqCst), 3);
        assert!(waiting[0].as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        for future in waiting.drain(1..) {
            assert_eq!(future.await.ok().unwrap().body(), "ada");
        }
        assert_eq!(counts.permits.load(SeqCst), 1);
        drop(waiting);
        assert_eq!(counts.permits.load(SeqCst), 0, "a client that hangs up gives its permit back");
    })
    .await;
}

#[tokio::test]
async fn it_is_ready_when_its_service_is_and_never_without_asking() {
    let (_world, mut service, counts, _) = setting(Backend::Memory).await;
    counts.busy.store(1, SeqCst);
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_pending());
    counts.busy.store(0, SeqCst);
    assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
    assert_eq!(counts.permits.load(SeqCst), 1);
    let mut clone = service.clone();
    assert_eq!(counts.permits.load(SeqCst), 1, "a clone has to be polled anew");
    assert!(clone.poll_ready(&mut context).is_ready());
    assert_eq!(counts.permits.load(SeqCst), 2);
}

#[tokio::test]
async fn errors_pass_untouched() {
    on_every_store(|backend| async move {
        let (world, mut service, counts, ways) = setting(backend).await;
        for (headers, _) in &ways[..4] {
            let service = service.ready().await.ok().unwrap();
            let error = service.call(request("/fail", headers)).await.err().unwrap();
            assert!(error == odd(2));
        }
        counts.busy.store(FAILED, SeqCst);
        let error = poll_fn(|context| service.poll_ready(context)).await.err().unwrap();
        assert!(error == odd(1));
        counts.busy.store(0, SeqCst);

        // The layer's own troubles are responses.
        world.calls.break_store(true);
        let service = service.ready().await.ok().unwrap();
        let response = service.call(request("/", &ways[1].0)).await.ok().unwrap();
        assert_eq!((response.status().as_u16(), response.body().as_str()), (503, ""));
    })
    .await;
}

/// A write that was buffered is not stored if the handler fails: there is no answer that it belongs to.
#[tokio::test]
async fn what_a_failing_service_wrote_is_not_stored() {
    on_every_store(|backend| async move {
        let (world, _, _, ways) = setting(backend).await;
        let failing = service_fn(|request: Request<()>| async move {
            Session::of(&request).increment("count", 1).unwrap();
            Err::<Response<()>, _>("out of order")
        });
        let service = ServiceBuilder::new().layer(SessionLayer::new(world.sessions.clone())).service(failing);
        world.calls.take();
        let answer = service.oneshot(request("/", &ways[1].0)).await;
        assert_eq!(answer.unwrap_err(), "out of order");
        assert_eq!(world.calls.take(), (1, 0, 0));
    })
    .await;
}
