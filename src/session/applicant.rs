use super::Session;
use crate::{
    record::Change,
    sessions::{Applicant, Beginning, Issued},
};

/// A log-in from within a request: the session that the request came with ends in the same step.
pub(super) struct OfRequest(pub(super) Session);

impl Applicant for OfRequest {
    fn begin(&mut self) -> Beginning {
        let state = self.0.look();
        Beginning {
            replaces: state.record().map(|record| record.id()),
            change: state.change.clone(),
            origin: self.0.shared.client.origin(),
        }
    }

    fn entered(&mut self, issued: &Issued) {
        let mut state = self.0.lock();
        state.change = Change::new();
        state.hold(issued);
    }
}
