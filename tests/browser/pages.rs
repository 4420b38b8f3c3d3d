//! Each page, in every state, on every screen.

use std::time::Duration;

use crate::{
    axe,
    gallery::Gallery,
    window::{Screen, Window},
};

#[tokio::test]
async fn every_page_is_accessible_in_light_and_dark_on_desk_and_phone() {
    let gallery = Gallery::open().await;
    let session = format!("/operators/sessions/{}", gallery.one_of_adas().await);
    let pages = [
        ("overview", "/operators"),
        ("search", "/operators/search"),
        ("search-found", "/operators/search?q=ada"),
        ("search-nobody", "/operators/search?q=nobody&ended=3"),
        ("search-wrong", "/operators/search?q=a%01b"),
        ("session", &session),
        ("services", "/operators/services"),
        ("not-here", "/operators/nothing"),
    ];
    let operator = Window::open(&gallery.site, Screen::DESK).await;
    operator.goes_to("/enter/opal").await;
    let user = Window::open(&gallery.site, Screen::DESK).await;
    user.goes_to("/account").await;
    user.sees("You are logged out").await;
    axe::finds_no_fault(&user, "logged out").await;
    user.goes_to("/enter/ada").await;
    for screen in Screen::ALL {
        operator.becomes(screen).await;
        user.becomes(screen).await;
        for (name, path) in pages {
            operator.goes_to(path).await;
            looks_well(&operator, name, screen).await;
        }
        for (name, path) in [("devices", "/account?ended=2"), ("not-open", "/operators")] {
            user.goes_to(path).await;
            looks_well(&user, name, screen).await;
        }
    }
    operator.goes_to("/enter/alan").await;
    operator.sees("You are logged in nowhere else.").await;
    looks_well(&operator, "devices-one", Screen::PHONE_DARK).await;
    for window in [&operator, &user] {
        window.has_nothing_to_complain().await;
    }
}

/// Open what can be opened, since that is to be looked at as well.
async fn looks_well(window: &Window, name: &str, screen: Screen) {
    let what = format!("{name}-{}", screen.name);
    window.is_kept_as(&what).await;
    window.fits(&what).await;
    window.asks("document.querySelectorAll('details').forEach((it) => { it.open = true; })").await;
    window.fits(&format!("{what}, all of it")).await;
    // Between two screens of the same colours nothing differs that it looks at.
    if screen.is_looked_at_closely {
        axe::finds_no_fault(window, &what).await;
    }
}

#[tokio::test]
async fn the_figures_go_on_by_themselves_and_can_be_paused() {
    let gallery = Gallery::open().await;
    let window = Window::open(&gallery.site, Screen::DESK).await;
    window.goes_to("/enter/opal").await;
    window.goes_to("/operators").await;
    window.sees("Live").await;
    let log_ins = "return [...document.querySelectorAll('article')].filter((card) => card.querySelector('h3').textContent === \
         'Log-ins').map((card) => [+card.querySelector('.number').textContent, +[...card.querySelectorAll('rect')].pop()\
         .getAttribute('height'), card.querySelector('desc').textContent, +card.querySelector('td').textContent])[0]";
    let before = window.asks(log_ins).await;
    for _ in 0..40 {
        gallery.sessions.log_in("new").await.unwrap();
    }
    let after = format!("Log-ins: {} in the last hour", before[0].as_u64().unwrap() + 40);
    let start = std::time::Instant::now();
    let now = loop {
        let now = window.asks(log_ins).await;
        if now[2].as_str().unwrap().starts_with(&after) {
            break now;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{before} {now}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(now[0].as_u64(), before[0].as_u64().map(|count| count + 40));
    assert_eq!(now[3].as_u64(), before[3].as_u64().map(|count| count + 40), "the table goes on as well");
    assert_eq!(now[1], 56, "more than in any other minute: as high as the plot");

    window.clicks("Pause").await;
    window.sees("Paused").await;
    gallery.sessions.log_in("new").await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(window.asks(log_ins).await[0], now[0]);
    window.clicks("Resume").await;
    window.sees("Live").await;

    gallery.sessions.revoke_user("opal", countersign::Reason::LoggedOut).await.unwrap();
    window.sees("Not live").await;
    window.goes_to("/operators").await;
    window.sees("You are logged out").await;
}

#[tokio::test]
async fn an_operator_needs_no_mouse() {
    let gallery = Gallery::open().await;
    let window = Window::open(&gallery.site, Screen::DESK).await;
    window.goes_to("/enter/opal").await;
    window.goes_to("/operators").await;
    window.presses(TAB).await;
    assert_eq!(focus(&window).await, "Skip to the content");
    let top = "return document.querySelector('.skip').getBoundingClientRect().top";
    assert!(window.asks(top).await.as_f64().unwrap() >= 0.0, "it comes into sight");
    window.presses(ENTER).await;
    window.presses(TAB).await;
    assert_eq!(focus(&window).await, "q", "past the navigation, in the field");
    for key in ["a", "d", "a", ENTER] {
        window.presses(key).await;
    }
    window.sees("3 sessions").await;

    let mut seen = Vec::new();
    while seen.last().is_none_or(|last: &String| !last.starts_with("End all")) {
        window.presses(TAB).await;
        seen.push(focus(&window).await);
        assert!(seen.len() < 30, "{seen:?}");
        let outline = window.asks("return getComputedStyle(document.activeElement).outlineStyle").await;
        assert_eq!(outline, "solid", "the focus is to be seen on {:?}", seen.last());
    }
    assert!(seen.iter().any(|name| name.starts_with("End the session on Firefox 133 on Linux")), "{seen:?}");
    window.presses(ENTER).await;
    window.presses(TAB).await;
    assert_eq!(focus(&window).await, "End 3 sessions");
    window.presses(ENTER).await;
    window.sees("3 sessions ended, on every node.").await;
    assert!(gallery.sessions.list("ada").await.unwrap().is_empty());
}

async fn focus(window: &Window) -> String {
    let name = "const it = document.activeElement; return it.id || it.textContent.trim() || it.tagName";
    window.asks(name).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_scripts_all_but_the_live_figures_works() {
    let gallery = Gallery::open().await;
    let operator = Window::open(&gallery.site, Screen::PHONE).await;
    operator.without_scripts().await;
    operator.goes_to("/enter/opal").await;
    operator.goes_to("/operators").await;
    operator.sees("As of when this page was loaded").await;
    operator.types("User, or session id", "ada").await;
    operator.clicks("Search").await;
    operator.sees("3 sessions").await;
    operator.clicks_in("//li[1]", "End").await;
    operator.sees("1 session ended").await;
    operator.clicks("End all").await;
    operator.clicks_in("//details", "End 2 sessions").await;
    operator.sees("Nobody is logged in as ada").await;
    operator.goes_to("/account").await;
    operator.clicks_in("//li", "Log out").await;
    operator.sees("You are logged out").await;
}

/// As the protocol writes keys.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
