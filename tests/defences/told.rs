//! Sessions that tell what happens to them.

use std::sync::{Arc, Mutex};

use countersign::{Clock, Config, Event, KeyRing, Reaction, SessionStore, Sessions, Suspicion};

use crate::support::KEY;

/// What has been told so far, as text.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// What has been told since the last call of this.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn note(&self, event: &Event<'_>) {
        let text = match event {
            Event::FirstFactorPassed { user, .. } => format!("first factor of {user}"),
            Event::LoggedIn { user, .. } => format!("{user} logged in"),
            Event::SteppedUp { user, .. } => format!("{user} stepped up"),
            Event::NewDevice { user, .. } => format!("new device of {user}"),
            Event::Suspicious(suspicion) => format!("{:?}: {:?}", suspicion.kind(), suspicion.reaction()),
            Event::Ended { reason, .. } => format!("ended: {reason:?}"),
            Event::Refused { kind } => format!("refused: {kind}"),
            Event::CrossSiteReported { session } => format!("cross-site, with a session: {}", session.is_some()),
            Event::EverybodyEnded { reason, .. } => format!("everybody: {reason:?}"),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

/// Sessions over a store, and what they tell. A hook decides about suspicions, if there is one.
pub(crate) fn telling(
    store: impl SessionStore,
    config: Config,
    clock: &Clock,
    hook: Option<fn(&Suspicion<'_>) -> Reaction>,
) -> (Sessions, Told) {
    let told = Told::default();
    let listener = told.clone();
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), store).config(config).clock(clock.clone());
    let builder = builder.on_event(move |event| listener.note(event));
    let builder = if let Some(hook) = hook { builder.on_suspicion(hook) } else { builder };
    (builder.build().unwrap(), told)
}
