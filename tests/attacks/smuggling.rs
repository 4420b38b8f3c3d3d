//! Headers by which a client says where it comes from, and that no proxy of ours has written (4.1.3, 15.3.4, C-09).

use countersign::{Binding, ForwardedHeader, Reaction, RefusalKind, SessionLayer};
use http::{Method, StatusCode};

use crate::{
    site::{ask, site, site_behind},
    support::{Backend, Browser, World},
};

const VICTIM: &str = "192.0.2.7";
const ATTACKER: &str = "203.0.113.9";
const PROXY: &str = "10.0.0.1";

/// Every spelling in which a client might claim to be at the victim's address.
const CLAIMS: [(&str, &str); 8] = [
    ("x-forwarded-for", "192.0.2.7"),
    ("x-forwarded-for", "192.0.2.7, 10.0.0.1"),
    ("x-forwarded-for", "::ffff:192.0.2.7"),
    ("forwarded", "for=192.0.2.7"),
    ("forwarded", "for=\"192.0.2.7:80\";proto=https"),
    ("x-real-ip", "192.0.2.7"),
    ("true-client-ip", "192.0.2.7"),
    ("cf-connecting-ip", "192.0.2.7"),
];

#[tokio::test]
async fn no_header_of_an_untrusted_client_moves_its_address() {
    let world = World::with(Backend::Memory, |config| {
        config.proxies.trusted = vec!["10.0.0.0/8".to_owned()];
        config.throttle.network.free = 3;
        config.throttle.account.free = 0;
        config.throttle.answer_after = std::time::Duration::ZERO;
    })
    .await;
    let bound = Binding { address: Reaction::Refuse, ..world.config.binding };
    let site = site_behind(SessionLayer::new(world.sessions.clone()).binding(bound), world.sessions.clone());
    let mut victim = Browser::new(&site);
    let log_in = ask(&victim, Method::POST, "/guess/ada/right", Some(VICTIM), &[]).await;
    victim.keep_all(&log_in);
    for claim in CLAIMS {
        let stolen = ask(&victim, Method::GET, "/address", Some(ATTACKER), &[claim]).await;
        assert_eq!(stolen.refusal, Some(RefusalKind::OtherNetwork), "{claim:?}");
    }
    assert_eq!(ask(&victim, Method::GET, "/address", Some(VICTIM), &[]).await.body, VICTIM);

    // Guesses that claim to come from everywhere come from one network.
    let mut checked = 0;
    for number in 0..20 {
        let claimed = format!("198.51.{number}.1");
        let path = format!("/guess/user-{number}/wrong");
        let reply =
            ask(&Browser::new(&site), Method::POST, &path, Some(ATTACKER), &[("x-forwarded-for", &claimed)]).await;
        checked += usize::from(reply.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(checked, 3);

    // Through a proxy of ours, what it has appended counts, and not what the client has put before it.
    let through = [("x-forwarded-for", "192.0.2.7, 203.0.113.9")];
    let smuggled = ask(&victim, Method::GET, "/address", Some(PROXY), &through).await;
    assert_eq!(smuggled.refusal, Some(RefusalKind::OtherNetwork));
    let honest = [("x-forwarded-for", "203.0.113.9, 192.0.2.7")];
    assert_eq!(ask(&victim, Method::GET, "/address", Some(PROXY), &honest).await.body, VICTIM);
}

#[tokio::test]
async fn no_header_of_an_untrusted_client_makes_it_secure() {
    let world = World::with(Backend::Memory, |config| {
        config.require_https = true;
        config.proxies.trusted = vec!["10.0.0.0/8".to_owned()];
    })
    .await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let client = Browser::with_token(&site, &token);
    for claim in [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-ssl", "on"),
        ("forwarded", "for=192.0.2.7;proto=https"),
        ("front-end-https", "on"),
    ] {
        let reply = ask(&client, Method::GET, "/me", Some(ATTACKER), &[claim]).await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::FORBIDDEN, Some(RefusalKind::Insecure)), "{claim:?}");
    }
    let proxied = [("x-forwarded-for", VICTIM), ("x-forwarded-proto", "https")];
    assert_eq!(ask(&client, Method::GET, "/me", Some(PROXY), &proxied).await.body, "ada");
    let plain = [("x-forwarded-for", VICTIM), ("x-forwarded-proto", "http")];
    assert_eq!(ask(&client, Method::GET, "/me", Some(PROXY), &plain).await.status, StatusCode::FORBIDDEN);
}

