use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::{MalformedToken, Token};

/// A service's token: the credential by which it proves who it is. Shape and length are those of a session's [`Token`]; keys and
/// label are others, so that neither is ever anything but a forged one in the other's place (ASVS 9.2.2).
///
/// It prints nothing in `Debug` and has no `Display`; [`reveal`](Self::reveal) and serialisation are the two doors through
/// which it leaves.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::{ServiceToken, Sessions, Token};
///
/// let sessions = Sessions::for_tests();
/// let orders: ServiceToken = sessions.services().register("orders", ["session.read"]).await?;
/// let text = orders.reveal();                                // to be put where only that service can read it
/// assert!(text.parse::<ServiceToken>().is_ok());
///
/// let in_the_place_of_a_session: Token = text.parse()?;      // the shape is the same
/// assert!(sessions.verify(&in_the_place_of_a_session).is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ServiceToken(Token);

impl ServiceToken {
    /// Length in characters.
    pub const CHARS: usize = Token::CHARS;

    pub(crate) const fn new(token: Token) -> Self {
        Self(token)
    }

    /// Reads a token: exact length, exact alphabet, canonical trailing bits, no allocation. Whether it is genuine, and its
    /// service still registered, is not checked here.
    ///
    /// # Errors
    /// For every other spelling.
    pub fn parse(text: &[u8]) -> Result<Self, MalformedToken> {
        Token::parse(text).map(Self)
    }

    /// The token as it travels. Whoever reads this text can act as the service: do not log it.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        self.0.reveal()
    }

    /// What is signed, under the label of services.
    pub(crate) const fn signed(&self) -> &Token {
        &self.0
    }
}

/// Nothing of it: whose it is, its own record says.
impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceToken(redacted)")
    }
}

impl FromStr for ServiceToken {
    type Err = MalformedToken;

    fn from_str(text: &str) -> Result<Self, MalformedToken> {
        Self::parse(text.as_bytes())
    }
}

/// As text: for the answer of whatever hands a service its token.
impl Serialize for ServiceToken {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}
