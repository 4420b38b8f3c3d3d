//! Who may log in. An application would ask its table of users.

use argon2::{
    Argon2,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Names, and the argon2id hashes of `lovelace` and `hopper`.
const USERS: [(&str, &str); 2] = [
    ("ada", "$argon2id$v=19$m=19456,t=2,p=1$+t41C8IgIb3YQ311Gpzclg$9orSIWL6D1k764XS/GfsnW5uvgGj753s/8xnyi/DVyc"),
    ("grace", "$argon2id$v=19$m=19456,t=2,p=1$lpdplRj2xqgPKSYLuwlqWA$wz9bbdAvZzNSFHhWFrGsbnt21tqNjAXWk5eGD9LdTHU"),
];

/// The hash of a random password that nobody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$OSb9gQ/WcOIBiJlXkJ378A$EfDCaq63Z5bvHdvAO3yooGgzG9cTiOOxjYky8nbMABE";

static HASHING: Semaphore = Semaphore::const_new(4);

/// What a user may do beside what all may.
pub(crate) fn roles(username: &str) -> Vec<&'static str> {
    if username == "grace" { vec!["operator"] } else { Vec::new() }
}

/// Whether a user has this password. An unknown user takes as long as a wrong password, so that
/// nobody can find out who has an account here.
pub(crate) async fn check(username: &str, password: String) -> bool {
    let user = USERS.iter().find(|(name, _)| *name == username);
    let hash = user.map_or(NOBODY, |(_, hash)| hash);
    // Hashing takes its time, and 19 MiB, on purpose: not on a thread that serves others, and not for everybody at once.
    let Ok(_turn) = HASHING.acquire().await else { return false };
    let verified = spawn_blocking(move || {
        let hash = PasswordHash::new(hash)?;
        Argon2::default().verify_password(password.as_bytes(), &hash)
    });
    user.is_some() & matches!(verified.await, Ok(Ok(())))
}
