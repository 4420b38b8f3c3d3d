//! A token's text. The input is taken as it is, and once more with parts of genuine tokens in it.

use countersign::{ErrorKind, RefusalKind, Token};

use super::setting::{SETTING, Taken, authenticated, has_shape};

pub fn check(input: &[u8]) {
    look_at(input);
    look_at(&SETTING.lines(input).concat());
}

fn look_at(text: &[u8]) {
    let parsed = Token::parse(text);
    assert_eq!(parsed.is_ok(), has_shape(text), "one spelling, and every one of it: {text:?}");
    let Ok(token) = parsed else { return };

    let revealed = token.reveal();
    assert_eq!(text.len(), Token::CHARS);
    assert_eq!(revealed.as_bytes(), text, "it is revealed as it was read");
    assert_eq!(serde_json::to_value(&token).unwrap(), revealed.as_str());
    let parts: Vec<&str> = revealed.split('.').collect();
    assert_eq!(token.id().to_string(), parts[1]);
    assert_eq!(format!("{token:?}"), format!("Token(of {}, redacted)", parts[1]), "its debug output holds no secret");

    let expected = SETTING.worth(text);
    assert_eq!(opened(&token), expected, "it opens what it was signed for, and nothing else");
    // By how much, and which of them is shown to the sessions: any rule will do that depends on the text alone.
    let sum: usize = text.iter().map(|byte| usize::from(*byte)).sum();
    for at in 0..text.len() {
        let mut changed = text.to_vec();
        changed[at] = changed[at].wrapping_add(u8::try_from(1 + (sum + at) % 255).unwrap());
        let Ok(other) = Token::parse(&changed) else { continue };
        assert_ne!(other.reveal(), revealed, "with another byte it is another token: byte {at}");
        if at % 8 == sum % 8 {
            assert_eq!(opened(&other), SETTING.worth(&changed), "and opens nothing: byte {at}");
        }
    }
}

fn opened(token: &Token) -> Taken {
    match authenticated(&SETTING.sessions, token) {
        Ok(user) if user == "ada" => Taken::User("ada"),
        Ok(user) if user == "grace" => Taken::User("grace"),
        Err(ErrorKind::Refused(kind @ (RefusalKind::Forged | RefusalKind::Gone))) => Taken::Refused(kind),
        other => panic!("{other:?}"),
    }
}
