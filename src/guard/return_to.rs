use std::fmt;

use serde::{Deserialize, Deserializer};

/// A place on this site to go back to after a log-in. No way leads from it to another site, whoever made it up (ASVS 3.7.2).
///
/// What may be asked for comes out of the query or a form, where anybody may have put it. It is accepted only as a path that
/// all browsers take for one of this site, with or without a query: at most 2 KiB of visible ASCII without quotes, angle brackets
/// and backslashes, with no dot segment, no hidden control character, and nothing at its start that is, or decodes to, a second
/// slash. Everything else becomes [`ReturnTo::default`], which is `/`.
///
/// ```
/// use countersign::ReturnTo;
///
/// assert_eq!(ReturnTo::parse("/users?page=2").unwrap().as_ref(), "/users?page=2");
/// assert_eq!(ReturnTo::parse("//evil.example"), None);
/// assert_eq!(ReturnTo::of_query("return_to=%2Fusers%3Fpage%3D2").as_ref(), "/users?page=2");
/// assert_eq!(ReturnTo::of_query("return_to=https%3A%2F%2Fevil.example").as_ref(), "/");
/// ```
///
/// With Axum it is an extractor, which never fails. In a form it is a field:
///
/// ```
/// use axum::{Form, response::Redirect};
/// use countersign::{Error, ReturnTo, Session};
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     name: String,
///     password: String,
///     #[serde(default)]
///     return_to: ReturnTo,
/// }
///
/// async fn login(session: Session, Form(form): Form<Login>) -> Result<Redirect, Error> {
///     // Check the password first.
///     session.log_in(&form.name).await?;
///     Ok(Redirect::to(form.return_to.as_ref()))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReturnTo(Box<str>);

impl ReturnTo {
    /// Its name in a query.
    pub const NAME: &'static str = "return_to";

    /// The place, if it is surely one of this site.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_of_this_site(text).then(|| Self(text.into()))
    }

    /// What a query names as `return_to`, or `/` if it names none, several, or one that is not of this site.
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        let fields = query.split('&').filter_map(|field| field.split_once('='));
        let mut values = fields.filter(|(name, _)| *name == Self::NAME).map(|(_, value)| value);
        let (value, another) = (values.next(), values.next());
        value.filter(|_| another.is_none()).and_then(decode).and_then(|path| Self::parse(&path)).unwrap_or_default()
    }

    /// The address of a page with this in its query.
    pub(super) fn beside(&self, page: &str) -> String {
        let (page, fragment) = page.split_at(page.find('#').unwrap_or(page.len()));
        let joint = if page.contains('?') { '&' } else { '?' };
        let mut address = format!("{page}{joint}{}=", Self::NAME);
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                address.extend(['%', hex(byte >> 4), hex(byte & 0xf)]);
            }
        }
        address + fragment
    }
}

/// `/`.
impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".into())
    }
}

impl AsRef<str> for ReturnTo {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whatever it is not of this site, or no text at all, is read as `/`: never an error.
impl<'de> Deserialize<'de> for ReturnTo {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        Ok(value.as_str().and_then(Self::parse).unwrap_or_default())
    }
}

/// Browsers drop tabs and line breaks, take `\` for `/`, decode `%2e` in dot segments, and take what starts with two slashes for
/// another host (WHATWG URL, section 4.4). Programs on the way may decode more, and more than once.
fn is_of_this_site(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte);
    if text.len() > LONGEST || !text.starts_with('/') || !text.bytes().all(is_plain) {
        return false;
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let escapes = || path.match_indices('%').map(|(at, _)| (at, escaped(&path.as_bytes()[at..])));
    let no_hidden_control = escapes().all(|(_, byte)| !byte.is_some_and(|byte| byte.is_ascii_control()));
    // An escape of a percent sign may hide anything.
    let no_hidden_slash = escapes().all(|(at, byte)| at != 1 || !byte.is_some_and(|byte| b"/\\%".contains(&byte)));
    !path.starts_with("//") && no_hidden_control && no_hidden_slash && !path.split('/').any(is_dot_segment)
}

/// `.` and `..`, however they are written.
fn is_dot_segment(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// The byte of an escape that these bytes start with.
fn escaped(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// A value of a query as text.
fn decode(value: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let byte = escaped(rest);
        rest = if byte.is_some() { &rest[3..] } else { after };
        decoded.push(byte.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit & 0xf)])
}

const LONGEST: usize = 2048;
