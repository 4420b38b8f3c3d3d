use std::collections::BTreeSet;

use axum::{Router, body::Body};
use countersign::{Reason, SessionId};
use http::{Method, Request, StatusCode};

use crate::{
    picture::{Frame, Picture, hash_of, id_of},
    support::{Backend, Browser, Pause, World, app, minutes, seconds},
    verb::{Client, LIMIT, Verb},
};

/// A stage on which one scene after the other is played, each with a client that is about to send
/// one request.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) app: Router,
}

impl Stage {
    pub(crate) async fn new(backend: Backend, pause: Pause) -> Self {
        let world = World::with(backend, |config| {
            config.store_deadline = seconds(60);
            config.limit.max = u32::try_from(LIMIT).unwrap();
        })
        .await;
        world.calls.pace.set(pause);
        let app = app(world.sessions.clone());
        Self { world, app }
    }

    /// What may be found after a request that was cut off: the state before it, and the states that
    /// its steps lead to. One step, for every verb but one.
    pub(crate) async fn states(&self, verb: Verb) -> Vec<Picture> {
        let mut states = Vec::new();
        let steps: &[Verb] = if verb == Verb::RotateSuccessor { &[Verb::Confirm, verb] } else { &[verb] };
        for step in steps {
            let mut scene = Scene::set(self, *step).await;
            let before = scene.picture().await;
            if states.is_empty() {
                states.push(before);
            }
            let (method, path) = scene.request.clone();
            let reply = scene.browser.send_and_lose_the_answer(method, &path).await;
            assert_eq!(reply.status == StatusCode::OK, *step != Verb::UseStolenSecret, "{verb:?}: {}", reply.body);
            states.push(scene.picture().await);
            scene.go_on().await;
        }
        assert!(states.windows(2).all(|pair| pair[0] != pair[1]), "{verb:?} changes nothing");
        states
    }
}

/// A client that is about to send a request.
pub(crate) struct Scene<'a> {
    stage: &'a Stage,
    verb: Verb,
    browser: Browser,
    /// Before it was handed the token that it holds now.
    earlier: Option<Browser>,
    request: (Method, String),
    frame: Frame,
    ids: BTreeSet<SessionId>,
}

impl<'a> Scene<'a> {
    pub(crate) async fn set(stage: &'a Stage, verb: Verb) -> Self {
        let (world, mut browser) = (&stage.world, Browser::new(&stage.app));
        world.calls.pace.take_ids();
        let mut others = Vec::new();
        for _ in 0..verb.others() {
            others.push(world.sessions.log_in("ada").await.unwrap().session_id());
        }
        if verb.client() != Client::Nobody {
            browser.post("/count").await;
        }
        if !matches!(verb.client(), Client::Nobody | Client::Anonymous) {
            browser.post("/login/ada/keep/co").await;
        }
        let mut earlier = None;
        if matches!(verb.client(), Client::UserWithSuccessor | Client::Thief) {
            earlier = Some(browser.clone());
            browser.post("/rotate").await;
        }
        if verb.client() == Client::Thief {
            browser.get("/me").await;
            world.pass(seconds(30));
            browser = earlier.clone().unwrap();
        }
        world.pass(minutes(verb.minutes()));
        let (client, secret) = (browser.token().map(id_of), browser.token().map(hash_of));
        let request = verb.request(others[0]);
        let frame = Frame { client, secret, others, now: world.clock.now() };
        Self { stage, verb, browser, earlier, request, frame, ids: BTreeSet::new() }
    }

    /// The request as the client sends it.
    pub(crate) fn request(&self) -> Request<Body> {
        let (method, path) = self.request.clone();
        self.browser.request(method, &path)
    }

    pub(crate) fn app(&self) -> Router {
        self.stage.app.clone()
    }

    /// Everything that the store holds, once it has come to rest.
    pub(crate) async fn picture(&mut self) -> Picture {
        let world = &self.stage.world;
        // Whatever a dropped command has left to do is done before the next one that writes.
        world.sessions.revoke(SessionId::from_bytes([0; 18]), Reason::ByOperator).await.unwrap();
        self.ids.append(&mut world.calls.pace.take_ids());
        let live = world.live(self.ids.iter().copied()).await;
        Picture::of(live.iter().map(|record| &**record), &self.frame)
    }

    /// The client comes back, with the token that it had, and logs out in the end.
    pub(crate) async fn go_on(mut self) {
        match self.frame.client {
            Some(id) if self.verb == Verb::UseStolenSecret => {
                let reply = self.browser.get("/me").await;
                assert!(reply.status == StatusCode::UNAUTHORIZED && reply.clears_cookie());
                assert!(!self.is_alive(id).await, "a theft ends the session, at the next request at the latest");
            }
            Some(id) if self.is_alive(id).await => self.is_honoured().await,
            Some(_) => {
                let reply = self.browser.get("/me").await;
                assert!(reply.status == StatusCode::UNAUTHORIZED && reply.clears_cookie());
            }
            None => {}
        }
        self.log_out().await;
    }

    /// The token that the client has, and each that it is handed from now on, is good.
    async fn is_honoured(&mut self) {
        let (path, body) = match self.verb.client() {
            Client::Anonymous => ("/attributes/count", "1"),
            _ => ("/me", "ada"),
        };
        if let Some(earlier) = &mut self.earlier {
            assert_eq!(earlier.get(path).await.body, body, "{:?}: in its grace", self.verb);
        }
        let mut before = self.browser.clone();
        for use_of in ["the token that it came with", "what it was handed", "that again"] {
            let reply = self.browser.get(path).await;
            assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, body), "{:?}: {use_of}", self.verb);
        }
        assert_eq!(before.get(path).await.body, body, "{:?}: a request in flight", self.verb);
    }

    /// After a log-out everywhere nothing of the user's is alive, and no token is good.
    async fn log_out(mut self) {
        let world = &self.stage.world;
        let before = self.browser.clone();
        if self.browser.get("/me").await.status != StatusCode::OK {
            assert_eq!(self.browser.post("/login/ada").await.status, StatusCode::OK);
        }
        let last = self.browser.clone();
        assert_eq!(self.browser.send(Method::DELETE, "/sessions").await.status, StatusCode::OK);
        assert_eq!(self.browser.post("/logout").await.status, StatusCode::OK);
        assert_eq!(self.browser.token(), None);
        assert!(world.sessions.list("ada").await.unwrap().is_empty(), "{:?}", self.verb);
        for mut browser in [Some(before), Some(last), self.earlier].into_iter().flatten() {
            assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED, "{:?}", self.verb);
        }

        // A session without a user may be left, of which its client has never heard.
        self.ids.append(&mut world.calls.pace.take_ids());
        for record in world.live(self.ids).await {
            assert!(self.verb == Verb::Begin && record.user().is_none(), "{:?} leaves {record:?}", self.verb);
            world.sessions.revoke(record.id(), Reason::ByOperator).await.unwrap();
        }
    }

    async fn is_alive(&self, id: SessionId) -> bool {
        !self.stage.world.live([id]).await.is_empty()
    }
}
