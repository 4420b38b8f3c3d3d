//! `Authorization: Bearer` (RFC 6750, section 2.1; RFC 9110, section 11.1: the scheme's case does
//! not matter).

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

pub(crate) enum Found<'a> {
    Nothing,
    One(&'a [u8]),
    Several,
}

/// Other schemes are somebody else's, and none of our business.
pub(crate) fn read(headers: &HeaderMap) -> Found<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let first = values.next().and_then(credentials);
    match values.next() {
        None => first.map_or(Found::Nothing, Found::One),
        Some(second) if first.or(credentials(second)).is_some() => Found::Several,
        Some(_) if values.any(|value| credentials(value).is_some()) => Found::Several,
        Some(_) => Found::Nothing,
    }
}

/// What follows `Bearer` and one space.
fn credentials(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, rest) = value.as_bytes().split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    match rest {
        [] => Some(rest),
        [b' ', token @ ..] => Some(token),
        [b'\t', ..] => Some(rest),
        _ => None,
    }
}

/// The `WWW-Authenticate` of a 401: with an error code only if a credential was sent (RFC 6750,
/// section 3).
pub(crate) const fn challenge(credential_refused: bool) -> HeaderValue {
    HeaderValue::from_static(if credential_refused { r#"Bearer error="invalid_token""# } else { "Bearer" })
}

/// The same where the credential is good, but its user has to prove more, or again, who he is (RFC 9470, section 3).
pub(crate) const fn step_up_challenge() -> HeaderValue {
    HeaderValue::from_static(r#"Bearer error="insufficient_user_authentication""#)
}

const SCHEME: &[u8] = b"Bearer";
