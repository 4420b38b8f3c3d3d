//! `Authorization` headers, each line of the input one; a line that starts with a vertical tab is a `Cookie` header.

use http::{
    HeaderName,
    header::{AUTHORIZATION, COOKIE},
};

use super::{
    cookie,
    setting::{SETTING, Taken, send},
};

pub fn check(input: &[u8]) {
    let (mut credentials, mut cookies) = (Vec::new(), Vec::new());
    let is_cookie = input.split(|byte| *byte == 0).map(|line| line.first() == Some(&b'\x0b'));
    for (line, is_cookie) in SETTING.lines(input).into_iter().zip(is_cookie) {
        if is_cookie { cookies.push(line) } else { credentials.push(line) }
    }
    let headers: Vec<(HeaderName, Vec<u8>)> = [(AUTHORIZATION, &credentials), (COOKIE, &cookies)]
        .into_iter()
        .flat_map(|(name, lines)| lines.iter().map(move |line| (name.clone(), line.clone())))
        .collect();

    let bearer = taken(&credentials);
    let seen = send(&SETTING.layer, &headers);
    assert_eq!(seen.taken, bearer.unwrap_or_else(|| cookie::taken(&cookies)), "a Bearer header decides alone");
    assert!(bearer.is_none() || !seen.cleared, "and leaves the cookie where it is");
    let challenge = (bearer == Some(Taken::BadRequest)).then_some(r#"Bearer error="invalid_request""#);
    assert_eq!(seen.challenge.as_ref().map(|value| value.to_str().unwrap()), challenge);

    let bearer_only = send(&SETTING.bearer_only, &headers);
    assert_eq!(bearer_only.taken, bearer.unwrap_or(Taken::Nobody));
    let cookie_only = send(&SETTING.cookie_only, &headers);
    assert_eq!(cookie_only.taken, cookie::taken(&cookies));
}

/// A scheme ends at the first space or tab, and its case says nothing. After `Bearer` come one space and the token, and nothing
/// else. Several headers with a Bearer among them are no request. `None` if all of this is somebody else's.
fn taken(credentials: &[Vec<u8>]) -> Option<Taken> {
    let is_bearer = |line: &&Vec<u8>| {
        let scheme: Vec<u8> = line.iter().copied().take_while(|byte| !b" \t".contains(byte)).collect();
        scheme.eq_ignore_ascii_case(b"bearer")
    };
    match (credentials.iter().find(is_bearer), credentials.len()) {
        (None, _) => None,
        (Some(line), 1) => Some(SETTING.worth(line[b"bearer".len()..].strip_prefix(b" ").unwrap_or_default())),
        (Some(_), _) => Some(Taken::BadRequest),
    }
}
