//! What a store promises to those who seal sessions. [`Sealed`](crate::Sealed) uses these bytes for itself, and
//! so cannot be put to this check.

use super::{
    material::{NOW, after, equal, session, user},
    probe::Probe,
};
use crate::{
    record::Change,
    store::{Changed, SessionStore},
};

promises!(sealing:
    sealed_bytes_of_the_origin_are_replaced,
);

/// They are a part of the record like any other.
async fn sealed_bytes_of_the_origin_are_replaced<S: SessionStore>(store: Probe<S>) {
    let mut expected = store.keep(session(&user())).await;
    for sealed in [[1, 2, 3], [4, 5, 6]] {
        let mut change = Change::new();
        change.set_sealed_origin(sealed);
        expected = after(expected, &change);
        let changed = store.change(expected.id(), &change, NOW).await;
        equal("they are merged", changed, Changed::Merged(expected.clone().into()));
        store.is_there("and come back", &expected, NOW).await;
    }
}
