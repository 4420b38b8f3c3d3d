//! What a connection asks of its session that outlives the request: when it ends, and that it does not.

use std::{
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll},
};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{Holding, Session};
use crate::{
    record::Remaining,
    sessions::{EndReason, Ended, Error, ErrorKind, Watch},
};

impl Session {
    /// Resolves when this session ends: by a log-out, by whoever revokes it on any node, or by time; and within the time that
    /// the news of it takes. For what is open for longer than a request, as a WebSocket is. At once if there is no session.
    ///
    /// It may be called again for each message: only the first call asks the store. To be dropped half-way loses nothing.
    ///
    /// A session that another takes the place of, as a log-in, a step-up or a change of roles has it, has ended too: what was
    /// opened in its name was opened with less proof, or with other rights. The client opens it again with its new token.
    /// Another secret under the same id ends nothing.
    ///
    /// While the store does not answer nothing ends, but for what has reached its absolute limit. That a session has been
    /// suspended is seen when it is next looked at: at the next [`touch`](Self::touch) that is due, or when it would expire.
    ///
    /// ```
    /// use countersign::Session;
    /// use tokio::sync::mpsc;
    ///
    /// async fn talk(session: Session, mut messages: mpsc::Receiver<String>) -> String {
    ///     loop {
    ///         tokio::select! {
    ///             end = session.ended() => return format!("1008: {}", end.reason()),
    ///             Some(message) = messages.recv() => println!("{message}"),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Panics
    /// Outside a Tokio runtime, when it is first polled.
    pub fn ended(&self) -> Ended {
        match self.watch() {
            Some(watch) => Ended::of(watch),
            None => Ended::already(EndReason::NoSession),
        }
    }

    /// The same stream, which ends when this session does: for server-sent events, and whatever else goes on.
    ///
    /// A browser's `EventSource` connects again by itself, and is then told that nobody is logged in.
    ///
    /// # Panics
    /// Outside a Tokio runtime, when it is polled.
    pub fn until_ended<S: Stream>(&self, stream: S) -> UntilEnded<S> {
        UntilEnded { stream, ended: self.ended(), over: false }
    }

    /// Tells that the session is in use, by something else than a request: the idle window slides. At most one store command per
    /// refresh interval, however often this is called, and for all connections of the session on this node together. It never
    /// passes the absolute limit.
    ///
    /// # Errors
    /// [`ErrorKind::Ended`] if it has ended, [`ErrorKind::StepUpRequired`] if it is suspended,
    /// [`ErrorKind::NotLoggedIn`] if there is none; [`ErrorKind::Unavailable`] if the store failed, which says nothing about the
    /// session, and is tried again a second later.
    pub async fn touch(&self) -> Result<(), Error> {
        let sessions = self.manager()?;
        let session = {
            let state = self.lock();
            state.check_writable()?;
            state.live().cloned().ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?
        };
        let watch = self.watch().ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?;
        match sessions.touch(&session, &watch).await {
            Ok(None) => Ok(()),
            Ok(Some(record)) => {
                let mut state = self.lock();
                if let Some(live) = state.still(record.id()) {
                    live.at = sessions.now();
                    live.is_seen(record);
                }
                state.check_writable()
            }
            Err(error) => {
                if error.kind() == ErrorKind::Ended {
                    self.lock().end(session.record.id());
                }
                Err(error)
            }
        }
    }

    /// How much time the session has left now, as far as this request knows; `None` if there is none.
    #[must_use]
    pub fn remaining(&self) -> Option<Remaining> {
        let sessions = self.shared.sessions.as_ref()?;
        Some(self.look().open()?.record.remaining(sessions.now()))
    }

    /// Whether it ends within `warn_before` if nothing more happens: time to ask "stay signed in?". `false` if there is none.
    ///
    /// ```
    /// use countersign::LoggedIn;
    ///
    /// async fn page(who: LoggedIn) -> &'static str {
    ///     if who.session().ends_soon() { "stay signed in?" } else { "" }
    /// }
    /// ```
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        let warn_before = self.shared.sessions.as_ref().map(|sessions| sessions.config().warn_before);
        self.remaining().zip(warn_before).is_some_and(|(remaining, before)| remaining.first() < before)
    }

    /// That somebody waits for the end of the session that this is now.
    fn watch(&self) -> Option<Arc<Watch>> {
        let sessions = self.shared.sessions.as_ref()?;
        let record = {
            let state = self.look();
            if matches!(state.holding, Holding::Ended) {
                return None;
            }
            Arc::clone(state.record()?)
        };
        let mut watch = self.shared.watch.lock().unwrap_or_else(PoisonError::into_inner);
        match &*watch {
            Some(present) if present.id() == record.id() => Some(Arc::clone(present)),
            _ => Some(Arc::clone(watch.insert(Arc::new(sessions.watch_end(record.id(), Some(&record)))))),
        }
    }
}

pin_project! {
    /// A stream that ends with a session: see [`Session::until_ended`].
    #[derive(Debug)]
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct UntilEnded<S> {
        #[pin]
        stream: S,
        ended: Ended,
        over: bool,
    }
}

impl<S: Stream> Stream for UntilEnded<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        *this.over = *this.over || Pin::new(this.ended).poll(cx).is_ready();
        if *this.over { Poll::Ready(None) } else { this.stream.poll_next(cx) }
    }
}
