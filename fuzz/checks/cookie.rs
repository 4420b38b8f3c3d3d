//! `Cookie` headers, each line of the input one.

use std::collections::BTreeSet;

use countersign::RefusalKind;
use http::header::COOKIE;

use super::setting::{NAME, SETTING, Taken, send};

pub fn check(input: &[u8]) {
    let headers = SETTING.lines(input);
    let expected = taken(&headers);
    let named = |headers: &[Vec<u8>]| headers.iter().map(|header| (COOKIE, header.clone())).collect::<Vec<_>>();

    let seen = send(&SETTING.layer, &named(&headers));
    assert_eq!(seen.taken, expected);
    assert_eq!(seen.cleared, matches!(expected, Taken::Refused(_)), "what is no good is cleared, and nothing else");
    if headers.iter().all(|header| !holds_genuine(header)) {
        assert!(!matches!(seen.taken, Taken::User(_)), "nobody without a genuine token");
    }
    // RFC 9113, section 8.2.3: what HTTP/2 has split says the same when it is joined.
    assert_eq!(send(&SETTING.layer, &named(&[headers.join(&b"; "[..])])).taken, expected);
    let bearer_only = send(&SETTING.bearer_only, &named(&headers));
    assert_eq!((bearer_only.taken, bearer_only.cleared), (Taken::Nobody, false), "where cookies are not looked at");
}

/// Pairs end at semicolons, names at the first equals sign; around both, spaces and tabs say nothing. A name is ours to the
/// byte. Of all values of that name one has to be genuine, and no other with it.
pub(super) fn taken(headers: &[Vec<u8>]) -> Taken {
    let mut values: Vec<Vec<u8>> = Vec::new();
    for header in headers {
        // One character a byte, so that text can be cut like text.
        let header: String = header.iter().copied().map(char::from).collect();
        for pair in header.split(';') {
            if let Some((name, value)) = pair.split_once('=')
                && name.trim_matches([' ', '\t']) == NAME
            {
                values.push(value.trim_matches([' ', '\t']).chars().map(|c| u8::try_from(c).unwrap()).collect());
            }
        }
    }
    let genuine: BTreeSet<&Vec<u8>> = values.iter().filter(|value| SETTING.is_signed(value)).collect();
    match (genuine.len(), genuine.first().copied().or(values.first())) {
        (_, None) => Taken::Nobody,
        (0 | 1, Some(value)) => SETTING.worth(value),
        _ => Taken::Refused(RefusalKind::Ambiguous),
    }
}

fn holds_genuine(text: &[u8]) -> bool {
    text.windows(SETTING.ada.len()).any(|window| SETTING.is_signed(window))
}
