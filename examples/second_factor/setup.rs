//! What the program starts with, out of the environment. All of it is for trying out.

use std::{env, error::Error, time::Duration};

use countersign::{Config, KeyRing, MemoryStore, Sessions};
use totp_rs::Secret;

use crate::{totp, users::Users};

/// Sessions that end with this process, as its users do. For production, take
/// `Sessions::new(KeyRing::from_env("COUNTERSIGN_KEYS")?, store)`: its cookie travels over https only.
pub(crate) fn sessions() -> Result<Sessions, Box<dyn Error>> {
    let mut config = Config::development();
    config.login_url = Some("/confirm".to_owned());
    config.second_factor.url = Some("/totp".to_owned());
    let config = config.with_env("SESSIONS")?;
    Ok(Sessions::builder(KeyRing::generate()?, MemoryStore::new()).config(config).build()?)
}

/// ada, who has a second factor, and grace, who has none. An application shows a secret and recovery codes to nobody but their
/// user, once, and prints neither.
pub(crate) fn users() -> Result<Users, Box<dyn Error>> {
    let secret = match env::var("TOTP_SECRET") {
        Ok(secret) => Secret::try_from_base32(secret).map_err(|error| format!("TOTP_SECRET: {error}"))?,
        Err(_) => totp::new_secret()?,
    };
    let users = Users::new();
    let (authenticator, codes) = users.enrol_untried("ada", secret)?;
    println!("ada's secret, for an authenticator app: {}", authenticator.secret);
    println!("the same as a link: {}", authenticator.url);
    println!("ada's recovery codes: {}", codes.join(" "));
    Ok(users)
}

pub(crate) fn fresh_for() -> Result<Duration, Box<dyn Error>> {
    let text = env::var("FRESH_FOR").unwrap_or_else(|_| "5m".to_owned());
    humantime::parse_duration(&text).map_err(|error| format!("FRESH_FOR={text}: {error}").into())
}
