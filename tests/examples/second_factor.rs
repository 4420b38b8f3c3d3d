mod server;
mod visitor;

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::{
    server::{SECRET, Server, body, code},
    visitor::{Reply, Visitor},
};

#[test]
fn a_password_alone_opens_nothing_and_with_a_code_all() {
    let server = Server::start();
    let mut ada = server.ada_half_way();
    assert_eq!(ada.get("/me").status, 401);
    for path in ["/wipe", "/enrol", "/enrol/confirm", "/confirm"] {
        assert_eq!(ada.post(path, r#"{"password": "lovelace", "code": "123456"}"#).status, 401, "{path}");
    }

    let mut half_way = ada.clone();
    let reply = ada.post("/totp", &code(SECRET, 0));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let me = ada.get("/me").json();
    assert_eq!((&me["user"], &me["assurance"]), (&json!("ada"), &json!("aal2")));
    assert_eq!(me["methods"], json!(["pwd", "totp"]));

    assert_ne!(ada.cookies["sid"], half_way.cookies["sid"], "another id, another secret");
    assert_eq!(half_way.clone().get("/me").status, 401, "the cookie of before does not rise with it");
    assert_eq!(half_way.post("/totp", &code(SECRET, 1)).status, 401, "and passes no second time");
    assert_eq!(ada.post("/logout", "").status, 204);
    assert_eq!(ada.get("/me").status, 401);
}

#[test]
fn a_second_factor_without_a_first_one_is_refused() {
    let server = Server::start();
    for (path, code) in [("/totp", code(SECRET, 0)), ("/recovery", body(&server.recovery_codes[0]))] {
        let reply = server.visitor().post(path, &code);
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("login_required")), "{path}");
        assert_eq!(server.grace().post(path, &code).status, 401, "nor with one that needs no second");
    }
    assert_eq!(server.ada_half_way().post("/totp", &code(SECRET, 0)).status, 200, "and spends nothing");
}

/// ASVS 6.5.1.
#[test]
fn of_many_who_use_a_code_at_once_one_gets_in() {
    let server = Server::with(&[("SESSIONS_THROTTLE__ACCOUNT__FREE", "50")]);
    let spent = code(SECRET, 0);
    let replies = at_once(8, || server.ada_half_way(), |ada| ada.post("/totp", &spent));
    assert_eq!((count(&replies, 200), count(&replies, 401)), (1, 7));
    assert_eq!(server.ada_half_way().post("/totp", &spent).status, 401, "nor is it good later");

    let ada = server.ada_half_way();
    let next = code(SECRET, 1);
    let replies = at_once(8, || ada.clone(), |ada| ada.post("/totp", &next));
    assert_eq!((count(&replies, 200), count(&replies, 401)), (1, 7), "by one session and the same");
}

#[test]
fn a_recovery_code_is_good_once_and_the_answer_tells_how_many_are_left() {
    let server = Server::with(&[("SESSIONS_THROTTLE__ACCOUNT__FREE", "50")]);
    assert_eq!(server.recovery_codes.len(), 8);
    let spent = body(&server.recovery_codes[0]);
    let replies = at_once(8, || server.ada_half_way(), |ada| ada.post("/recovery", &spent));
    assert_eq!((count(&replies, 200), count(&replies, 401)), (1, 7));
    let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
    assert_eq!(winner.json()["recovery_codes_left"], 7);
    assert_eq!(server.ada_half_way().post("/recovery", &spent).status, 401, "nor is it good later");

    let mut ada = server.ada_half_way();
    let typed = server.recovery_codes[1].to_lowercase().replace('-', " ");
    assert_eq!(ada.post("/recovery", &body(&typed)).json()["recovery_codes_left"], 6);
    let me = ada.get("/me").json();
    assert_eq!((&me["methods"], &me["recovery_codes_left"]), (&json!(["pwd", "recovery"]), &json!(6)));
}

