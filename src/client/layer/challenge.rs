//! `WWW-Authenticate`: what a 401 asks for (RFC 9110, section 11.6.1), and whether that is a fresh or stronger log-in
//! (RFC 9470).

use std::time::Duration;

use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// In the extensions of a 401: the token is good, but the user has to prove more, or again, that it is they
/// (RFC 9470, section 3; requirement U-01). A refresh does not help, and was not tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUpRequired {
    acr_values: Vec<String>,
    max_age: Option<Duration>,
}

impl StepUpRequired {
    /// Ways of authentication of which one is asked for, the preferred one first.
    pub fn acr_values(&self) -> impl Iterator<Item = &str> {
        self.acr_values.iter().map(String::as_str)
    }

    /// The log-in must not be older than this.
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        self.max_age
    }
}

/// The step-up that is asked for, by any `Bearer` challenge of any of the headers.
pub(super) fn step_up(headers: &HeaderMap) -> Option<StepUpRequired> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(challenges).find_map(|challenge| challenge.step_up())
}

struct Challenge<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Challenge<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn step_up(&self) -> Option<StepUpRequired> {
        let asks = self.scheme.eq_ignore_ascii_case("bearer") && self.parameter("error") == Some(STEP_UP);
        asks.then(|| {
            let acr_values = self.parameter("acr_values").unwrap_or_default();
            StepUpRequired {
                acr_values: acr_values.split_ascii_whitespace().map(str::to_owned).collect(),
                max_age: self.parameter("max_age").and_then(|text| text.parse().ok()).map(Duration::from_secs),
            }
        })
    }
}

/// The challenges of one header; of a malformed one, those before the place where it goes wrong.
fn challenges(text: &str) -> Vec<Challenge<'_>> {
    let mut rest = Rest(text);
    let mut found: Vec<Challenge<'_>> = Vec::new();
    loop {
        rest.skip(|c| c == ',' || is_blank(c));
        let word = rest.take_while(is_token);
        if word.is_empty() {
            return found;
        }
        let mut ahead = rest;
        ahead.skip(is_blank);
        if ahead.take_char('=') {
            let (Some(challenge), Some(value)) = (found.last_mut(), ahead.value()) else { return found };
            challenge.parameters.push((word, value));
            rest = ahead;
            continue;
        }
        found.push(Challenge { scheme: word, parameters: Vec::new() });
        rest.skip_token68();
    }
}

/// What is yet to be read.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take_while(&mut self, of: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !of(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, of: impl Fn(char) -> bool) {
        self.take_while(of);
    }

    /// Whether this character came next; if so, it is behind us.
    fn take_char(&mut self, c: char) -> bool {
        let after = self.0.strip_prefix(c);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    /// A token or a quoted string, with the blanks before it.
    fn value(&mut self) -> Option<String> {
        self.skip(is_blank);
        if !self.take_char('"') {
            let word = self.take_while(is_token);
            return (!word.is_empty()).then(|| word.to_owned());
        }
        let mut value = String::new();
        let mut characters = self.0.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                c => value.push(c),
            }
        }
        None
    }

    /// What `Basic` and `Negotiate` have in the place of parameters: letters, digits and `-._~+/`, then any number of
    /// `=`, then nothing or a comma.
    fn skip_token68(&mut self) {
        let mut ahead = *self;
        ahead.skip(is_blank);
        let word = ahead.take_while(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        ahead.skip(|c| c == '=');
        ahead.skip(is_blank);
        if !word.is_empty() && (ahead.0.is_empty() || ahead.0.starts_with(',')) {
            *self = ahead;
        }
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

const STEP_UP: &str = "insufficient_user_authentication";

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[&str]) -> Option<StepUpRequired> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, header.parse().unwrap());
        }
        step_up(&map)
    }

    fn parts(text: &str) -> Vec<(String, Vec<(String, String)>)> {
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        let parts = |challenge: Challenge<'_>| {
            (challenge.scheme.to_owned(), challenge.parameters.into_iter().map(owned).collect())
        };
        challenges(text).into_iter().map(parts).collect()
    }

    fn challenge(scheme: &str, parameters: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        (scheme.to_owned(), parameters.iter().map(owned).collect())
    }

    #[test]
    fn several_challenges_in_one_header_are_told_apart() {
        assert_eq!(
            parts(r#"Basic realm="a, b=\"c\"", charset=UTF-8 , Negotiate, NTLM abc==, Bearer error = "x",scope="y z""#),
            [
                challenge("Basic", &[("realm", r#"a, b="c""#), ("charset", "UTF-8")]),
                challenge("Negotiate", &[]),
                challenge("NTLM", &[]),
                challenge("Bearer", &[("error", "x"), ("scope", "y z")]),
            ]
        );
        assert_eq!(parts(",, Bearer ,, error=x,"), [challenge("Bearer", &[("error", "x")])]);
    }

    #[test]
    fn what_is_malformed_ends_the_header() {
        assert_eq!(parts(r#"Bearer error="no end"#), [challenge("Bearer", &[])]);
        assert_eq!(parts(r#"Bearer error="no end\"#), [challenge("Bearer", &[])]);
        assert_eq!(parts("error=x, Bearer"), []);
        assert_eq!(parts("Bearer a=1, b=, c=3"), [challenge("Bearer", &[("a", "1")])]);
        assert_eq!(parts("(Bearer)"), []);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn a_step_up_says_what_is_asked_for() {
        let both = asked(&[r#"bearer error="insufficient_user_authentication", acr_values="gold silver", max_age=5"#]);
        let both = both.unwrap();
        assert_eq!(both.acr_values().collect::<Vec<_>>(), ["gold", "silver"]);
        assert_eq!(both.max_age(), Some(Duration::from_secs(5)));

        let second =
            asked(&["Basic realm=x", r#"Digest a=b, Bearer Error=insufficient_user_authentication,max_age="60""#]);
        assert_eq!(second.unwrap().max_age(), Some(Duration::from_secs(60)));
        assert_eq!(asked(&["Bearer error=insufficient_user_authentication"]), Some(StepUpRequired::default()));
    }

    #[test]
    fn another_error_or_another_scheme_is_no_step_up() {
        assert_eq!(
            asked(&[r#"Bearer error="invalid_token", error_description="insufficient_user_authentication""#]),
            None
        );
        assert_eq!(asked(&[r#"Basic error="insufficient_user_authentication""#]), None);
        assert_eq!(asked(&[r#"Bearer realm="x, Bearer error=insufficient_user_authentication""#]), None);
        assert_eq!(asked(&[]), None);
    }
}
