//! Who renews tokens: the program's own call to its server.

use std::{error, fmt, future::Future, pin::Pin, time::Duration};

use crate::client::tokens::{RefreshToken, TokenSet};

/// Renews tokens: one call to the server that issues them.
///
/// Any `async` closure over the [`RefreshToken`] is one. Where tokens are renewed by themselves, as countersign's
/// are by a rotation, implement it, or use [`with_tokens`].
///
/// It is called for one refresh at a time, on a task of its own, so that a caller who gives up does not cut off a
/// refresh whose answer would be lost.
pub trait Refresher: Send + Sync + 'static {
    /// Asks for new tokens in exchange for these.
    ///
    /// # Errors
    /// [`RefreshError::refused`] if the server has said no for good, [`RefreshError::try_again`] for all else.
    fn refresh(&self, tokens: TokenSet) -> impl Future<Output = Result<TokenSet, RefreshError>> + Send;

    /// Whether these can be renewed at all. By default, if they have a refresh token.
    fn can_refresh(&self, tokens: &TokenSet) -> bool {
        tokens.refresh_token().is_some()
    }
}

impl<F, R> Refresher for F
where
    F: Fn(RefreshToken) -> R + Send + Sync + 'static,
    R: Future<Output = Result<TokenSet, RefreshError>> + Send,
{
    async fn refresh(&self, tokens: TokenSet) -> Result<TokenSet, RefreshError> {
        match tokens.refresh_token() {
            Some(token) => self(token.clone()).await,
            None => Err(RefreshError::refused("there is no refresh token")),
        }
    }
}

/// Renews by the whole [`TokenSet`]: for servers where the access token renews itself.
#[derive(Clone, Copy)]
pub struct WithTokens<F>(F);

/// A [`Refresher`] that gets the whole set, and for which an access token is enough: for servers, like
/// countersign's own, where a token is exchanged for its successor.
pub const fn with_tokens<F, R>(refresh: F) -> WithTokens<F>
where
    F: Fn(TokenSet) -> R + Send + Sync + 'static,
    R: Future<Output = Result<TokenSet, RefreshError>> + Send,
{
    WithTokens(refresh)
}

impl<F, R> Refresher for WithTokens<F>
where
    F: Fn(TokenSet) -> R + Send + Sync + 'static,
    R: Future<Output = Result<TokenSet, RefreshError>> + Send,
{
    fn refresh(&self, tokens: TokenSet) -> impl Future<Output = Result<TokenSet, RefreshError>> + Send {
        (self.0)(tokens)
    }

    fn can_refresh(&self, _: &TokenSet) -> bool {
        true
    }
}

impl<F> fmt::Debug for WithTokens<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithTokens")
    }
}

/// Tokens that cannot be renewed: when they have expired, somebody has to log in.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRefresh;

impl Refresher for NoRefresh {
    async fn refresh(&self, _: TokenSet) -> Result<TokenSet, RefreshError> {
        Err(RefreshError::refused("these tokens cannot be renewed"))
    }

    fn can_refresh(&self, _: &TokenSet) -> bool {
        false
    }
}

/// Why tokens were not renewed: refused for good, or worth another try.
#[derive(Debug)]
pub struct RefreshError {
    pub(super) refused: bool,
    pub(super) after: Option<Duration>,
    pub(super) source: Box<dyn error::Error + Send + Sync>,
}

impl RefreshError {
    /// The server has said no for good: 400 `invalid_grant`, 401. The user has to log in again.
    pub fn refused(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { refused: true, after: None, source: source.into() }
    }

    /// No connection, a deadline, 429, 5xx: the tokens may be good still.
    pub fn try_again(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { refused: false, after: None, source: source.into() }
    }

    /// Not before so long, as `Retry-After` said.
    #[must_use]
    pub const fn after(mut self, wait: Duration) -> Self {
        self.after = Some(wait);
        self
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.refused { "the refresh was refused" } else { "the refresh has failed for now" };
        write!(f, "{outcome}: {}", self.source)
    }
}

impl error::Error for RefreshError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// The trait without its type.
pub(super) trait ErasedRefresher: Send + Sync {
    fn refresh(&self, tokens: TokenSet) -> Pin<Box<dyn Future<Output = Result<TokenSet, RefreshError>> + Send + '_>>;
    fn can_refresh(&self, tokens: &TokenSet) -> bool;
}

impl<R: Refresher> ErasedRefresher for R {
    fn refresh(&self, tokens: TokenSet) -> Pin<Box<dyn Future<Output = Result<TokenSet, RefreshError>> + Send + '_>> {
        Box::pin(Refresher::refresh(self, tokens))
    }

    fn can_refresh(&self, tokens: &TokenSet) -> bool {
        Refresher::can_refresh(self, tokens)
    }
}
