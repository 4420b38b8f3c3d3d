//! Every level of validity, as data and in one line.

use countersign::client::{CookieState, LinkedSession, LinkedState, SessionState, TokenState, UserInfo};

use crate::support::{Place, clock, minutes, set_cookies, start, tokens, uri};

#[tokio::test]
async fn the_summary_tells_every_level_in_one_line() {
    let clock = clock();
    let session = Place::default().session(&clock);
    let nobody = "Session: NONE | Tokens: NONE | Cookies: MISSING | Age: NONE | Last call: never";
    assert_eq!(session.validity().to_string(), nobody);

    session.log_in(tokens("a")).cookies_from(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    clock.advance(minutes(43));
    session.record_call("api.example.com");
    clock.advance(minutes(2));
    let line = "Session: VALID | Tokens: VALID | Cookies: PRESENT | Age: 45m | Last call: 2m ago";
    assert_eq!(session.validity().to_string(), line);

    session.link("Wallet", LinkedSession::new().with_secret("s")).await.unwrap();
    session.link("A\nB", LinkedSession::new().with_expiry(start())).await.unwrap();
    let line = "Session: VALID | Tokens: VALID | Cookies: PRESENT | A\\nB: EXPIRED | Wallet: ACTIVE | Age: 45m \
                | Last call: 2m ago";
    assert_eq!(session.validity().to_string(), line);

    clock.advance(minutes(60 * 24 * 3));
    let line = "Session: EXPIRED | Tokens: EXPIRED | Cookies: PRESENT | A\\nB: EXPIRED | Wallet: ACTIVE | Age: 3d \
                | Last call: 3d ago";
    assert_eq!(session.validity().to_string(), line);
}

#[tokio::test]
async fn tokens_take_the_session_with_them_through_their_life() {
    let clock = clock();
    let session = Place::default().session(&clock);
    session.log_in(tokens("a")).await.unwrap();
    let at = |minute| {
        clock.advance(minutes(minute));
        let validity = session.validity();
        (validity.session, validity.tokens.unwrap(), validity.is_valid(), session.needs_refresh())
    };
    assert_eq!(at(104), (SessionState::Valid, TokenState::Valid, true, false));
    assert_eq!(at(1), (SessionState::Valid, TokenState::NeedsRefresh, true, true));
    assert_eq!(at(10), (SessionState::Expired, TokenState::Expired, false, true));
    assert_eq!(at(5), (SessionState::Expired, TokenState::Dead, false, true));
}

#[tokio::test]
async fn what_can_be_renewed_needs_a_refresh_and_is_not_over() {
    use countersign::client::{ClientSession, RefreshError, RefreshToken, TokenManager};
    let clock = clock();
    let refresh = |_: RefreshToken| async { Err(RefreshError::try_again("not in this test")) };
    let session = ClientSession::new(TokenManager::builder(refresh).clock(clock.clone()).build().unwrap());
    session.log_in(tokens("a").with_refresh_token("r").unwrap()).await.unwrap();
    clock.advance(minutes(121));
    assert_eq!(session.validity().session, SessionState::NeedsRefresh);
    assert!(session.validity().to_string().starts_with("Session: NEEDS REFRESH | Tokens: EXPIRED |"));
    assert!(!session.is_valid());
}

#[tokio::test]
async fn without_a_required_cookie_the_session_is_incomplete() {
    let clock = clock();
    let session = Place::default().session(&clock).require_cookies(["sid", "csrf"]);
    session.log_in(tokens("a")).cookies_from(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    assert_eq!(session.validity().cookies, CookieState::Missing);
    assert_eq!(session.validity().session, SessionState::Incomplete);

    session.take_cookies(&uri(), &set_cookies(["csrf=2; Path=/; Max-Age=600"])).await.unwrap();
    assert_eq!(session.validity().cookies, CookieState::Present);
    assert!(session.is_valid());

    clock.advance(minutes(10));
    assert_eq!(session.validity().cookies, CookieState::Expired);
    assert_eq!(session.validity().session, SessionState::Incomplete);
}

#[tokio::test]
async fn a_server_may_go_by_cookies_alone() {
    let clock = clock();
    let session = Place::default().session(&clock);
    session.take_cookies(&uri(), &set_cookies(["theme=dark; Path=/"])).await.unwrap();
    assert_eq!(session.validity().session, SessionState::None, "a cookie is no log-in");

    let log_in = session.log_in(None).user(UserInfo::new("ada"));
    log_in.cookies_from(&uri(), &set_cookies(["sid=1; Path=/; Max-Age=600"])).await.unwrap();
    assert!(session.is_valid());
    clock.advance(minutes(10));
    assert_eq!(session.validity().session, SessionState::Expired);
}

#[tokio::test]
async fn a_linked_session_is_judged_by_its_own_margin() {
    let clock = clock();
    let session = Place::default().session(&clock);
    session.log_in(tokens("a")).link("wallet", LinkedSession::new().with_tokens(tokens("w"))).await.unwrap();
    let short = LinkedSession::new().with_expiry(start() + minutes(120)).with_refresh_margin(minutes(10));
    session.link("short", short).await.unwrap();
    let at = |minute| {
        clock.advance(minutes(minute));
        let linked = session.validity().linked;
        (linked["wallet"], linked["short"])
    };
    assert_eq!(at(59), (LinkedState::Active, LinkedState::Active));
    assert_eq!(at(1), (LinkedState::NeedsRefresh, LinkedState::Active));
    assert_eq!(at(50), (LinkedState::NeedsRefresh, LinkedState::NeedsRefresh));
    assert_eq!(at(10), (LinkedState::Expired, LinkedState::Expired));
}
