use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header::USER_AGENT};

use crate::{
    record::{Device, DeviceHints},
    sessions::Origin,
};

/// What a request says of its sender, kept until somebody logs in. Copied, not parsed: few requests
/// are log-ins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    headers: Option<Box<Headers>>,
    address: Option<IpAddr>,
}

#[derive(Clone, Debug)]
struct Headers {
    user_agent: HeaderValue,
    brands: Option<HeaderValue>,
    mobile: Option<HeaderValue>,
    platform: Option<HeaderValue>,
}

impl Client {
    pub(crate) fn new(headers: &HeaderMap, address: Option<IpAddr>) -> Self {
        let copy = |name: &str| headers.get(name).cloned();
        let headers = headers.get(USER_AGENT).cloned().map(|user_agent| {
            Box::new(Headers {
                user_agent,
                brands: copy("sec-ch-ua"),
                mobile: copy("sec-ch-ua-mobile"),
                platform: copy("sec-ch-ua-platform"),
            })
        });
        Self { headers, address }
    }

    /// Reads it.
    pub(crate) fn origin(&self) -> Origin {
        let device = self.headers.as_ref().map(|headers| {
            Device::of(&DeviceHints {
                user_agent: text(&headers.user_agent),
                brands: headers.brands.as_ref().and_then(text),
                mobile: headers.mobile.as_ref().and_then(text),
                platform: headers.platform.as_ref().and_then(text),
            })
        });
        Origin { device: device.unwrap_or_default(), address: self.address }
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
