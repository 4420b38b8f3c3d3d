use super::{From, Session};
use crate::{
    record::Change,
    sessions::{Applicant, Beginning, Error, ErrorKind, Event, Issued},
};

/// A log-in from within a request: the session that the request came with ends in the same step.
pub(super) struct OfRequest(pub(super) Session);

impl Applicant for OfRequest {
    fn begin(&mut self) -> Result<Beginning, Error> {
        match self.0.shared.arrival.from {
            From::OtherSite { refused: true } => return Err(Error::new(ErrorKind::CrossSite)),
            From::OtherSite { refused: false } => {
                self.0.manager()?.emit(&Event::CrossSiteReported { session: None });
            }
            From::OwnSite => {}
        }
        let state = self.0.look();
        Ok(Beginning {
            replaces: state.live().map(|session| session.record.id()),
            change: state.written(),
            origin: self.0.shared.client.origin(),
        })
    }

    fn entered(&mut self, issued: &Issued, _user: &str) {
        let mut state = self.0.lock();
        state.change = Change::new();
        state.hold(issued);
    }
}