/// What the client sends stands before what the proxy adds: in the same line, in a line of its own, or in half a quoted string.
#[tokio::test]
async fn nothing_that_stands_before_a_proxys_word_swallows_it() {
    use ForwardedHeader::{Forwarded, XForwardedFor};
    let rest = "for=\"192.0.2.7, for=203.0.113.9";
    let cases: [(ForwardedHeader, &[(&str, &str)]); 9] = [
        (XForwardedFor, &[("x-forwarded-for", VICTIM), ("x-forwarded-for", ATTACKER)]),
        (XForwardedFor, &[("x-forwarded-for", "192.0.2.7, 10.0.0.9"), ("x-forwarded-for", ATTACKER)]),
        (XForwardedFor, &[("x-forwarded-for", "\"192.0.2.7, 203.0.113.9")]),
        (XForwardedFor, &[("x-forwarded-for", ATTACKER), ("forwarded", "for=192.0.2.7")]),
        (Forwarded, &[("forwarded", "for=192.0.2.7"), ("forwarded", "for=203.0.113.9")]),
        (Forwarded, &[("forwarded", rest)]),
        (Forwarded, &[("forwarded", "for=192.0.2.7;x=\""), ("forwarded", "for=203.0.113.9")]),
        (Forwarded, &[("forwarded", "for=192.0.2.7;by=\"a,b\", for=203.0.113.9")]),
        (Forwarded, &[("x-forwarded-for", VICTIM), ("forwarded", "for=203.0.113.9")]),
    ];
    for (header, said) in cases {
        let world = World::with(Backend::Memory, |config| {
            config.proxies.trusted = vec!["10.0.0.0/8".to_owned()];
            config.proxies.header = header;
        })
        .await;
        let bound = Binding { address: Reaction::Refuse, ..world.config.binding };
        let site = site_behind(SessionLayer::new(world.sessions.clone()).binding(bound), world.sessions.clone());
        let mut victim = Browser::new(&site);
        let honest = match header {
            Forwarded => ("forwarded", "for=192.0.2.7"),
            _ => ("x-forwarded-for", VICTIM),
        };
        let log_in = ask(&victim, Method::POST, "/guess/ada/right", Some(PROXY), &[honest]).await;
        victim.keep_all(&log_in);
        assert_eq!(ask(&victim, Method::GET, "/address", Some(PROXY), &[honest]).await.body, VICTIM);
        let stolen = ask(&victim, Method::GET, "/address", Some(PROXY), said).await;
        assert_eq!(stolen.refusal, Some(RefusalKind::OtherNetwork), "{said:?}");
    }
}

/// SM-06: the client's own scheme before that of a proxy which adds its word to both.
#[tokio::test]
async fn a_scheme_of_the_clients_own_makes_nothing_secure() {
    let world = World::with(Backend::Memory, |config| {
        config.require_https = true;
        config.proxies.trusted = vec!["10.0.0.0/8".to_owned()];
    })
    .await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let client = Browser::with_token(&site, &token);
    for (addresses, schemes, secure) in [
        ("203.0.113.9", "https, http", false),
        ("192.0.2.7, 203.0.113.9", "https, http", false),
        ("192.0.2.7, 203.0.113.9", "https, https, http", false),
        ("203.0.113.9", "httpsx", false),
        ("203.0.113.9", "\"https\"", false),
        ("192.0.2.7, 203.0.113.9", "http, https", true),
    ] {
        let said = [("x-forwarded-for", addresses), ("x-forwarded-proto", schemes)];
        let reply = ask(&client, Method::GET, "/me", Some(PROXY), &said).await;
        assert_eq!(reply.status == StatusCode::OK, secure, "{said:?}");
    }
}
