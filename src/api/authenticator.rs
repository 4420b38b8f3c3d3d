use std::{error::Error, fmt, future::Future, pin::Pin};

/// Checks who logs in: what only the application can, which has the users.
///
/// Attempts are counted before anything is checked, and slowed down when there are too many ([`Throttle`](crate::Throttle)); who
/// is refused learns neither by the text nor by the time why. What is asked of an implementation is to take as long for users
/// that there are not.
pub trait Authenticator: Send + Sync + 'static {
    /// The id of the user who logs in by this name, or `None` if there is none. Attempts are counted by it: where one user is found
    /// by several spellings, or by his address, look it up. Unless this is implemented, the name is the id.
    fn find(&self, name: &str) -> impl Future<Output = Result<Option<String>, Failed>> + Send {
        let id = name.to_owned();
        async move { Ok(Some(id)) }
    }

    /// The spelling by which attempts on a name are counted that [`find`](Self::find) finds nobody for. It has to be one for all the
    /// spellings that would find the same user, or the counts tell who is one. Unless this is implemented: in small letters, without
    /// spaces around.
    fn spelling(&self, name: &str) -> String {
        name.trim().to_lowercase()
    }

    /// Whether this is the user's password. It is called with `None` too, when there is no such user, and has to do as much work
    /// then; whatever it answers to that, nobody is logged in.
    fn check(&self, user: Option<&str>, password: &str) -> impl Future<Output = Result<Verdict, Failed>> + Send;

    /// Whether this code of this factor is the user's, and was not used before: asked only of a factor that
    /// [`check`](Self::check) has named, of a user whose password was right. Unless this is implemented, none is.
    fn check_factor(&self, user: &str, factor: &str, code: &str) -> impl Future<Output = Result<bool, Failed>> + Send {
        let _ = (user, factor, code);
        async { Ok(false) }
    }
}

/// What an [`Authenticator`] says to a password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "nobody is logged in by a verdict that is not returned"]
pub struct Verdict {
    pub(super) right: bool,
    pub(super) roles: Vec<String>,
    pub(super) keep: Vec<String>,
    pub(super) factors: Option<Vec<String>>,
}

impl Verdict {
    /// It is not the user's, or there is no such user.
    pub fn wrong() -> Self {
        Self::default()
    }

    /// It is the user's: he is logged in.
    pub fn right() -> Self {
        Self { right: true, ..Self::default() }
    }

    /// The roles that the session has.
    pub fn roles<R: Into<String>>(self, roles: impl IntoIterator<Item = R>) -> Self {
        Self { roles: roles.into_iter().map(Into::into).collect(), ..self }
    }

    /// Keeps those attributes of the session before log-in whose names start with `prefix`, as
    /// [`LogIn::keep`](crate::LogIn::keep) does.
    pub fn keep(mut self, prefix: impl Into<String>) -> Self {
        self.keep.push(prefix.into());
        self
    }

    /// He owes one of these second factors still: until he has passed it, he is not logged in. If there are none of them, he cannot
    /// be.
    pub fn second_factor<F: Into<String>>(self, factors: impl IntoIterator<Item = F>) -> Self {
        Self { factors: Some(factors.into_iter().map(Into::into).collect()), ..self }
    }
}

/// It could not be checked, because something is broken: the client is told to try again, with a 503, and the log why.
pub struct Failed(Box<dyn Error + Send + Sync>);

impl Failed {
    /// Because of this error.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    pub(super) fn error(&self) -> &(dyn Error + 'static) {
        &*self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The same, of any authenticator.
pub(super) trait Erased: Send + Sync {
    fn find<'a>(&'a self, name: &'a str) -> Asked<'a, Option<String>>;
    fn spelling(&self, name: &str) -> String;
    fn check<'a>(&'a self, user: Option<&'a str>, password: &'a str) -> Asked<'a, Verdict>;
    fn check_factor<'a>(&'a self, user: &'a str, factor: &'a str, code: &'a str) -> Asked<'a, bool>;
}

type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failed>> + Send + 'a>>;

impl<A: Authenticator> Erased for A {
    fn find<'a>(&'a self, name: &'a str) -> Asked<'a, Option<String>> {
        Box::pin(Authenticator::find(self, name))
    }

    fn spelling(&self, name: &str) -> String {
        Authenticator::spelling(self, name)
    }

    fn check<'a>(&'a self, user: Option<&'a str>, password: &'a str) -> Asked<'a, Verdict> {
        Box::pin(Authenticator::check(self, user, password))
    }

    fn check_factor<'a>(&'a self, user: &'a str, factor: &'a str, code: &'a str) -> Asked<'a, bool> {
        Box::pin(Authenticator::check_factor(self, user, factor, code))
    }
}