/// ASVS 6.6.3.
#[test]
fn guesses_at_a_code_are_few_however_many_are_made_at_once() {
    let server = Server::start();
    let replies = at_once(12, || server.ada_half_way(), |ada| ada.post("/totp", &body("not it")));
    assert_eq!((count(&replies, 401), count(&replies, 429)), (5, 7));
    for reply in replies.iter().filter(|reply| reply.status == 429) {
        let seconds: u64 = reply.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
    let reply = server.ada_half_way().post("/totp", &code(SECRET, 0));
    assert_eq!(reply.status, 429, "not even the right one, so that nobody learns that it is");
    let page = server.ada_half_way().submit("/totp", "code=123456");
    assert!(page.status == 429 && page.body.contains("Too many attempts. Try again in 1 min."), "{}", page.body);

    let reply = server.ada_half_way().post("/recovery", &body(&server.recovery_codes[0]));
    assert_eq!(reply.status, 200, "the other factor has a count of its own");
}

/// ASVS 6.3.8.
#[test]
fn nobody_learns_from_a_log_in_who_has_an_account_or_a_second_factor() {
    let server = Server::start();
    let guess = |name: &str| {
        let begun = Instant::now();
        let reply = server.visitor().post("/login", &json!({ "username": name, "password": "guessed" }).to_string());
        let whole = reply.head.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n");
        (reply.status, whole + &reply.body, begun.elapsed() >= Duration::from_millis(500))
    };
    for _ in 0..5 {
        let [ada, grace, nobody] = ["ada", "grace", "nobody"].map(guess);
        assert_eq!((ada.0, ada.2), (401, true));
        assert_eq!(ada, grace);
        assert_eq!(ada, nobody);
    }
    assert_eq!(["ada", "grace", "nobody"].map(|name| guess(name).0), [429; 3]);
}

#[test]
fn what_is_dangerous_takes_a_proof_that_is_fresh() {
    let server = Server::with(&[("FRESH_FOR", "3s")]);
    let (mut ada, mut grace) = (server.ada_half_way(), server.grace());
    assert_eq!(ada.post("/totp", &code(SECRET, 0)).status, 200);
    thread::sleep(Duration::from_millis(3_100));
    for path in ["/wipe", "/enrol", "/enrol/confirm"] {
        let reply = grace.post(path, r#"{"code": "123456"}"#);
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("step_up_required")), "{path}");
        let challenge = r#"Bearer error="insufficient_user_authentication", error_description="the last log-in is too long ago", max_age="3""#;
        assert_eq!(reply.header("www-authenticate"), challenge, "RFC 9470");
    }
    let sent = grace.submit("/wipe", "");
    assert_eq!((sent.status, sent.header("location")), (303, "/confirm"));
    assert!(grace.open("/confirm").body.contains(r#"action="/confirm""#), "a browser gets the form");

    for (who, wrong, right) in [
        (&mut grace, r#"{"password": "lovelace"}"#, r#"{"password": "hopper"}"#),
        (&mut ada, &code(SECRET, 0), &code(SECRET, 1)),
    ] {
        assert_eq!(who.post("/confirm", wrong).status, 401, "{wrong}");
        let mut before = who.clone();
        assert_eq!(who.post("/confirm", right).status, 200, "{right}");
        assert_eq!(before.post("/wipe", "").status, 401, "the cookie of before does not rise with it");
        assert_eq!(who.post("/wipe", "").status, 204);
        assert!(who.open("/").body.contains("0 documents"));
    }
    assert_eq!(grace.get("/me").json()["methods"], json!(["pwd"]), "the same factor again is no second one");
}

#[test]
fn who_has_set_up_an_authenticator_app_needs_it_from_then_on() {
    let server = Server::start();
    let (mut grace, mut elsewhere) = (server.grace(), server.grace());
    let proposed = grace.post("/enrol", "").json();
    let secret = proposed["secret"].as_str().unwrap();
    assert!(proposed["url"].as_str().unwrap().starts_with("otpauth://totp/") && secret.len() == 32, "{proposed}");
    assert_eq!(grace.post("/enrol/confirm", r#"{"code": "guess!"}"#).status, 422);
    assert_eq!(server.grace().get("/me").json()["assurance"], "aal1", "nothing has changed yet");

    let first = code(secret, 0);
    let confirmed = grace.post("/enrol/confirm", &first);
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes = confirmed.json()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!((codes.len(), grace.get("/me").json()["assurance"].clone()), (8, json!("aal2")));
    assert_eq!(elsewhere.get("/me").status, 401, "a session of one factor is not enough any more");
    assert_eq!(grace.post("/enrol/confirm", &first).status, 422, "there is nothing left to confirm");

    let mut again = server.visitor();
    let login = again.post("/login", r#"{"username": "grace", "password": "hopper"}"#);
    assert_eq!(login.json()["second_factor"], json!(["totp", "recovery"]));
    assert_eq!(again.post("/totp", &first).status, 401, "spent when it was confirmed");
    assert_eq!(again.clone().post("/totp", &code(SECRET, 0)).status, 401, "ada's");
    assert_eq!(again.post("/recovery", &body(codes[0].as_str().unwrap())).status, 200);
    assert_eq!(again.get("/me").json()["recovery_codes_left"], 7);
}

#[test]
fn a_browser_goes_all_the_way_by_forms() {
    let server = Server::start();
    let mut ada = server.visitor();
    let leads_to = |reply: &Reply, path: &str| assert_eq!((reply.status, reply.header("location")), (303, path));
    assert!(ada.open("/").body.contains(r#"name="password""#) && ada.cookies.is_empty());
    leads_to(&ada.open("/totp"), "/");
    leads_to(&ada.submit("/login", "username=ada&password=lovelace"), "/totp");
    leads_to(&ada.open("/"), "/totp");

    let page = ada.open("/totp");
    assert!(page.body.contains(r#"autocomplete="one-time-code""#) && !page.body.contains("<script"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src"));
    let right = serde_json::from_str::<Value>(&code(SECRET, 0)).unwrap()["code"].as_str().unwrap().to_owned();
    let wrong = ada.submit("/totp", "code=%3Cb%3E");
    assert!(wrong.status == 401 && wrong.body.contains("This code is wrong, or was used before."), "{}", wrong.body);
    assert_eq!(ada.submit_from("cross-site", "/totp", &format!("code={right}")).status, 403, "a forgery");
    leads_to(&ada.submit("/totp", &format!("code={right}")), "/");

    let home = ada.open("/").body;
    assert!(home.contains("<h1>ada</h1>") && home.contains("pwd + totp · aal2"), "{home}");
    assert!(ada.submit("/enrol", "").body.contains("otpauth://totp/"));
    leads_to(&ada.submit("/wipe", ""), "/");
    leads_to(&ada.submit("/logout", ""), "/");
    assert!(!ada.cookies.contains_key("sid") && ada.open("/").body.contains(r#"name="password""#));
}

/// Several visitors do the same at one time.
fn at_once(many: usize, arrive: impl Fn() -> Visitor, act: impl Fn(&mut Visitor) -> Reply + Send + Sync) -> Vec<Reply> {
    let visitors: Vec<Visitor> = (0..many).map(|_| arrive()).collect();
    let act = &act;
    thread::scope(|scope| {
        let all: Vec<_> = visitors.into_iter().map(|mut visitor| scope.spawn(move || act(&mut visitor))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}
