use std::fmt;

use serde::{Deserialize, Serialize};

/// The browser or app that a session was started from, as far as its headers tell. A hint for the
/// user who looks at his list of sessions; never a proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// An id that the application gives to a device, to revoke all its sessions by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Box<str>>,
    /// A name that the user gave it, or the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// What kind of device it is.
    pub kind: DeviceKind,
    /// The operating system, as in `Windows 10` or `iPhone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Box<str>>,
    /// The browser or program, as in `Firefox 133`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Box<str>>,
}

/// Kinds of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A desktop or laptop computer.
    Desktop,
    /// A telephone.
    Phone,
    /// A tablet.
    Tablet,
    /// A crawler or another program without a person in front of it.
    Bot,
    /// None of these, or not to be told.
    #[default]
    Unknown,
}

impl Device {
    /// Reads what a request says of its sender: the `User-Agent` header and the low-entropy client
    /// hints `Sec-CH-UA`, `Sec-CH-UA-Mobile` and `Sec-CH-UA-Platform`, which outrank it.
    ///
    /// Names come from the parser's own list or are cut to 64 printable characters, so that they
    /// can be logged and shown; without the feature `user-agent`, only the hints count.
    ///
    /// ```
    /// use countersign::{Device, DeviceKind};
    ///
    /// let device = Device::of(&countersign::DeviceHints {
    ///     user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"),
    ///     ..Default::default()
    /// });
    /// assert_eq!(device.kind, DeviceKind::Desktop);
    /// assert_eq!(device.to_string(), "Firefox 133 on Linux");
    /// ```
    #[must_use]
    pub fn of(hints: &DeviceHints<'_>) -> Self {
        let mut device = hints.user_agent.map(from_user_agent).unwrap_or_default();
        if let Some(brand) = hints.brands.and_then(first_real_brand) {
            device.browser = Some(brand);
        }
        if let Some(platform) = hints.platform.map(unquoted).filter(|platform| !platform.is_empty()) {
            device.os = Some(printable(platform));
        }
        if hints.mobile == Some("?1") && device.kind != DeviceKind::Tablet {
            device.kind = DeviceKind::Phone;
        }
        device
    }
}

/// What a request says of its sender: the headers that [`Device::of`] reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceHints<'a> {
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Sec-CH-UA`.
    pub brands: Option<&'a str>,
    /// `Sec-CH-UA-Mobile`.
    pub mobile: Option<&'a str>,
    /// `Sec-CH-UA-Platform`.
    pub platform: Option<&'a str>,
}

/// The name, or else `Firefox 133 on Linux`, or else `unknown device`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.browser, &self.os) {
            (Some(name), _, _) => f.write_str(name),
            (None, Some(browser), Some(os)) => write!(f, "{browser} on {os}"),
            (None, Some(one), None) | (None, None, Some(one)) => f.write_str(one),
            (None, None, None) => f.write_str("unknown device"),
        }
    }
}

#[cfg(feature = "user-agent")]
fn from_user_agent(header: &str) -> Device {
    // Beyond this a header is an attack on the parser, not a browser.
    let header = header.get(..header.len().min(1_024)).unwrap_or_default();
    let found = woothee::parser::Parser::new().parse(header);
    let Some(found) = found.filter(|found| found.category != "misc") else {
        return Device { browser: first_product(header), ..Device::default() };
    };
    let known = |text: &str| (text != "UNKNOWN" && !text.is_empty()).then(|| printable(text));
    let kind = match found.category {
        "pc" => DeviceKind::Desktop,
        "smartphone" if found.os == "iPad" => DeviceKind::Tablet,
        "smartphone" if found.os == "Android" && !header.contains("Mobile") => DeviceKind::Tablet,
        "smartphone" | "mobilephone" => DeviceKind::Phone,
        "crawler" => DeviceKind::Bot,
        _ => DeviceKind::Unknown,
    };
    let major = found.version.split('.').next().unwrap_or_default();
    let browser = match (known(found.name), known(major)) {
        (Some(name), Some(major)) => Some(format!("{name} {major}").into()),
        (name, _) => name,
    };
    Device { kind, os: known(found.os), browser, ..Device::default() }
}

#[cfg(not(feature = "user-agent"))]
fn from_user_agent(header: &str) -> Device {
    Device { browser: first_product(header), ..Device::default() }
}

/// `curl` out of `curl/8.5.0`: the first product of RFC 9110, section 10.1.5.
fn first_product(header: &str) -> Option<Box<str>> {
    let product = header.split(['/', ' ']).next()?;
    (!product.is_empty()).then(|| printable(product))
}

/// The first brand of a `Sec-CH-UA` list that is neither grease nor the engine.
fn first_real_brand(list: &str) -> Option<Box<str>> {
    list.split(',').find_map(|item| {
        let (brand, parameters) = item.split_once(';')?;
        let brand = unquoted(brand);
        let grease = brand.contains("Not") && brand.contains("Brand");
        let version = parameters.trim().strip_prefix("v=").map(unquoted)?;
        (!grease && brand != "Chromium" && !brand.is_empty()).then(|| printable(&format!("{brand} {version}")))
    })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// At most 64 characters, none of which could forge a line of a log (ASVS 16.4.1).
fn printable(text: &str) -> Box<str> {
    text.chars().filter(|c| !c.is_control()).take(64).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

    #[cfg(feature = "user-agent")]
    #[test]
    fn common_browsers_and_programs_are_told_apart() {
        let cases = [
            (CHROME, DeviceKind::Desktop, "Chrome 131 on Windows 10"),
            (&format!("{CHROME} Edg/131.0.0.0"), DeviceKind::Desktop, "Edge 131 on Windows 10"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                DeviceKind::Phone,
                "Safari 18 on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel Tablet) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                DeviceKind::Tablet,
                "Chrome 131 on Android",
            ),
            ("curl/8.5.0", DeviceKind::Unknown, "curl"),
            ("", DeviceKind::Unknown, "unknown device"),
        ];
        for (header, kind, text) in cases {
            let device = Device::of(&DeviceHints { user_agent: Some(header), ..Default::default() });
            assert_eq!((device.kind, device.to_string().as_str()), (kind, text), "{header}");
        }
    }

    #[test]
    fn client_hints_outrank_the_user_agent() {
        let device = Device::of(&DeviceHints {
            user_agent: Some(CHROME),
            brands: Some(r#""Not_A Brand";v="8", "Chromium";v="131", "Brave";v="131""#),
            mobile: Some("?0"),
            platform: Some(r#""macOS""#),
        });
        assert_eq!(device.to_string(), "Brave 131 on macOS");
    }

    #[test]
    fn what_a_stranger_sends_is_cut_and_cleaned() {
        let header = format!("evil\r\n\x1b[31m{}", "x".repeat(70_000));
        let device = Device::of(&DeviceHints { platform: Some(&header), ..Default::default() });
        let os = device.os.unwrap();
        assert_eq!(os.chars().count(), 64);
        assert!(!os.chars().any(char::is_control));
    }
}
