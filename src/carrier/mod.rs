//! How a token rides on a message: `Authorization: Bearer`, or a cookie.
//!
//! A Bearer header decides alone: a bad one never falls back to the cookie. Tokens anywhere else
//! (query, form, path) are not looked at. The device cookie rides beside them, and authenticates nobody.

mod bearer;
mod cookie;
mod device;
#[cfg(test)]
mod tests;

#[cfg(feature = "service")]
pub(crate) use bearer::{Found as Bearer, read as read_bearer};
pub(crate) use bearer::{challenge, step_up_challenge};

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use crate::{
    config::{Carriers, Config},
    token::{DeviceKeys, DeviceToken, RefusalKind, Token, TokenKeys},
};
use cookie::OwnCookie;
use device::DeviceCookie;

/// Reads tokens off requests, and writes them onto responses.
#[derive(Debug)]
pub(crate) struct Carrier {
    carriers: Carriers,
    cookie: OwnCookie,
    device: Option<DeviceCookie>,
}

/// What a request carries.
#[derive(Debug)]
pub(crate) enum Carried {
    /// No credential of ours.
    Nothing,
    /// Several `Authorization` headers, one of them Bearer (RFC 6750, section 3.1: invalid_request).
    TwoCredentials,
    /// A credential, and the way it came.
    Credential(Way, Result<Token, RefusalKind>),
}

/// The way of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Bearer,
    Cookie,
}

impl Carrier {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            carriers: config.carriers,
            cookie: OwnCookie::new(&config.cookie.name, &config.cookie),
            device: DeviceCookie::new(config),
        }
    }

    /// Finds the request's credential, and checks its shape and signature: no store is asked.
    pub(crate) fn read(&self, headers: &HeaderMap, keys: &TokenKeys) -> Carried {
        if self.carriers != Carriers::CookieOnly {
            match bearer::read(headers) {
                bearer::Found::Nothing => {}
                bearer::Found::Several => return Carried::TwoCredentials,
                bearer::Found::One(text) => return Carried::Credential(Way::Bearer, genuine(text, keys)),
            }
        }
        if self.carriers == Carriers::BearerOnly {
            return Carried::Nothing;
        }
        match self.cookie.read(headers, |value| genuine(value, keys)) {
            Some(found) => Carried::Credential(Way::Cookie, found),
            None => Carried::Nothing,
        }
    }

    /// Whether a browser is known again by a cookie of its own.
    pub(crate) const fn knows_devices(&self) -> bool {
        self.device.is_some()
    }

    /// Whether responses may set the cookie at all.
    pub(crate) fn sets_cookies(&self) -> bool {
        self.carriers != Carriers::BearerOnly
    }

    /// `Set-Cookie` that hands out a token. `max_age` makes it outlive the browser.
    pub(crate) fn set(&self, token: &Token, max_age: Option<Duration>) -> HeaderValue {
        self.cookie.set(&token.reveal(), max_age)
    }

    /// `Set-Cookie` that takes the token away again: the same cookie, without value or life.
    pub(crate) fn clear(&self) -> HeaderValue {
        self.cookie.clear()
    }

    /// The device that the request came from, if it is one that somebody has logged in on.
    pub(crate) fn device(&self, headers: &HeaderMap, keys: &DeviceKeys) -> Option<DeviceToken> {
        self.device.as_ref()?.read(headers, keys)
    }

    /// `Set-Cookie` by which the device is known again. `None` if that is switched off.
    pub(crate) fn set_device(&self, token: &DeviceToken) -> Option<HeaderValue> {
        Some(self.device.as_ref()?.set(token))
    }

    /// What of a request decides about the session, for `Vary`. `Authorization` is named too: a
    /// private cache must not give one client's answer to another.
    pub(crate) const fn vary(&self) -> &'static str {
        match self.carriers {
            Carriers::CookieAndBearer => "cookie, authorization",
            Carriers::CookieOnly => "cookie",
            Carriers::BearerOnly => "authorization",
        }
    }
}

fn genuine(text: &[u8], keys: &TokenKeys) -> Result<Token, RefusalKind> {
    let token = Token::parse(text).map_err(|_| RefusalKind::Malformed)?;
    if keys.verify(&token) { Ok(token) } else { Err(RefusalKind::Forged) }
}
