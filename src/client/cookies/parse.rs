//! `Set-Cookie`, read as bytes: RFC 6265bis, section 5.6.

use std::{str, time::Duration};

use crate::clock::Timestamp;

use super::{
    cookie::SameSite,
    date,
    refusal::{CookieRefusal, CookieRefusalKind},
};

/// What a `Set-Cookie` says, before anybody has asked who says it.
pub(super) struct Received<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// `None` for a cookie that lasts as long as the session.
    pub(super) expires_at: Option<Timestamp>,
    /// Without its leading dot, not yet in lower case. An empty one is none.
    pub(super) domain: Option<&'a [u8]>,
    /// Begins with `/`.
    pub(super) path: Option<&'a str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

/// Reads the value of one `Set-Cookie` header.
pub(super) fn parse(text: &[u8], now: Timestamp) -> Result<Received<'_>, CookieRefusal> {
    if text.iter().any(|byte| is_control(*byte)) {
        return Err(CookieRefusalKind::ControlCharacter.into());
    }
    let mut parts = text.split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = split_pair(pair).unwrap_or((b"", trim(pair)));
    check_pair(name, value)?;
    let mut received = Received {
        name: as_text(name)?,
        value: as_text(value)?,
        expires_at: None,
        domain: None,
        path: None,
        secure: false,
        http_only: false,
        same_site: SameSite::Default,
    };
    // Of each attribute the last one counts, and `Max-Age` before `Expires` wherever they stand.
    let mut max_age = None;
    for part in parts {
        let (name, value) = split_pair(part).unwrap_or((trim(part), b""));
        if value.len() > LONGEST_ATTRIBUTE {
            continue;
        }
        match name.to_ascii_lowercase().as_slice() {
            b"expires" => received.expires_at = expires(value, now).or(received.expires_at),
            b"max-age" => max_age = self::max_age(value, now).or(max_age),
            b"domain" => {
                received.domain = Some(value.strip_prefix(b".").unwrap_or(value)).filter(|domain| !domain.is_empty());
            }
            b"path" => received.path = if value.starts_with(b"/") { Some(as_text(value)?) } else { None },
            b"secure" => received.secure = true,
            b"httponly" => received.http_only = true,
            b"samesite" => received.same_site = SameSite::of(value),
            _ => {}
        }
    }
    received.expires_at = max_age.or(received.expires_at);
    Ok(received)
}

/// The rules for name and value that hold for cookies from anywhere.
pub(super) fn check_pair(name: &[u8], value: &[u8]) -> Result<(), CookieRefusal> {
    match name.len() + value.len() {
        0 => Err(CookieRefusalKind::Empty.into()),
        length if length > LONGEST_PAIR => Err(CookieRefusalKind::TooLarge.into()),
        _ => Ok(()),
    }
}

/// Control characters but the tab (section 5.6, step 1).
pub(super) const fn is_control(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0a..=0x1f | 0x7f)
}

/// Without spaces and tabs at both ends, and no other white space.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// What stands before and after the first `=`.
fn split_pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    Some((trim(&text[..at]), trim(&text[at + 1..])))
}

fn as_text(bytes: &[u8]) -> Result<&str, CookieRefusal> {
    str::from_utf8(bytes).map_err(|_| CookieRefusalKind::NotText.into())
}

/// Section 5.6.1; what is no date is passed over.
fn expires(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    date::parse(value).map(|date| date.min(now.after(LONGEST_LIFE)))
}

/// Section 5.6.2; what is no whole number is passed over.
fn max_age(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    let (negative, digits) = value.strip_prefix(b"-").map_or((false, value), |digits| (true, digits));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds =
        digits.iter().fold(0_u64, |seconds, digit| seconds.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    if negative || seconds == 0 {
        return Some(Timestamp::from_millis(0));
    }
    Some(now.after(Duration::from_secs(seconds).min(LONGEST_LIFE)))
}

/// Bytes of name and value together (section 5.6).
const LONGEST_PAIR: usize = 4096;

/// Bytes of an attribute's value; a longer one is passed over (section 5.6).
const LONGEST_ATTRIBUTE: usize = 1024;

/// 400 days (section 5.5).
const LONGEST_LIFE: Duration = Duration::from_secs(400 * 86_400);
