//! Tokens out of the environment.

use std::{
    env::{self, VarError},
    error, fmt,
};

use zeroize::Zeroizing;

use crate::client::{
    basics::instant,
    error::{Error, ErrorKind},
    tokens::{InvalidToken, TokenSet},
};

/// The tokens in `PREFIX_ACCESS_TOKEN`, `PREFIX_REFRESH_TOKEN` and `PREFIX_EXPIRES_AT`.
pub(super) fn of_environment(prefix: &str) -> Result<Option<TokenSet>, Error> {
    of_variables(prefix, |name| env::var(name))
}

fn of_variables(prefix: &str, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<Option<TokenSet>, Error> {
    let read = |name: &str| {
        let name = format!("{prefix}_{name}");
        match variable(&name).map(Zeroizing::new) {
            Ok(text) if text.trim().is_empty() => Ok((name, None)),
            Ok(text) => Ok((name, Some(Zeroizing::new(text.trim().to_owned())))),
            Err(VarError::NotPresent) => Ok((name, None)),
            Err(VarError::NotUnicode(_)) => Err(InvalidVariable::new(&name, "visible ASCII characters")),
        }
    };
    let (access_name, access) = read("ACCESS_TOKEN")?;
    let (refresh_name, refresh) = read("REFRESH_TOKEN")?;
    let (expiry_name, expiry) = read("EXPIRES_AT")?;
    let Some(access) = access else {
        return match (refresh, expiry) {
            (None, None) => Ok(None),
            // Somebody relies on it: this must not pass for nothing.
            _ => Err(InvalidVariable::new(&access_name, "set where the other variables of tokens are"))?,
        };
    };
    let mut tokens = TokenSet::new(&*access).map_err(|error| InvalidVariable::not_a_token(&access_name, error))?;
    if let Some(refresh) = refresh {
        let with_refresh = tokens.with_refresh_token(&*refresh);
        tokens = with_refresh.map_err(|error| InvalidVariable::not_a_token(&refresh_name, error))?;
    }
    if let Some(expiry) = expiry {
        let expected = "an instant of RFC 3339, as 2026-11-21T09:30:00Z";
        let expires_at = instant::parse(&expiry).ok_or_else(|| InvalidVariable::new(&expiry_name, expected))?;
        tokens = tokens.with_expiry(expires_at);
    }
    Ok(Some(tokens))
}

/// A variable that holds something else. Never holds its text.
#[derive(Debug)]
struct InvalidVariable {
    name: String,
    expected: &'static str,
    source: Option<InvalidToken>,
}

impl InvalidVariable {
    fn new(name: &str, expected: &'static str) -> Self {
        Self { name: name.to_owned(), expected, source: None }
    }

    fn not_a_token(name: &str, source: InvalidToken) -> Self {
        Self {
            name: name.to_owned(),
            expected: "a token: visible ASCII characters, without spaces",
            source: Some(source),
        }
    }
}

impl fmt::Display for InvalidVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} must be {}", self.name, self.expected)
    }
}

impl error::Error for InvalidVariable {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl From<InvalidVariable> for Error {
    fn from(error: InvalidVariable) -> Self {
        Self::because(ErrorKind::InvalidToken, error)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Option<TokenSet>, Error> {
        of_variables("APP", |name| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, text)| (*text).to_owned()).ok_or(VarError::NotPresent)
        })
    }

    #[test]
    fn the_three_variables_make_a_set() {
        let tokens = read(&[
            ("APP_ACCESS_TOKEN", "a"),
            ("APP_REFRESH_TOKEN", " r\n"),
            ("APP_EXPIRES_AT", "2026-11-21T10:30:00+01:00"),
            ("OTHER_ACCESS_TOKEN", "b"),
        ]);
        let tokens = tokens.unwrap().unwrap();
        assert_eq!(tokens.access_token().reveal(), "a");
        assert_eq!(tokens.refresh_token().unwrap().reveal(), "r");
        assert_eq!(tokens.expires_at().unwrap().to_string(), "2026-11-21T09:30:00.000Z");
    }

    #[test]
    fn nothing_or_an_empty_text_is_nothing() {
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[("APP_ACCESS_TOKEN", ""), ("APP_REFRESH_TOKEN", " ")]).unwrap().is_none());
    }

    #[test]
    fn a_bad_value_is_an_error_that_names_its_variable_and_does_not_quote_it() {
        let secret = "sec ret";
        for (name, others) in [
            ("APP_ACCESS_TOKEN", &[][..]),
            ("APP_REFRESH_TOKEN", &[("APP_ACCESS_TOKEN", "a")][..]),
            ("APP_EXPIRES_AT", &[("APP_ACCESS_TOKEN", "a")][..]),
        ] {
            let error = read(&[others, &[(name, secret)]].concat()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidToken);
            assert!(error.to_string().contains(name), "{error}");
            assert!(!format!("{error} {error:?}").contains(secret));
        }
    }

    #[test]
    fn a_refresh_token_without_an_access_token_is_a_mistake() {
        let error = read(&[("APP_REFRESH_TOKEN", "r")]).unwrap_err();
        assert!(error.to_string().contains("APP_ACCESS_TOKEN"), "{error}");
    }

    #[test]
    fn what_is_not_unicode_is_not_missing() {
        let read = of_variables("APP", |_| Err(VarError::NotUnicode(OsString::from("secret"))));
        assert!(!format!("{:?}", read.unwrap_err()).contains("secret"));
    }
}
