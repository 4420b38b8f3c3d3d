//! Whether a service's token is good: signature, then record, then secret. The order of the checks is the order of their costs.

use std::{sync::Arc, time::Duration};

use super::{
    Credential, ServiceIdentity, Services,
    registry::{TRIES, pause},
};
use crate::{
    clock::Timestamp,
    record::{Record, Standing},
    sessions::{Error, ErrorKind, Event, ServiceStep},
    token::{RefusalKind, ServiceToken},
};

impl Services {
    /// Checks a service's token. One load; another, and a write, if a new secret is used for the first time; and a write to note
    /// the last use, at most once a minute. One that is forged costs no load.
    ///
    /// # Errors
    /// [`ErrorKind::ServiceRefused`] with the precise reason; [`ErrorKind::Unavailable`] if the store could not be asked, which
    /// says nothing about the token.
    pub async fn authenticate(&self, token: &ServiceToken) -> Result<ServiceIdentity, Error> {
        let (sessions, token) = (&self.sessions, token.signed());
        if !sessions.service_keys().verify(token) {
            return Err(self.refused(None, RefusalKind::Forged));
        }
        let presented = token.secret().hash();
        for tries in 0..TRIES {
            let now = sessions.now();
            // What is merely remembered lets in, refuses nobody, and is written nowhere.
            let remembered = tries == 0 && sessions.may_be_stale();
            let found = match tries {
                0 => sessions.service_record(token.id(), now).await?,
                _ => sessions.service_record_now(token.id(), now).await?,
            };
            let Some(record) = found else { return Err(self.refused(None, RefusalKind::Gone)) };
            let mut credential = self.credential_of(&record)?;
            match credential.standing(&presented, now) {
                Standing::Current | Standing::Graced => return Ok(self.admitted(credential, &record, now)),
                Standing::Successor | Standing::Reused | Standing::Unknown if remembered => {}
                Standing::Successor => {
                    credential.confirm(now);
                    if self.put(Arc::clone(&record), &credential, now).await? {
                        self.tell(&credential.name, ServiceStep::SecretUsed);
                        return Ok(self.admitted(credential, &record, now));
                    }
                    pause(tries).await;
                }
                Standing::Reused => return Err(self.refused(Some(&credential.name), RefusalKind::Reused)),
                Standing::Unknown => return Err(self.refused(Some(&credential.name), RefusalKind::WrongSecret)),
            }
        }
        Err(Error::new(ErrorKind::Unavailable))
    }

    fn admitted(&self, credential: Credential, record: &Record, now: Timestamp) -> ServiceIdentity {
        let seen = record.last_seen_at();
        if seen == record.created_at() && now > seen || now.since(seen) >= NOTED_EVERY {
            self.sessions.touch_service(record, NOTED_EVERY, now);
        }
        ServiceIdentity::new(&self.sessions, credential)
    }

    /// Tells of a refusal.
    pub(super) fn refused(&self, service: Option<&str>, kind: RefusalKind) -> Error {
        self.sessions.emit(&Event::ServiceRefused { service, kind });
        Error::new(ErrorKind::ServiceRefused(kind))
    }
}

/// So reads do not become writes.
const NOTED_EVERY: Duration = Duration::from_secs(60);
