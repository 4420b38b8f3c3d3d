//! What users and operators do, from one end to the other, in the examples as they are.

use crate::{
    axe,
    process::{Home, Running},
    server::{self, SECRET, Server},
    window::{Screen, Window},
};

async fn quickstart() -> (Home, Running, String) {
    let home = Home::new("memory:");
    let app = home.start().await;
    let site = format!("http://{}", app.address);
    (home, app, site)
}

async fn log_in(window: &Window, user: &str, password: &str) {
    window.goes_to("/").await;
    window.types("User name", user).await;
    window.types("Password", password).await;
    window.clicks("Log in").await;
    window.sees("Logged in as").await;
}

#[tokio::test]
async fn a_user_ends_the_session_of_another_device_and_it_is_gone_there() {
    let (_home, app, site) = quickstart().await;
    let desk = Window::open(&site, Screen::DESK).await;
    desk.goes_to("/").await;
    axe::finds_no_fault(&desk, "the form to log in").await;
    log_in(&desk, "ada", "lovelace").await;
    axe::finds_no_fault(&desk, "the first page").await;
    desk.is_kept_as("quickstart").await;
    let phone = Window::open(&site, Screen::PHONE).await;
    log_in(&phone, "ada", "lovelace").await;
    phone.fits("the first page").await;
    phone.clicks("Show").await;
    phone.sees("this device").await;
    phone.fits("the list of devices").await;
    phone.is_kept_as("journey-devices-phone").await;

    desk.clicks("Show").await;
    desk.sees("this device").await;
    let others = "//li[not(contains(., 'this device'))]";
    desk.clicks_in(others, "Log out").await;
    desk.sees("Logged out of 1 other device.").await;
    desk.sees("You are logged in nowhere else.").await;
    desk.is_kept_as("journey-devices-ended").await;

    phone.goes_to("/account").await;
    phone.sees("Log in").await;
    assert!(phone.path().await.starts_with("/?return_to="), "{}", phone.path().await);
    phone.is_kept_as("journey-out-phone").await;

    // And the other way round, all at once, from the telephone.
    log_in(&phone, "ada", "lovelace").await;
    phone.clicks("Show").await;
    phone.clicks("Log out everywhere else").await;
    phone.sees("Logged out of 1 other device.").await;
    desk.goes_to("/account").await;
    desk.sees("Log in").await;
    phone.clicks_in("//li[contains(., 'this device')]", "Log out").await;
    phone.sees("Log in").await;
    for window in [&desk, &phone] {
        window.has_nothing_to_complain().await;
    }
    assert!(app.terminate().await);
}

#[tokio::test]
async fn an_operator_ends_a_session_on_a_telephone_and_its_user_is_out() {
    let (home, app, site) = quickstart().await;
    let user = Window::open(&site, Screen::DESK_DARK).await;
    log_in(&user, "ada", "lovelace").await;
    user.goes_to("/operators").await;
    user.sees("This is not open to you").await;

    let operator = Window::open(&site, Screen::PHONE).await;
    log_in(&operator, "grace", "hopper").await;
    operator.clicks("Open").await;
    operator.sees("Live").await;
    operator.fits("the overview").await;
    operator.types("User, or session id", "ada").await;
    operator.clicks("Search").await;
    operator.sees("1 session").await;
    operator.fits("the sessions of a user").await;
    operator.clicks_in("//li", "on").await;
    operator.sees("End this session").await;
    operator.fits("a session").await;
    operator.clicks("End this session").await;
    operator.sees("1 session ended, on every node.").await;
    operator.sees("Nobody is logged in as ada").await;
    operator.fits("what comes after").await;
    operator.is_kept_as("journey-operator-ended-phone").await;

    user.goes_to("/").await;
    user.sees("Log in").await;
    user.is_kept_as("journey-out-dark").await;

    // All of them at once, after a second look.
    log_in(&user, "ada", "lovelace").await;
    operator.goes_to("/operators/search?q=ada").await;
    operator.clicks("End all").await;
    operator.is_kept_as("journey-operator-sure-phone").await;
    operator.clicks_in("//details", "End 1 session").await;
    operator.sees("Nobody is logged in as ada").await;
    user.goes_to("/account").await;
    user.sees("Log in").await;
    for window in [&user, &operator] {
        window.has_nothing_to_complain().await;
    }
    // With the overview open: the stream does not keep the server.
    operator.goes_to("/operators").await;
    operator.sees("Live").await;
    assert!(app.terminate().await, "{}", home.log());
    operator.sees("Not live").await;
}

#[tokio::test]
async fn the_second_factor_is_asked_for_and_lets_in() {
    let server = Server::start();
    let window = Window::open(format!("http://{}", server.address), Screen::PHONE).await;
    window.goes_to("/").await;
    window.types("User name", "ada").await;
    window.types("Password", "lovelace").await;
    window.clicks("Continue").await;
    window.sees("Enter the code").await;
    window.fits("the second step").await;
    axe::finds_no_fault(&window, "the second step").await;
    window.is_kept_as("journey-second-factor-phone").await;
    window.goes_to("/me").await;
    assert!(window.path().await.starts_with("/totp"), "one of two factors opens nothing");

    window.types("Code", "000000").await;
    window.clicks("Log in").await;
    window.sees("Enter the code").await;
    window.types("Code", &code_now()).await;
    window.clicks("Log in").await;
    window.sees("totp · aal2").await;
    axe::finds_no_fault(&window, "the page of a user").await;
    window.is_kept_as("journey-two-factors-phone").await;
    window.becomes(Screen::DESK_DARK).await;
    axe::finds_no_fault(&window, "the page of a user, in the dark").await;
    window.clicks("Log out").await;
    window.sees("Log in").await;
}

/// What ada's authenticator app shows.
fn code_now() -> String {
    let body: serde_json::Value = serde_json::from_str(&server::code(SECRET, 0)).unwrap();
    body["code"].as_str().unwrap().to_owned()
}
