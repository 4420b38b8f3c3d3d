//! The users of the tests.

use std::sync::Arc;

use countersign::{
    Reason, Sessions,
    api::{Authenticator, Failed, Verdict},
};

/// `ada` with `lovelace`, an editor; `grace` with `hopper`, who owes a second factor: `totp` with `123456`, or `recovery` with
/// `rosebud`. Names are found in any spelling, but in small letters only ids are kept.
#[derive(Clone)]
pub struct Users {
    pub sessions: Arc<Sessions>,
}

impl Authenticator for Users {
    async fn find(&self, name: &str) -> Result<Option<String>, Failed> {
        match &*name.to_lowercase() {
            "out of order" => Err(Failed::new("the table of users cannot be read")),
            "no id" => Ok(Some("no\nid".to_owned())),
            "nobody" => Ok(None),
            id => Ok(Some(id.to_owned())),
        }
    }

    async fn check(&self, user: Option<&str>, password: &str) -> Result<Verdict, Failed> {
        Ok(match (user, password) {
            (Some("ada"), "lovelace") => Verdict::right().roles(["editor"]).keep("cart."),
            (Some("grace"), "hopper") => Verdict::right().roles(["admin"]).second_factor(["totp", "recovery"]),
            (Some("joan"), "clarke") => Verdict::right().second_factor(Vec::<String>::new()),
            (Some("hedy"), "lamarr") => {
                // While her password is checked, it is changed.
                self.sessions.revoke_user("hedy", Reason::PasswordChanged).await?;
                Verdict::right()
            }
            (Some("margaret"), "hamilton") => return Err(Failed::new("the table of passwords cannot be read")),
            (Some("no\nid") | None, "lovelace") => Verdict::right(),
            _ => Verdict::wrong(),
        })
    }

    async fn check_factor(&self, user: &str, factor: &str, code: &str) -> Result<bool, Failed> {
        if code == "out of order" {
            return Err(Failed::new("the table of codes cannot be read"));
        }
        Ok(user == "grace" && [("totp", "123456"), ("recovery", "rosebud")].contains(&(factor, code)))
    }
}
