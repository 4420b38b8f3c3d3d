//! Codes of an authenticator app: six digits that change every 30 seconds (RFC 6238).
//!
//! The code of the step before and that of the step after are accepted as well, for clocks that differ and people who type
//! slowly. So a code is good for 90 seconds at most, and for one use.

use std::{io, time::SystemTime};

use totp_rs::{Builder, Secret, Totp, TotpError};

use crate::random;

/// An authenticator app that a user has set up.
///
/// An application keeps the secret encrypted, as it has to read it: unlike a password it cannot be hashed.
pub(crate) struct Authenticator {
    totp: Totp,
    /// The latest time step whose code was used. That one and all before it are spent.
    spent: u64,
}

impl Authenticator {
    /// Of these secrets, one is for nobody else: `user` may not contain a colon.
    pub(crate) fn new(user: &str, secret: Secret) -> Result<Self, TotpError> {
        let builder = Builder::new().with_secret(secret).with_step_duration(STEP_SECONDS).with_skew(SKEW_STEPS);
        let totp = builder.with_account_name(user).with_issuer(Some("countersign example")).build()?;
        Ok(Self { totp, spent: 0 })
    }

    /// What an authenticator app takes, often as a QR code.
    pub(crate) fn url(&self) -> Result<String, TotpError> {
        self.totp.to_url()
    }

    /// The same for people who type: base32.
    pub(crate) fn secret(&self) -> String {
        self.totp.secret().to_base32()
    }

    /// Spends a code, if it is good at this instant (seconds since 1970) and was not used before (ASVS 6.5.1).
    ///
    /// Whoever calls this alone has the authenticator, so of two at once one succeeds. With a database, it is one statement:
    /// `UPDATE authenticators SET spent = $step WHERE user_id = $user AND spent < $step`, and one row changed.
    pub(crate) fn spend(&mut self, code: &str, now: u64) -> bool {
        match self.totp.check(code, now) {
            Some(step) if step > self.spent => {
                self.spent = step;
                true
            }
            _ => false,
        }
    }
}

/// 160 bits of the system's random generator (RFC 4226, section 4).
pub(crate) fn new_secret() -> io::Result<Secret> {
    random::bytes::<20>().map(Secret::from)
}

/// The server's own time in seconds since 1970, never the client's (ASVS 6.5.8).
pub(crate) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

/// What an authenticator app with this secret shows at the moment.
pub(crate) fn code(secret: &str) -> Result<String, Box<dyn std::error::Error>> {
    let authenticator = Authenticator::new("you", Secret::try_from_base32(secret)?)?;
    Ok(authenticator.totp.generate(now()).to_string())
}

const STEP_SECONDS: u64 = 30;
const SKEW_STEPS: u16 = 1;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits: the last six are ours.
        for (now, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert!(authenticator().spend(code, now), "{now}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_step_late_and_no_more() {
        let code = authenticator().totp.generate(30_000).to_string();
        for (now, good) in [(29_969, false), (29_970, true), (30_000, true), (30_059, true), (30_060, false)] {
            assert_eq!(authenticator().spend(&code, now), good, "{now}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_so_are_those_before_it() {
        let mut authenticator = authenticator();
        let [before, now, after] = [29_970, 30_000, 30_030].map(|at| authenticator.totp.generate(at).to_string());
        assert!(authenticator.spend(&now, 30_000));
        assert!(!authenticator.spend(&now, 30_000) && !authenticator.spend(&now, 30_030), "used");
        assert!(!authenticator.spend(&before, 30_000), "older than the one that was used");
        assert!(authenticator.spend(&after, 30_000));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "28708", "2870820", "+87082", "28708a", "٢٨٧", " 287082"] {
            assert!(!authenticator().spend(text, 59), "{text:?}");
        }
    }

    fn authenticator() -> Authenticator {
        Authenticator::new("ada", Secret::from(*b"12345678901234567890")).unwrap()
    }
}
