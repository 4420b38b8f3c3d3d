//! A contender, ready to be measured: built, filled, checked.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode},
};
use countersign_peers::credential::Credential;
use tower::Service;
use uuid::Uuid;

use crate::{
    contender::{ANONYMOUS, Contender, Kept},
    heap,
    plan::SAMPLE,
    scenario::Scenario,
};

/// A contender with its sessions.
pub struct Candidate {
    /// The name of its row.
    pub name: &'static str,
    /// The application.
    pub router: Router,
    /// The bytes on the heap that each of its sessions takes, if it stores any.
    pub bytes_a_session: Option<f64>,
    sample: Vec<Member>,
}

/// One of the sessions that requests are made for.
struct Member {
    user: String,
    genuine: Credential,
    forged: Credential,
}

impl Candidate {
    /// Builds a contender, logs `count` users in and keeps the credentials of a random sample.
    pub async fn prepare(contender: &Contender, count: usize) -> Self {
        let sample_size = count.min(SAMPLE);
        let stored = contender.kept == Kept::ByTheServer;
        let count = if stored { count } else { sample_size };
        // With the state given, the layers are applied now, and not again at each request.
        let router = (contender.router)().with_state(());

        let mut random = fastrand::Rng::with_seed(count as u64);
        let mut chosen = random.choose_multiple(0..count, sample_size);
        chosen.sort_unstable();
        let mut sample = Vec::with_capacity(sample_size);

        let filling = async {
            for index in 0..count {
                let user = Uuid::from_u64_pair(random.u64(..), random.u64(..)).to_string();
                let credential = log_in(router.clone(), &user).await;
                if chosen.get(sample.len()) == Some(&index) {
                    sample.push((user, credential));
                }
            }
        };
        let ((), tally) = heap::tally(filling).await;
        let of_the_sample = |(user, credential): &(String, Credential)| {
            i64::try_from(user.len() + credential.value.len()).expect("both are short")
        };
        let live = tally.live - sample.iter().map(of_the_sample).sum::<i64>();
        let bytes_a_session = stored.then(|| live as f64 / count as f64);

        random.shuffle(&mut sample);
        let sample =
            sample.into_iter().map(|(user, genuine)| Member { user, forged: genuine.forged(), genuine }).collect();
        let candidate = Self { name: contender.name, router, bytes_a_session, sample };
        if contender.kept != Kept::Nowhere {
            candidate.check().await;
        }
        candidate
    }

    /// The next requests of a scenario; `from` only ever grows, and the sample repeats itself.
    pub fn requests(&self, scenario: Scenario, from: usize, number: usize) -> Vec<Request<Body>> {
        (from..from + number)
            .map(|index| &self.sample[index % self.sample.len()])
            .map(|member| scenario.request(&member.genuine, &member.forged))
            .collect()
    }

    /// Panics unless sessions work, so that nothing is measured that does not.
    async fn check(&self) {
        for member in &self.sample {
            let user = self.answer(Scenario::ValidRead, member).await;
            assert_eq!(user, member.user, "{}: reads its own user", self.name);
        }
        let mut credential = self.sample[0].genuine.clone();
        for number in ["1", "2"] {
            let request = Scenario::ReadWrite.request(&credential, &credential);
            let response = send(&mut self.router.clone(), request).await;
            if let Some(renewed) = Credential::issued_in(response.headers()) {
                credential = renewed;
            }
            let written = text_of(response).await;
            assert_eq!(written, number, "{}: writes are kept", self.name);
        }
        for nobodys in [Scenario::NoCredential, Scenario::Forged] {
            let user = self.answer(nobodys, &self.sample[0]).await;
            assert_eq!(user, ANONYMOUS, "{}: only the genuine is honoured", self.name);
        }
    }

    async fn answer(&self, scenario: Scenario, member: &Member) -> String {
        let request = scenario.request(&member.genuine, &member.forged);
        text_of(send(&mut self.router.clone(), request).await).await
    }
}

/// Has one request answered; panics unless it goes well.
pub async fn send(router: &mut Router, request: Request<Body>) -> Response<Body> {
    let Ok(response) = router.call(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    response
}

async fn log_in(mut router: Router, user: &str) -> Credential {
    let request = Request::post("/login").body(Body::from(user.to_owned()));
    let response = send(&mut router, request.expect("all parts are valid")).await;
    Credential::issued_in(response.headers()).expect("a log-in issues a credential")
}

async fn text_of(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is in memory");
    String::from_utf8(bytes.into()).expect("the answer is text")
}
