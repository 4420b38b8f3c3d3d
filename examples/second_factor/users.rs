//! Who may log in, and by what. An application would ask its tables; what is one step here has to be one step there.

use std::{
    collections::HashMap,
    error::Error,
    io,
    sync::{Mutex, PoisonError},
};

use argon2::{
    Argon2,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};
use tokio::task::spawn_blocking;
use totp_rs::{Secret, TotpError};

use crate::{
    recovery::RecoveryCodes,
    totp::{self, Authenticator},
};

/// All users. Lost with this process.
pub(crate) struct Users {
    table: Mutex<HashMap<&'static str, User>>,
}

struct User {
    password: &'static str,
    second: Option<SecondFactor>,
    /// An authenticator app that he is setting up: good for nothing until he has shown a code of it.
    proposed: Option<Authenticator>,
    documents: u32,
}

struct SecondFactor {
    authenticator: Authenticator,
    recovery: RecoveryCodes,
}

/// What a user enters into an authenticator app.
pub(crate) struct Proposal {
    pub(crate) secret: String,
    pub(crate) url: String,
}

/// What there is to tell a user about himself.
#[derive(Default)]
pub(crate) struct Standing {
    pub(crate) is_enrolled: bool,
    pub(crate) recovery_codes: usize,
    pub(crate) documents: u32,
}

impl Users {
    pub(crate) fn new() -> Self {
        let user = |password| User { password, second: None, proposed: None, documents: 3 };
        Self { table: Mutex::new(PASSWORDS.map(|(name, hash)| (name, user(hash))).into()) }
    }

    /// Whether a user has this password. An unknown user takes as long as a wrong password, so that nobody can find out who has
    /// an account here.
    pub(crate) async fn has_password(&self, name: &str, password: String) -> bool {
        let known = self.with(name, |user| user.password);
        let hash = known.unwrap_or(NOBODY);
        // Hashing takes its time on purpose: not on a thread that serves others.
        let verified = spawn_blocking(move || {
            let hash = PasswordHash::new(hash)?;
            Argon2::default().verify_password(password.as_bytes(), &hash)
        });
        known.is_some() & matches!(verified.await, Ok(Ok(())))
    }

    /// Whether a password is but the first of two factors of his.
    pub(crate) fn is_enrolled(&self, name: &str) -> bool {
        self.standing(name).is_enrolled
    }

    /// Whether this code of his authenticator app is good now. Then it never is again.
    pub(crate) fn spend_code(&self, name: &str, code: &str) -> bool {
        let spent = |user: &mut User| Some(user.second.as_mut()?.authenticator.spend(code, totp::now()));
        self.with(name, spent).flatten().unwrap_or(false)
    }

    /// How many recovery codes he has left, if this was one of them.
    pub(crate) fn spend_recovery_code(&self, name: &str, code: &str) -> Option<usize> {
        self.with(name, |user| user.second.as_mut()?.recovery.spend(code)).flatten()
    }

    /// Begins to set up an authenticator app. Until [`enrol`](Self::enrol) all is as it was.
    pub(crate) fn propose(&self, name: &str, secret: Secret) -> Result<Proposal, TotpError> {
        let authenticator = Authenticator::new(name, secret)?;
        let proposal = Proposal::of(&authenticator)?;
        self.with(name, |user| user.proposed = Some(authenticator));
        Ok(proposal)
    }

    /// What he has begun to set up.
    pub(crate) fn proposal(&self, name: &str) -> Option<Proposal> {
        self.with(name, |user| Proposal::of(user.proposed.as_ref()?).ok()).flatten()
    }

    /// The authenticator app is his second factor, in place of any other, if this is a code of it. Gives the recovery codes to show
    /// him, which replace all others.
    pub(crate) fn enrol(&self, name: &str, code: &str) -> io::Result<Option<Vec<String>>> {
        let (codes, recovery) = RecoveryCodes::generate()?;
        let enrolled = self.with(name, |user| {
            let authenticator = user.proposed.take_if(|proposed| proposed.spend(code, totp::now()))?;
            user.second = Some(SecondFactor { authenticator, recovery });
            Some(codes)
        });
        Ok(enrolled.flatten())
    }

    /// The same of somebody who has shown no code: for the users that this program starts with.
    pub(crate) fn enrol_untried(&self, name: &str, secret: Secret) -> Result<(Proposal, Vec<String>), Box<dyn Error>> {
        let (codes, recovery) = RecoveryCodes::generate()?;
        let authenticator = Authenticator::new(name, secret)?;
        let proposal = Proposal::of(&authenticator)?;
        self.with(name, |user| user.second = Some(SecondFactor { authenticator, recovery }));
        Ok((proposal, codes))
    }

    pub(crate) fn standing(&self, name: &str) -> Standing {
        let standing = self.with(name, |user| Standing {
            is_enrolled: user.second.is_some(),
            recovery_codes: user.second.as_ref().map_or(0, |second| second.recovery.left()),
            documents: user.documents,
        });
        standing.unwrap_or_default()
    }

    /// All that he has is gone.
    pub(crate) fn wipe(&self, name: &str) {
        self.with(name, |user| user.documents = 0);
    }

    /// Alone with a user, if there is one of this name.
    fn with<T>(&self, name: &str, act: impl FnOnce(&mut User) -> T) -> Option<T> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).get_mut(name).map(act)
    }
}

impl Proposal {
    fn of(authenticator: &Authenticator) -> Result<Self, TotpError> {
        Ok(Self { secret: authenticator.secret(), url: authenticator.url()? })
    }
}

/// Names, and the argon2id hashes of `lovelace` and `hopper`.
const PASSWORDS: [(&str, &str); 2] = [
    ("ada", "$argon2id$v=19$m=19456,t=2,p=1$+t41C8IgIb3YQ311Gpzclg$9orSIWL6D1k764XS/GfsnW5uvgGj753s/8xnyi/DVyc"),
    ("grace", "$argon2id$v=19$m=19456,t=2,p=1$lpdplRj2xqgPKSYLuwlqWA$wz9bbdAvZzNSFHhWFrGsbnt21tqNjAXWk5eGD9LdTHU"),
];

/// The hash of a random password that nobody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$OSb9gQ/WcOIBiJlXkJ378A$EfDCaq63Z5bvHdvAO3yooGgzG9cTiOOxjYky8nbMABE";
