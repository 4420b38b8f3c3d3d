use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    Credential, ServiceInfo,
    credential::ATTRIBUTE,
    names::{check_service, permissions},
};
use crate::{
    clock::Timestamp,
    config::Lifetime,
    key::random_bytes,
    record::{Change, ChangeRefused, Record, SERVICES, SecretHash, SessionId},
    sessions::{Error, ErrorKind, Event, ServiceStep, Sessions, to_json},
    store::Changed,
    token::{Secret, ServiceToken},
};

/// The services that may act for users of these sessions: registered, rotated, revoked; on all nodes that share the store.
///
/// A service proves who it is by a token of its own, which the store has only the hash of. It may do what it was given by name,
/// and nothing else. Three permissions are for users' sessions: `session.read`, `session.write` and `session.revoke`; all others
/// are the application's own, for [`ServiceLayer::requiring`](crate::ServiceLayer::requiring) and
/// [`ServiceIdentity::require`](crate::ServiceIdentity::require).
///
/// ```
/// use countersign::{ErrorKind, Sessions};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::for_tests();
/// let services = sessions.services();
/// let first = services.register("orders", ["session.read", "session.write"]).await?;   // shown once
/// assert_eq!(services.authenticate(&first).await?.name(), "orders");
///
/// // The old token is good until the new one is first used, and for an hour after that.
/// let second = services.rotate("orders", Duration::from_secs(60 * 60)).await?;
/// assert!(services.authenticate(&second).await.is_ok() && services.authenticate(&first).await.is_ok());
///
/// services.revoke("orders").await?;
/// let error = services.authenticate(&second).await.unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::ServiceRefused(_)));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Services {
    pub(super) sessions: Sessions,
}

impl Sessions {
    /// The services that may act for users of these sessions. What is done to them says [by](Self::by) whom, in its
    /// [event](Event::Service).
    #[must_use]
    pub fn services(&self) -> Services {
        Services { sessions: self.clone() }
    }
}

impl Services {
    /// Registers a service, and answers with its token: it is shown this once. A name has 1 to 128 bytes; so has a permission, in
    /// printable ASCII without spaces, quotes and backslashes.
    ///
    /// # Errors
    /// [`ErrorKind::ServiceExists`] if the name is taken, also by whoever registers it at the same moment on another node;
    /// [`ErrorKind::InvalidName`] for what can be no name.
    pub async fn register<P: Into<String>>(
        &self,
        name: &str,
        permissions_of_it: impl IntoIterator<Item = P>,
    ) -> Result<ServiceToken, Error> {
        check_service(name)?;
        let (sessions, now) = (&self.sessions, self.sessions.now());
        let (id, secret) = (SessionId::of_service(name), Secret::random()?);
        let credential = Credential::new(name, permissions(permissions_of_it)?, secret.hash());
        // Its secrets stand in an attribute: as a session it is opened by none.
        let mut record = Record::new(id, SecretHash::NO_SECRETS, KEPT, now).with_user(SERVICES);
        // Another of this name may have been revoked just now: whoever has read that one must not write it over this one.
        record = record.with_revision(u32::from_be_bytes(random_bytes()?));
        record.apply(&setting(&credential)?)?;
        if !sessions.keep_service(record, now).await? {
            return Err(Error::new(ErrorKind::ServiceExists));
        }
        self.tell(name, ServiceStep::Registered);
        Ok(ServiceToken::new(sessions.service_keys().sign(secret, id)))
    }

    /// Makes a new secret, and answers with the token that has it. The old token is good until the new one is first used, and for
    /// the overlap after that: so instances of a service can be given the new one, one after the other. After the overlap the old
    /// one is refused, and an [event](Event::ServiceRefused) says so; nothing ends by that. If the new token is lost before it is
    /// used, call this again: the latest counts.
    ///
    /// If the old token may be in wrong hands, [`revoke`](Self::revoke) the service and register it anew.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchService`] if there is none of this name.
    pub async fn rotate(&self, name: &str, overlap: Duration) -> Result<ServiceToken, Error> {
        let (id, secret) = (SessionId::of_service(name), Secret::random()?);
        let hash = secret.hash();
        self.edit(id, |credential| credential.rotate(hash, overlap)).await?;
        self.tell(name, ServiceStep::SecretMade);
        Ok(ServiceToken::new(self.sessions.service_keys().sign(secret, id)))
    }

