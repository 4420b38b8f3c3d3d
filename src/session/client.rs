use std::net::IpAddr;

use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, USER_AGENT},
    uri::PathAndQuery,
};

use crate::{
    peer::AgentFamily,
    record::{Device, DeviceHints},
    sessions::Origin,
};

/// What a request says of its sender, kept until somebody logs in. Copied, not parsed: few requests
/// are log-ins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    headers: Option<Box<Headers>>,
    address: Option<IpAddr>,
    asked_for: Option<PathAndQuery>,
}

#[derive(Clone, Debug)]
struct Headers {
    user_agent: Option<HeaderValue>,
    brands: Option<HeaderValue>,
    mobile: Option<HeaderValue>,
    platform: Option<HeaderValue>,
    /// Usually there is one. None where nobody can be about to log in.
    cookie: Option<HeaderValue>,
    more_cookies: Vec<HeaderValue>,
}

impl Client {
    /// `with_cookies`: whether somebody may be about to log in, and his device is of interest.
    pub(crate) fn new(headers: &HeaderMap, address: Option<IpAddr>, with_cookies: bool) -> Self {
        let copy = |name: &str| headers.get(name).cloned();
        let user_agent = headers.get(USER_AGENT);
        let cookie = if with_cookies { headers.get(COOKIE) } else { None };
        let headers = (user_agent.is_some() || cookie.is_some()).then(|| {
            Box::new(Headers {
                user_agent: user_agent.cloned(),
                brands: copy("sec-ch-ua"),
                mobile: copy("sec-ch-ua-mobile"),
                platform: copy("sec-ch-ua-platform"),
                cookie: cookie.cloned(),
                more_cookies: headers.get_all(COOKIE).iter().skip(1).filter(|_| with_cookies).cloned().collect(),
            })
        });
        Self { headers, address, asked_for: None }
    }

    /// The same, with what the request asks for.
    pub(crate) fn asking_for(self, asked_for: Option<PathAndQuery>) -> Self {
        Self { asked_for, ..self }
    }

    pub(crate) const fn asked_for(&self) -> Option<&PathAndQuery> {
        self.asked_for.as_ref()
    }

    /// Reads it.
    pub(crate) fn origin(&self) -> Origin {
        let Some(headers) = &self.headers else { return Origin { address: self.address, ..Origin::default() } };
        let device = Device::of(&DeviceHints {
            user_agent: headers.user_agent.as_ref().and_then(text),
            brands: headers.brands.as_ref().and_then(text),
            mobile: headers.mobile.as_ref().and_then(text),
            platform: headers.platform.as_ref().and_then(text),
        });
        let agent = headers.user_agent.as_ref().map(|agent| AgentFamily::of(agent.as_bytes()).number());
        Origin { device, address: self.address, agent }
    }

    /// The cookies of the request, as its headers had them.
    pub(crate) fn cookies(&self) -> HeaderMap {
        let headers = self.headers.iter().flat_map(|headers| headers.cookie.iter().chain(&headers.more_cookies));
        headers.map(|value| (COOKIE, value.clone())).collect()
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
