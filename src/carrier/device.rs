//! The device cookie: by what a browser is known again at the next log-in. It authenticates nobody.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::cookie::OwnCookie;
use crate::{
    config::{Carriers, Config, Cookie},
    token::{DeviceKeys, DeviceToken, RefusalKind},
};

#[derive(Debug)]
pub(super) struct DeviceCookie {
    cookie: OwnCookie,
    lifetime: Duration,
}

impl DeviceCookie {
    /// `None` if it is switched off, or if no browser is served.
    pub(super) fn new(config: &Config) -> Option<Self> {
        let name = config.device.name.as_deref().filter(|_| config.carriers != Carriers::BearerOnly)?;
        // Whatever the session cookie is shared with, this one is not.
        let alone = Cookie { path: "/".to_owned(), domain: None, ..config.cookie.clone() };
        Some(Self { cookie: OwnCookie::new(name, &alone), lifetime: config.device.lifetime })
    }

    /// The token of the device. Of several different genuine ones, none: nobody can say which of them was planted.
    pub(super) fn read(&self, headers: &HeaderMap, keys: &DeviceKeys) -> Option<DeviceToken> {
        let genuine = |value: &[u8]| DeviceToken::parse(value, keys).ok_or(RefusalKind::Forged);
        self.cookie.read(headers, genuine)?.ok()
    }

    /// `Set-Cookie` that keeps the token for as long as a device is remembered.
    pub(super) fn set(&self, token: &DeviceToken) -> HeaderValue {
        self.cookie.set(&token.reveal(), Some(self.lifetime))
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;
    use crate::{carrier::Carrier, config::SameSite, key::KeyRing};

    const NAME: &str = "__Host-did";

    fn keys() -> DeviceKeys {
        DeviceKeys::new(&KeyRing::new(b"the key of the tests, 32 bytes..").unwrap(), "")
    }

    fn mint(keys: &DeviceKeys) -> DeviceToken {
        DeviceToken::with(None, keys, "ada").unwrap()
    }

    fn cookies(headers: &[&[u8]], keys: &DeviceKeys) -> Option<String> {
        let headers = headers.iter().map(|value| (COOKIE, HeaderValue::from_bytes(value).unwrap()));
        let token = Carrier::new(&Config::production()).device(&headers.collect(), keys)?;
        Some(token.reveal())
    }

    #[test]
    fn the_cookie_is_the_session_cookies_sibling_and_lives_for_half_a_year() {
        let token = mint(&keys());
        let text = token.reveal();
        let set = |config: &Config| Carrier::new(config).set_device(&token).unwrap();
        let header = set(&Config::production());
        assert_eq!(
            header,
            format!("__Host-did={text}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=15780096").as_str()
        );
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_eq!(
            set(&Config::development()),
            format!("did={text}; HttpOnly; SameSite=Lax; Path=/; Max-Age=15780096").as_str()
        );

        let mut config = Config::production();
        config.cookie.name = "sid".to_owned();
        config.cookie.same_site = SameSite::Strict;
        config.cookie.path = "/app".to_owned();
        config.cookie.domain = Some("example.org".to_owned());
        config.device.name = Some("did".to_owned());
        config.device.lifetime = Duration::from_secs(60);
        config.validate().unwrap();
        let expected = "; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60";
        assert_eq!(set(&config), format!("did={text}{expected}").as_str());
    }

    #[test]
    fn only_a_byte_exact_name_is_ours() {
        let keys = keys();
        let text = mint(&keys).reveal();
        let ours = format!("{NAME}={text}");
        for good in [ours.clone(), format!("a=b; {ours}; c=d"), format!(" \t{NAME}\t= {text}")] {
            assert_eq!(cookies(&[good.as_bytes()], &keys), Some(text.clone()), "{good}");
        }
        for name in
            ["__%48ost-did", "__Host%2Ddid", "__host-did", "__Host-did2", "x__Host-did", "did", "__Host-sid", ""]
        {
            assert_eq!(cookies(&[format!("{name}={text}").as_bytes()], &keys), None, "{name}");
        }
    }

    #[test]
    fn of_several_values_exactly_one_must_be_genuine() {
        let keys = keys();
        let (one, two) = (mint(&keys).reveal(), mint(&keys).reveal());
        let other = DeviceKeys::new(&KeyRing::new(b"some other key, also of 32 bytes").unwrap(), "");
        let forged = mint(&other).reveal();
        let cases: [(&[&str], Option<&String>); 8] = [
            (&[&one], Some(&one)),
            (&[&one, &one], Some(&one)),
            (&["x", &one, &forged, ""], Some(&one)),
            (&[&forged, &one], Some(&one)),
            (&[&one, &two], None),
            (&[&two, &forged, &one, &two], None),
            (&[&forged], None),
            (&["", "x"], None),
        ];
        for (values, expected) in cases {
            let pairs: Vec<String> = values.iter().map(|value| format!("{NAME}={value}")).collect();
            assert_eq!(cookies(&[pairs.join("; ").as_bytes()], &keys), expected.cloned(), "{values:?}");
            let split: Vec<&[u8]> = pairs.iter().map(String::as_bytes).collect();
            assert_eq!(cookies(&split, &keys), expected.cloned(), "{values:?} in headers of their own");
        }
    }

    #[test]
    fn a_strangers_bytes_do_not_blind_the_reader() {
        let keys = keys();
        let text = mint(&keys).reveal();
        let ours = format!("{NAME}={text}");
        let long = format!("{NAME}={}", "A".repeat(64 * 1024));
        let flood = format!("{NAME}={}; ", "A".repeat(text.len())).repeat(64 * 1024 / text.len());
        for noise in [&b"a=\xff\xfe"[..], b"no equals sign", b"==;=", long.as_bytes(), flood.as_bytes()] {
            let together = [noise, b"; ", ours.as_bytes()].concat();
            assert_eq!(cookies(&[&together], &keys), Some(text.clone()));
            assert_eq!(cookies(&[noise, ours.as_bytes()], &keys), Some(text.clone()));
            assert_eq!(cookies(&[noise], &keys), None);
        }
    }

    #[test]
    fn what_is_switched_off_is_neither_read_nor_set() {
        let keys = keys();
        let token = mint(&keys);
        let ours = HeaderValue::try_from(format!("{NAME}={}", token.reveal())).unwrap();
        let headers = [(COOKIE, ours)].into_iter().collect();
        let mut unnamed = Config::production();
        unnamed.device.name = None;
        let mut no_browsers = Config::production();
        no_browsers.carriers = Carriers::BearerOnly;
        for config in [unnamed, no_browsers] {
            let carrier = Carrier::new(&config);
            assert!(carrier.device(&headers, &keys).is_none() && carrier.set_device(&token).is_none());
        }
    }
}