    /// Replaces what a service may do, from its next request on; on nodes with a cache, within its staleness.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchService`] if there is none of this name, [`ErrorKind::InvalidName`] for what can be no permission.
    pub async fn set_permissions<P: Into<String>>(
        &self,
        name: &str,
        permissions_of_it: impl IntoIterator<Item = P>,
    ) -> Result<(), Error> {
        let permissions = permissions(permissions_of_it)?;
        self.edit(SessionId::of_service(name), |credential| credential.permissions.clone_from(&permissions)).await?;
        self.tell(name, ServiceStep::PermissionsSet);
        Ok(())
    }

    /// Revokes a service: all of its tokens, now, on every node; on nodes with a cache, within its staleness. Says whether it was
    /// registered; to revoke it again is no error. The name can be registered anew, and no token of before is good then.
    ///
    /// # Errors
    /// If the store fails: then it may still be registered.
    pub async fn revoke(&self, name: &str) -> Result<bool, Error> {
        let was_there = self.sessions.revoke_service(SessionId::of_service(name), self.sessions.now()).await?;
        if was_there {
            self.tell(name, ServiceStep::Revoked);
        }
        Ok(was_there)
    }

    /// All services, ordered by name.
    ///
    /// # Errors
    /// If the store fails, or what it has of one cannot be read.
    pub async fn list(&self) -> Result<Vec<ServiceInfo>, Error> {
        let records = self.sessions.service_records().await?;
        let infos = records.iter().map(|record| Ok(ServiceInfo::new(self.credential_of(record)?, record)));
        let mut infos = infos.collect::<Result<Vec<_>, Error>>()?;
        infos.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(infos)
    }

    /// Changes what the store has of a service, however many others do so at the same time.
    async fn edit(&self, id: SessionId, edit: impl Fn(&mut Credential)) -> Result<(), Error> {
        for tries in 0..TRIES {
            let now = self.sessions.now();
            let record = self.sessions.service_record_now(id, now).await?;
            let record = record.ok_or_else(|| Error::new(ErrorKind::NoSuchService))?;
            let mut credential = self.credential_of(&record)?;
            edit(&mut credential);
            if self.put(record, &credential, now).await? {
                return Ok(());
            }
            pause(tries).await;
        }
        Err(Error::new(ErrorKind::Unavailable))
    }

    /// Whether the record was still what was read.
    pub(super) async fn put(&self, seen: Arc<Record>, credential: &Credential, now: Timestamp) -> Result<bool, Error> {
        let (id, mut change) = (seen.id(), setting(credential)?);
        change.expect(seen.revision());
        match self.sessions.change_as_read(id, change.having_seen(seen), now).await? {
            Changed::Merged(_) => Ok(true),
            Changed::Gone | Changed::Refused(ChangeRefused::Outdated | ChangeRefused::InTransit) => Ok(false),
            Changed::Refused(refused) => Err(Error::because(ErrorKind::Unavailable, refused)),
        }
    }

    pub(super) fn credential_of(&self, record: &Record) -> Result<Credential, Error> {
        Credential::of(record).ok_or_else(|| self.sessions.unreadable_service())
    }

    pub(super) fn tell(&self, service: &str, step: ServiceStep) {
        self.sessions.emit(&Event::Service { service, step, by: self.sessions.caller() });
    }
}

/// Others are in between: after a few times at once, a little later.
pub(super) async fn pause(tries: u32) {
    if tries >= AT_ONCE {
        sleep(Duration::from_millis(u64::from(tries))).await;
    }
}

fn setting(credential: &Credential) -> Result<Change, Error> {
    let mut change = Change::new();
    change.set(ATTRIBUTE, to_json(ATTRIBUTE, credential)?);
    Ok(change)
}

pub(super) const TRIES: u32 = 64;
const AT_ONCE: u32 = 4;

/// A service that nobody revokes stays: a hundred years from its last use.
const KEPT: Lifetime = Lifetime::new(Duration::from_secs(100 * 365 * 24 * 60 * 60), Duration::MAX);
