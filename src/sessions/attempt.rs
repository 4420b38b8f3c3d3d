//! What a log-in was begun with: so that it fails if, meanwhile, all that was to end; and so that guessing is slowed down.

use std::{fmt, future::Future, net::IpAddr, time::Duration};

use tokio::time::sleep;

use super::{Error, ErrorKind, Event, Limiter, Sessions, enter::check_user, throttle::Tally};
use crate::{
    clock::{Stopwatch, Timestamp},
    store::{Epoch, Terms},
    throttle::{Block, Counted, State},
};

/// The beginning of a log-in, from before the password is checked. [`LogIn::since`](super::LogIn::since)
/// refuses it if all sessions of the user were ended since, as after a change of the password: who
/// has proved himself by the old one does not get in by having been slow.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use countersign::{KeyRing, MemoryStore, Reason, Sessions};
/// # let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
/// let attempt = sessions.attempt("ada").await?;
/// // … the password is checked; meanwhile, elsewhere, it is changed:
/// sessions.revoke_user("ada", Reason::PasswordChanged).await?;
///
/// let error = sessions.log_in("ada").since(&attempt).await.unwrap_err();
/// assert_eq!(error.kind(), countersign::ErrorKind::Overtaken);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Attempt {
    user: Box<str>,
    epoch: Epoch,
    at: Timestamp,
    begun: Stopwatch,
    sessions: Sessions,
    /// What a success clears.
    counts: Vec<Counted>,
    /// What a success only takes itself out of: else whoever has an account of his own could clear it.
    network: Option<Counted>,
}

/// Where an attempt at a log-in comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Whence {
    /// The client's address, as far as it is to be believed: without one, no network is counted.
    pub address: Option<IpAddr>,
    /// A device that the user of this name has verifiably logged in from before: attempts from there have a count of their own, so
    /// that nobody else's guessing locks him out.
    pub known_device: Option<String>,
}

impl Whence {
    /// The same, from this address.
    #[must_use]
    pub fn with_address(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// The same, from this device, which has proved that the user of the name in question has logged in from it before.
    #[must_use]
    pub fn with_known_device(self, device: impl Into<String>) -> Self {
        Self { known_device: Some(device.into()), ..self }
    }
}

impl Sessions {
    /// Notes that a log-in of this user begins. It has to be completed within half an hour.
    ///
    /// # Errors
    /// If the store fails, or the user's id is none.
    pub async fn attempt(&self, user: impl ToString) -> Result<Attempt, Error> {
        let user = user.to_string();
        check_user(&user)?;
        self.begin().note(self, user).await
    }

    /// The same of whatever name was typed in, and counts it, for the name and for the network that it comes from, on all
    /// nodes: before the password is checked, so that however many attempts begin at once, no more passwords are
    /// checked than the [settings](crate::Throttle) allow. Names of nobody are counted like all others.
    ///
    /// Two spellings are two names. Where your users are found by more than one spelling, give the one that they are looked up
    /// by, as in `name.to_lowercase()`: else each spelling has attempts of its own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use countersign::{ErrorKind, KeyRing, MemoryStore, Sessions, Whence};
    /// # let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
    /// let whence = Whence::default().with_address([192, 0, 2, 7].into());
    /// for _ in 0..5 {
    ///     let attempt = sessions.attempt_from("ada", whence.clone()).await?;
    ///     // … the password is wrong:
    ///     assert_eq!(attempt.refuse().await.kind(), ErrorKind::WrongCredentials);
    /// }
    /// let error = sessions.attempt_from("ada", whence).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::TooManyAttempts`]. If the store fails: what cannot be counted is not allowed.
    pub async fn attempt_from(&self, name: impl ToString, whence: Whence) -> Result<Attempt, Error> {
        let name = name.to_string();
        let mut attempt = self.begin();
        // The network is the first, as that bounds how many names one stranger can have counted.
        attempt.network = self.count_network(whence.address).await?;
        attempt.counts = self.count_account(&name, whence.known_device.as_deref()).await?;
        // What cannot be a user's id is nobody's name, and no log-in follows.
        match check_user(&name) {
            Ok(()) => attempt.note(self, name).await,
            Err(_) => Ok(attempt),
        }
    }

