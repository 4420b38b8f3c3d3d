//! What keeps a session going: its window slides, its secret is exchanged, its fields change.

use std::sync::Arc;

use super::{Authenticated, Error, ErrorKind, Event, Honoured, Issued, Sessions, verdict::is_among_all};
use crate::{
    clock::Timestamp,
    key::random_bytes,
    record::{Change, Pending, Record, SecretStep, SessionId, is_reserved},
    store::Changed,
    token::Token,
};

/// What has come of a session's upkeep.
pub(crate) struct Upkeep {
    /// The session as it is now.
    pub(crate) record: Arc<Record>,
    /// What the client is to use from now on, if that is not what it has.
    pub(crate) token: Option<Token>,
}

impl Sessions {
    /// Does what is due: moves the sliding window at most once per refresh interval, exchanges the
    /// secret when its time has come, signs anew what an old key signed. Answers with a token if
    /// the client is to be handed one.
    ///
    /// # Errors
    /// [`ErrorKind::Ended`] if the session has ended in the meantime.
    pub async fn slide(&self, session: &Authenticated) -> Result<Option<Issued>, Error> {
        let upkeep = self.maintain(session, Change::new(), true).await?;
        Ok(upkeep.token.map(|token| Issued::new(token, upkeep.record)))
    }

    /// Exchanges the secret now, under the same id. The old one is honoured until the new one is
    /// used, and for a grace after that. Two calls at once give the same new secret.
    ///
    /// # Errors
    /// [`ErrorKind::Superseded`] if the token in use has been followed by another already,
    /// [`ErrorKind::Ended`] if the session has ended.
    pub async fn rotate(&self, session: &Authenticated) -> Result<Issued, Error> {
        if session.honoured == Honoured::Graced {
            return Err(Error::new(ErrorKind::Superseded));
        }
        let mut forced = session.clone();
        forced.due.rotate = session.honoured == Honoured::Current && !session.due.repeat;
        if session.honoured == Honoured::Successor {
            // Its first use makes it the current one, and only the current one may be followed.
            let confirmed = self.maintain(session, Change::new(), false).await?;
            forced.record = confirmed.record;
            forced.honoured = Honoured::Current;
            forced.due = super::Due { rotate: true, ..Default::default() };
        }
        let upkeep = self.maintain(&forced, Change::new(), true).await?;
        match upkeep.token {
            Some(token) => Ok(Issued::new(token, upkeep.record)),
            None => Err(Error::new(ErrorKind::Superseded)),
        }
    }

    /// Stores a request's change together with the upkeep that is due, as one step. A new token is
    /// made only if the client `can_be_handed` one.
    pub(crate) async fn maintain(
        &self,
        session: &Authenticated,
        mut change: Change,
        can_be_handed: bool,
    ) -> Result<Upkeep, Error> {
        let (due, token, now) = (session.due, &session.token, self.now());
        let config = &self.inner.config;
        if due.touch {
            change.touch(now);
        }
        if due.confirm {
            let grace = config.rotation.grace;
            change.step(SecretStep::Confirm { successor: token.secret().hash(), at: now, grace });
        }
        if due.rotate && can_be_handed {
            let nonce = random_bytes()?;
            let hash = self.inner.keys.successor(token.secret(), token.id(), &nonce).hash();
            change.step(SecretStep::Propose { from: token.secret().hash(), pending: Pending { hash, nonce } });
        }
        let record = if change.is_empty() {
            Arc::clone(&session.record)
        } else {
            self.change(token.id(), change, Arc::clone(&session.record), now).await?
        };
        if due.touch {
            self.emit(&Event::Refreshed { session: token.id() });
        }
        if due.confirm {
            self.emit(&Event::Rotated { session: token.id() });
        }
        let token = can_be_handed.then(|| self.token_to_hand_out(session, &record)).flatten();
        Ok(Upkeep { record, token })
    }

    /// The successor, if there is one for this token; else the same token, if it is to be signed
    /// anew or its cookie's life to be prolonged.
    fn token_to_hand_out(&self, session: &Authenticated, record: &Record) -> Option<Token> {
        let (due, token, keys) = (session.due, &session.token, &self.inner.keys);
        let pending = record.succession().pending().filter(|_| session.honoured == Honoured::Current);
        let successor = pending.and_then(|pending| keys.proposed(token.secret(), token.id(), pending));
        if let Some(successor) = successor {
            return Some(keys.sign(successor, token.id()));
        }
        let renew =
            due.touch && session.honoured != Honoured::Graced && (record.remembered() || keys.is_outdated(token));
        renew.then(|| keys.sign(token.secret().clone(), token.id()))
    }

    /// Applies a change to a session that must still be there.
    pub(crate) async fn change(
        &self,
        id: SessionId,
        change: Change,
        seen: Arc<Record>,
        now: Timestamp,
    ) -> Result<Arc<Record>, Error> {
        let mut bounds = self.inner.config.attributes;
        if change.fields().any(|(name, _)| is_reserved(name)) {
            // What is noted of a session is not to fail because its application has filled it.
            bounds.fields += 2;
            bounds.bytes += 256;
        }
        let change = change.within(bounds).having_seen(seen);
        match self.run(self.store().change(id, change, now)).await? {
            Changed::Merged(record) if is_among_all(&record, self.inner.everybody.until()) => {
                Err(Error::new(ErrorKind::Ended))
            }
            Changed::Merged(record) => Ok(record),
            Changed::Gone => Err(Error::new(ErrorKind::Ended)),
            Changed::Refused(refused) => {
                self.emit(&Event::WriteRefused { session: id, refused: &refused });
                Err(refused.into())
            }
        }
    }
}
