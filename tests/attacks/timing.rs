//! User enumeration by time (6.3.8): who has an account is not to be read off how long a refusal takes.

use std::time::{Duration, Instant};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use countersign::{MemoryStore, Sessions, Whence};

/// Welch's t between two samples, of which the slowest tenth is left out: what the machine does meanwhile is in there.
fn welch(samples: [&mut Vec<f64>; 2]) -> (f64, [f64; 2]) {
    let of = |sample: &mut Vec<f64>| {
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() * 9 / 10);
        let count = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let [(one, a), (other, b)] = samples.map(of);
    ((one - other) / (a + b).sqrt(), [one, other])
}

/// A log-in that fails, of a user that there is or of one that there is not.
struct LogIn {
    sessions: Sessions,
    argon2: Argon2<'static>,
    known: String,
    dummy: String,
}

impl LogIn {
    fn new(answer_after: Duration) -> Self {
        let mut config = countersign::Config::production();
        // Counting has tests of its own. Here it would end the measurement after five.
        config.throttle.account.free = 0;
        config.throttle.answer_after = answer_after;
        let keys = countersign::KeyRing::new(crate::support::KEY).unwrap();
        let sessions = Sessions::builder(keys, MemoryStore::new()).config(config).build().unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(256, 1, 1, None).unwrap());
        let hash = |password: &str| argon2.hash_password(password.as_bytes()).unwrap().to_string();
        let (known, dummy) = (hash("lovelace"), hash("nobody's"));
        Self { sessions, argon2, known, dummy }
    }

    fn verify(&self, hash: &str) {
        let hash = PasswordHash::new(hash).unwrap();
        assert!(self.argon2.verify_password(b"a guess", &hash).is_err());
    }

    /// As the documentation has it: a dummy for users that there are not, and `refuse`.
    async fn as_it_should_be(&self, exists: bool) {
        let attempt = self.sessions.attempt_from("ada", Whence::default()).await.unwrap();
        self.verify(if exists { &self.known } else { &self.dummy });
        let _ = attempt.refuse().await;
    }

    /// As it is often found.
    async fn as_it_often_is(&self, exists: bool) {
        let _ = self.sessions.attempt_from("ada", Whence::default()).await.unwrap();
        if exists {
            self.verify(&self.known);
        }
    }
}

async fn measured(rounds: usize, log_in: impl AsyncFn(bool)) -> (f64, [f64; 2]) {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..2 * rounds {
        // In pairs, whose order changes in no simple way.
        let exists = (round + round / 2 % 3 + round / 2 % 7) % 2 == 0;
        let start = Instant::now();
        log_in(exists).await;
        samples[usize::from(exists)].push(start.elapsed().as_secs_f64() * 1e6);
    }
    let [unknown, known] = &mut samples;
    welch([known, unknown])
}

#[tokio::test]
async fn a_known_and_an_unknown_user_take_the_same_time() {
    let careless = LogIn::new(Duration::ZERO);
    let (t, [known, unknown]) = measured(300, async |exists| careless.as_it_often_is(exists).await).await;
    eprintln!("without dummy and refusal: known {known:.0} µs, unknown {unknown:.0} µs, t = {t:.1}");
    assert!(t.abs() > 10.0, "the measurement would not find it");

    let log_in = LogIn::new(Duration::from_millis(8));
    let mut found = Vec::new();
    // A machine that is busy with something else may tilt one measurement, and hardly three.
    while found.len() < 3 {
        let (t, [known, unknown]) = measured(300, async |exists| log_in.as_it_should_be(exists).await).await;
        eprintln!("with both: known {known:.0} µs, unknown {unknown:.0} µs, t = {t:.2}");
        found.push(t.abs());
        if t.abs() < 4.5 {
            return;
        }
    }
    panic!("times differ: t = {found:?}");
}