    /// The same of a second factor, which has a count of its own (ASVS 6.6.3).
    pub(crate) async fn attempt_factor(
        &self,
        user: &str,
        factor: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt, Error> {
        let mut attempt = self.begin();
        attempt.network = self.count_network(address).await?;
        attempt.counts = self.count_first(user, [(Limiter::Factor, Counted::factor(user, factor))]).await?;
        attempt.note(self, user.to_owned()).await
    }

    async fn count_network(&self, address: Option<IpAddr>) -> Result<Option<Counted>, Error> {
        let Some(address) = address else { return Ok(None) };
        let throttle = &self.inner.config.throttle;
        let network = Counted::network(address, throttle);
        match self.count(&network, &throttle.network, None).await? {
            Tally::Allowed(_) => Ok(Some(network)),
            Tally::Refused(block) => Err(self.too_many(Limiter::Network, block)),
        }
    }

    /// Counts an attempt on an account, and says by what. A known device whose own count is locked is known no more.
    async fn count_account(&self, name: &str, device: Option<&str>) -> Result<Vec<Counted>, Error> {
        let device = device.map(|device| (Limiter::Device, Counted::account_on_device(name, device)));
        self.count_first(name, device.into_iter().chain([(Limiter::Account, Counted::account(name))])).await
    }

    /// Counts an attempt by the first of these, and by the next one only if that is a device that is known no more.
    async fn count_first(
        &self,
        name: &str,
        counted: impl IntoIterator<Item = (Limiter, Counted)> + Send,
    ) -> Result<Vec<Counted>, Error> {
        let counted: Vec<_> = counted.into_iter().collect();
        let throttle = &self.inner.config.throttle;
        let mut counts = Vec::new();
        for (by, what) in counted {
            let tally = self.count(&what, &throttle.account, Some(throttle.most_failures)).await?;
            counts.push(what);
            match tally {
                Tally::Allowed(begins) => {
                    if let Some(block) = begins {
                        self.emit(&Event::LockedOut { name, until: block.end() });
                    }
                    return Ok(counts);
                }
                Tally::Refused(Block::ForGood) if by == Limiter::Device => {}
                Tally::Refused(block) => return Err(self.too_many(by, block)),
            }
        }
        Ok(counts)
    }

    /// A log-in has succeeded. It stands, also if that cannot be noted.
    pub(crate) async fn settle(&self, attempt: &Attempt) {
        for what in &attempt.counts {
            let _ = self.clear(what).await;
        }
        if let Some(network) = &attempt.network {
            let _ = self.take_out(network, State::given_back).await;
        }
    }

    /// An attempt was none. That is not worth an error to whoever has one already.
    pub(crate) async fn withdraw(&self, attempt: &Attempt) {
        let throttle = &self.inner.config.throttle;
        for what in &attempt.counts {
            let _ = self.take_out(what, |state| state.withdrawn(throttle.account.free)).await;
        }
        if let Some(network) = &attempt.network {
            let _ = self.take_out(network, |state| state.withdrawn(throttle.network.free)).await;
        }
    }

    fn too_many(&self, by: Limiter, block: Block) -> Error {
        self.emit(&Event::AttemptRefused { by });
        let now = self.now();
        Error::too_many_attempts(block.end().map_or(LOCKED, |until| until.since(now)))
    }

    fn begin(&self) -> Attempt {
        Attempt {
            user: Box::default(),
            epoch: Epoch::default(),
            at: self.now(),
            begun: Stopwatch::start(),
            sessions: self.clone(),
            counts: Vec::new(),
            network: None,
        }
    }
}

impl Attempt {
    /// The same attempt for the user whose name it is, where his id is not what he typed in. Call it before the password is
    /// checked.
    ///
    /// # Errors
    /// If the store fails, or the user's id is none.
    pub async fn for_user(self, sessions: &Sessions, user: impl ToString) -> Result<Self, Error> {
        let user = user.to_string();
        if *self.user == *user {
            return Ok(self);
        }
        check_user(&user)?;
        self.note(sessions, user).await
    }

    /// The answer to wrong credentials, [`ErrorKind::WrongCredentials`]: the same whatever was wrong, and no
    /// sooner than [`Throttle::answer_after`](crate::Throttle::answer_after) after the attempt began, so that code, text and
    /// time tell nothing of whether there is such a user. Also for users that there are not. Needs a Tokio runtime.
    pub fn refuse(&self) -> impl Future<Output = Error> + Send + use<> {
        let (begun, sessions, user) = (self.begun, self.sessions.clone(), self.user.clone());
        async move {
            sessions.emit(&Event::AttemptFailed { name: &user });
            let answer_after = sessions.config().throttle.answer_after;
            sleep(answer_after.saturating_sub(Duration::from_nanos(begun.nanos()))).await;
            Error::new(ErrorKind::WrongCredentials)
        }
    }

    /// Nothing was checked, because what checks it is broken: the attempt counts for nothing. Else an outage would lock out whoever
    /// tries again with the right password. For what was checked, and was wrong, [`refuse`](Self::refuse).
    pub async fn withdraw(&self) {
        self.sessions.withdraw(self).await;
    }

    /// The same, of an attempt that began earlier: what was looked up before it counts for its time.
    #[cfg(feature = "api")]
    pub(crate) fn begun_at(self, begun: Stopwatch) -> Self {
        Self { begun, ..self }
    }

    /// When it began.
    pub(super) const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether it is this user's, and not too old to be known still.
    pub(crate) fn is_good_for(&self, user: &str, now: Timestamp) -> bool {
        *self.user == *user && now.since(self.at) < Epoch::REMEMBERED / 2
    }

    /// The terms, with this attempt's epoch.
    pub(super) const fn on(&self, terms: Terms) -> Terms {
        Terms { epoch: Some(self.epoch), ..terms }
    }

    /// Notes in which epoch the user is.
    async fn note(self, sessions: &Sessions, user: String) -> Result<Self, Error> {
        let epoch = sessions.run(sessions.store().epoch(&user, sessions.now())).await?;
        Ok(Self { user: user.into(), epoch, ..self })
    }
}

/// Without the name: whatever a stranger types is nothing to be logged.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What is said of an account that is locked for good.
const LOCKED: Duration = Duration::from_secs(60 * 60);
