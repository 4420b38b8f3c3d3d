use std::{any::Any, error::Error, fmt, future::Future, pin::Pin, time::Duration};

use super::probe::Probe;
use crate::store::SessionStore;

/// One promise of the contract, as something that can be run.
pub struct Check<S> {
    pub(super) name: &'static str,
    pub(super) steps: fn(Probe<S>) -> Steps,
}

/// What a check does.
pub(super) type Steps = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<S: SessionStore> Check<S> {
    /// What it proves, as in `create::refuses_an_id_that_is_taken`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Puts a store to it. The store need not be empty.
    ///
    /// # Errors
    /// If the store answers otherwise than promised, with an error, with a panic, or not within a
    /// minute.
    ///
    /// # Panics
    /// Outside a Tokio runtime with time enabled.
    pub async fn run(&self, store: S) -> Result<(), BrokenPromise> {
        let steps = tokio::time::timeout(DEADLINE, (self.steps)(Probe::new(store)));
        let expected = match tokio::spawn(steps).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => format!("an end within {} s: does the store lock itself out?", DEADLINE.as_secs()),
            Err(failure) => match failure.try_into_panic() {
                Ok(panic) => text_of(&*panic),
                Err(cancelled) => cancelled.to_string(),
            },
        };
        Err(BrokenPromise { check: self.name, expected })
    }
}

impl<S> fmt::Debug for Check<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// A check that a store has failed.
#[derive(Clone, Debug)]
pub struct BrokenPromise {
    check: &'static str,
    expected: String,
}

impl BrokenPromise {
    /// The name of the check.
    #[must_use]
    pub const fn check(&self) -> &'static str {
        self.check
    }
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    {}", self.check, self.expected)
    }
}

impl Error for BrokenPromise {}

/// Lists the checks of a file under the name of their verb.
macro_rules! promises {
    ($verb:ident: $($check:ident),+ $(,)?) => {
        pub(super) fn promises<S: crate::store::SessionStore>() -> Vec<crate::conformance::Check<S>> {
            vec![$(crate::conformance::Check {
                name: concat!(stringify!($verb), "::", stringify!($check)),
                steps: |store| Box::pin($check(store)),
            }),+]
        }
    };
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    text.unwrap_or("a panic without a text").to_owned()
}

/// For one check, on a slow store: far more than any of them needs.
const DEADLINE: Duration = Duration::from_secs(60);
