//! A file of settings.

use std::{collections::BTreeSet, convert::Infallible, sync::LazyLock, time::Duration};

use countersign::{Carriers, Config, ConfigError, Cookie, Session, SessionLayer};
use http::{
    Request, Response,
    header::{COOKIE, SET_COOKIE},
};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use super::setting::{at_once, sessions_with};

pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match Config::from_toml(text) {
        Ok(config) => accepted(&config),
        Err(error) => refused(text, &error),
    }
}

/// What was accepted makes sense, is read back as it is written, and works.
fn accepted(config: &Config) {
    config.validate().unwrap();
    let written = written_down(config);
    assert_eq!(Config::from_toml(&written).unwrap(), *config, "{written}");
    let is_for_browsers = config.carriers != Carriers::BearerOnly && !config.require_https;
    // Instants are whole milliseconds.
    if is_for_browsers && config.lifetime.idle >= Duration::from_millis(1) {
        works(config);
    }
}

/// A browser that logs in has the cookie that was asked for, and is known by it for as long as was asked for.
fn works(config: &Config) {
    let sessions = sessions_with(config.clone());
    // Says whether the browser was known when it came.
    let handler = async |request: Request<()>| {
        let session = Session::of(&request);
        let known = session.is_logged_in();
        if !known {
            session.log_in("ada").await.unwrap();
        }
        Ok::<_, Infallible>(Response::new(known))
    };
    let service = SessionLayer::new(sessions.clone()).layer(service_fn(handler));
    let ask = |request: http::request::Builder| {
        let request = request.header("sec-fetch-site", "same-origin").body(()).unwrap();
        at_once(service.clone().oneshot(request)).unwrap()
    };

    let first = ask(Request::get("/"));
    assert!(!first.body());
    let all = first.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let ours: Vec<&str> = all.filter(|set| set.split('=').next() == Some(&config.cookie.name)).collect();
    let [set] = ours[..] else { panic!("{ours:?}") };
    let (pair, attributes) = set.split_once(';').unwrap();
    let attributes: BTreeSet<&str> = attributes.split(';').map(|text| text.strip_prefix(' ').unwrap_or(text)).collect();
    assert_eq!(attributes, attributes_of(&config.cookie).iter().map(String::as_str).collect(), "{set}");

    let is_known_after = |time: Duration| {
        assert!(sessions.clock().advance(time));
        *ask(Request::get("/").header(COOKIE, pair)).body()
    };
    assert!(is_known_after(Duration::ZERO), "at once");
    assert!(is_known_after(config.lifetime.idle / 2), "within the idle timeout");
    assert!(!is_known_after(config.lifetime.absolute), "not after the absolute one");
}

/// What a cookie says beside its name and value, if it ends with the browser.
fn attributes_of(cookie: &Cookie) -> Vec<String> {
    let Cookie { secure, same_site, path, domain, .. } = cookie;
    let mut attributes = vec!["HttpOnly".to_owned(), format!("SameSite={same_site:?}"), format!("Path={path}")];
    attributes.extend(secure.then(|| "Secure".to_owned()));
    // RFC 6265bis, section 5.6.3: a leading dot says nothing.
    attributes.extend(domain.as_ref().map(|domain| format!("Domain={}", domain.strip_prefix('.').unwrap_or(domain))));
    attributes
}

/// An error names a setting, and quotes nothing but settings and what stands in the text.
fn refused(text: &str, error: &ConfigError) {
    let message = error.to_string();
    assert_eq!(format!("{error:?}"), message);
    assert!(message.len() <= 1_500 + 10 * text.len(), "{message}");
    // A setting in a list has its number there as well.
    let field = error.field().split_once('[').map_or(error.field(), |(field, _)| field);
    if field == "(file)" {
        assert!(toml::from_str::<Value>(text).is_err(), "{message}");
        return;
    }
    let given = words_of(text);
    let stands =
        |word: &str| NAMES.contains(word) || text.contains(word) || given.iter().any(|given| given.contains(word));
    assert!(stands(field) || field.split('.').all(stands), "no setting: {message}");
    if !given.iter().any(|word| word.contains('`')) {
        // One message lists characters, a back quote among them. What is quoted first is the setting itself.
        for quoted in message.replace("!#$%&'*+-.^_`|~", "").split('`').skip(3).step_by(2) {
            assert!(stands(quoted) || quoted.split('.').all(stands), "`{quoted}`: {message}");
        }
    }
}

/// All names and values that the text gives, as they are meant.
fn words_of(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    words_in(&toml::from_str(text).unwrap(), &mut words);
    words
}

fn words_in(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| {
            words.insert(name.clone());
            words_in(value, words);
        }),
        Value::Array(values) => values.iter().for_each(|value| words_in(value, words)),
        Value::String(text) => drop(words.insert(text.clone())),
        other => drop(words.insert(other.to_string())),
    }
}

/// A line a setting: `lifetime.idle = "30m"`.
fn written_down(config: &Config) -> String {
    let mut text = String::new();
    write("", &serde_json::to_value(config).unwrap(), &mut text);
    text
}

fn write(name: &str, value: &Value, text: &mut String) {
    match value {
        Value::Null => {}
        Value::Object(group) => group.iter().for_each(|(inner, value)| {
            write(&if name.is_empty() { inner.clone() } else { format!("{name}.{inner}") }, value, text);
        }),
        // JSON is TOML here, but that it takes this one character as it is.
        value => *text += &format!("{name} = {}\n", value.to_string().replace('\u{7f}', "\\u007f")),
    }
}

/// The names of settings and groups, and of what some may be set to.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut names = BTreeSet::new();
    words_in(&serde_json::to_value(Config::production()).unwrap(), &mut names);
    let others = [
        "preset",
        "(file)",
        "reject",
        "evict-oldest",
        "evict-least-recently-used",
        "cookie-and-bearer",
        "cookie-only",
        "bearer-only",
        "strict",
        "lax",
        "none",
        "off",
        "report",
        "step-up",
        "refuse",
        "end",
        "enforce",
        "allow",
        "forwarded",
        "x-forwarded-for",
    ];
    names.extend(others.map(ToOwned::to_owned));
    names
});
