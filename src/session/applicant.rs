use http::HeaderValue;

use super::Session;
use crate::{
    record::Change,
    sessions::{Applicant, Beginning, Error, Event, Issued},
    token::DeviceToken,
};

/// A log-in from within a request: the session that the request came with ends in the same step.
pub(super) struct OfRequest {
    session: Session,
    user: String,
    device: Option<NextDevice>,
}

/// What the browser is to be known by from now on.
struct NextDevice {
    cookie: HeaderValue,
    /// Whether the user has logged in there before.
    knows_him: bool,
}

impl OfRequest {
    pub(super) fn new(session: &Session, user: &str) -> Self {
        Self { session: session.clone(), user: user.to_owned(), device: None }
    }

    /// The device of this request, as it is to be known once this user has logged in.
    fn next_device(&mut self) -> Result<Option<Box<str>>, Error> {
        let sessions = self.session.manager()?;
        let (carrier, devices) = (sessions.carrier(), sessions.devices());
        if !carrier.knows_devices() {
            return Ok(None);
        }
        let before = self.session.device_cookie();
        let knows_him = before.as_ref().is_some_and(|device| device.knows(devices, &self.user));
        let next = DeviceToken::with(before, devices, &self.user)?;
        self.device = carrier.set_device(&next).map(|cookie| NextDevice { cookie, knows_him });
        Ok(Some(next.id_text().into()))
    }
}

impl Applicant for OfRequest {
    fn begin(&mut self) -> Result<Beginning, Error> {
        self.session.shared.arrival.from.check()?;
        self.session.tell_where_from();
        let device_id = self.next_device()?;
        let state = self.session.look();
        let mut origin = self.session.shared.client.origin();
        origin.device.id = device_id;
        let replaced = state.live();
        Ok(Beginning {
            replaces: replaced.map(|session| session.record.id()),
            // The store knows of a suspension too, but not of one that this very request has brought about.
            hidden: replaced.is_some_and(|it| it.suspended && !it.record.can_be_proved_by(&self.user)),
            change: state.written(),
            origin,
        })
    }

    fn entered(&mut self, issued: &Issued) {
        let is_logged_in = issued.record().user().is_some();
        let device = self.device.take().filter(|_| is_logged_in);
        if let (Some(NextDevice { knows_him: false, .. }), Ok(sessions)) = (&device, self.session.manager()) {
            sessions.emit(&Event::NewDevice { session: issued.session_id(), user: &self.user });
        }
        let mut state = self.session.lock();
        state.change = Change::new();
        state.hold(issued);
        if let Some(device) = device {
            state.device = Some(Box::new(device.cookie));
        }
    }
}
