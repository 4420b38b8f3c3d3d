//! The session cookie, byte for byte, and the settings that are refused.

use countersign::{Config, KeyRing, MemoryStore, SameSite, Sessions, Token};

use crate::support::{Backend, Browser, KEY, World, app};

#[tokio::test]
async fn the_production_cookie_is_exactly_this() {
    let world = World::new(Backend::Memory).await;
    let mut browser = Browser::new(&app(world.sessions.clone()));
    let set = browser.post("/login/ada").await;
    let token = browser.token().unwrap().to_owned();
    assert_eq!(set.set_cookie().unwrap(), format!("__Host-sid={token}; HttpOnly; SameSite=Lax; Secure; Path=/"));
    let clear = browser.post("/logout").await;
    assert_eq!(clear.set_cookie().unwrap(), "__Host-sid=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");

    let kept = browser.post("/login/ada/remember").await;
    let token = browser.token().unwrap();
    let expected = format!("__Host-sid={token}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1209600");
    assert_eq!(kept.set_cookie().unwrap(), expected);
}

#[tokio::test]
async fn every_other_cookie_is_set_on_purpose_and_cleared_with_the_same_attributes() {
    type Edit = fn(&mut Config);
    let cases: [(Edit, &str, &str); 3] = [
        (|config| *config = Config::development(), "sid", "HttpOnly; SameSite=Lax; Path=/"),
        (
            |config| {
                config.cookie.name = "__Secure-app".to_owned();
                config.cookie.domain = Some("example.org".to_owned());
                config.cookie.path = "/app".to_owned();
                config.cookie.same_site = SameSite::Strict;
            },
            "__Secure-app",
            "HttpOnly; SameSite=Strict; Secure; Path=/app; Domain=example.org",
        ),
        (|config| config.cookie.same_site = SameSite::None, "__Host-sid", "HttpOnly; SameSite=None; Secure; Path=/"),
    ];
    for (edit, name, attributes) in cases {
        let world = World::with(Backend::Memory, edit).await;
        let app = app(world.sessions.clone());
        let post = |path: &str| http::Request::post(path);
        let reply = Browser::new(&app).ask(post("/login/ada").body(Default::default()).unwrap()).await;
        let (pair, rest) = reply.set_cookie().unwrap().split_once("; ").unwrap();
        assert_eq!(rest, attributes);
        let token = pair.strip_prefix(name).unwrap().strip_prefix('=').unwrap();
        assert_eq!(token.len(), Token::CHARS);

        let logout =
            post("/logout").header("cookie", format!("{name}={token}")).header("sec-fetch-site", "same-origin");
        let logout = logout.body(Default::default());
        let reply = Browser::new(&app).ask(logout.unwrap()).await;
        assert_eq!(reply.set_cookie().unwrap(), format!("{name}=; {attributes}; Max-Age=0"));
    }
}

#[test]
fn what_contradicts_itself_is_refused_when_the_sessions_are_built() {
    type Edit = fn(&mut Config);
    let cases: [(&str, Edit); 7] = [
        ("cookie.domain", |config| config.cookie.domain = Some("example.org".to_owned())),
        ("cookie.path", |config| config.cookie.path = "/app".to_owned()),
        ("cookie.secure", |config| config.cookie.secure = false),
        ("cookie.same_site", |config| {
            *config = Config::development();
            config.cookie.same_site = SameSite::None;
        }),
        ("cookie.name", |config| config.cookie.name = "sid;Domain=example.org".to_owned()),
        ("cookie.domain", |config| {
            config.cookie.name = "__Secure-sid".to_owned();
            config.cookie.domain = Some("example.org; Max-Age=1".to_owned());
        }),
        ("cookie.path", |config| {
            config.cookie.name = "__Secure-sid".to_owned();
            config.cookie.path = "/\r\nSet-Cookie: a=b".to_owned();
        }),
    ];
    for (field, edit) in cases {
        let mut config = Config::production();
        edit(&mut config);
        let built = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).config(config).build();
        assert_eq!(built.unwrap_err().field(), field);
    }
}

#[test]
fn http_only_cannot_be_turned_off() {
    let error = Config::from_toml("[cookie]\nhttp_only = false").unwrap_err();
    assert_eq!(error.field(), "cookie.http_only");
    assert!(!serde_json::to_string(&Config::development()).unwrap().contains("http_only"));
}

#[test]
fn name_and_value_stay_far_under_what_browsers_keep() {
    let mut config = Config::production();
    let longest = (1..100).rev().find(|length| {
        config.cookie.name = format!("__Host-{}", "x".repeat(*length));
        config.validate().is_ok()
    });
    assert!("__Host-".len() + longest.unwrap() + Token::CHARS <= 4096);
}

#[test]
fn a_login_page_lies_on_this_site() {
    for elsewhere in ["//evil.example", "/\\evil.example", "https://evil.example", "login", "", "/a\r\nb", "/a b"] {
        let mut config = Config::production();
        config.login_url = Some(elsewhere.to_owned());
        assert_eq!(config.validate().unwrap_err().field(), "login_url", "{elsewhere}");
    }
}
