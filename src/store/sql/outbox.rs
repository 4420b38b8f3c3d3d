//! Announcements through a table, for databases that cannot call their clients: whoever ends a session
//! adds a row in the same transaction, and whoever listens asks for rows after the last that he knows.
//!
//! Rows are numbered when they are written and seen when they are committed, which need not be the same
//! order. So a number that is missed out is asked for again for some seconds: it may yet be committed.
//!
//! The newest of the old rows is never pruned. Thus a listener who is not minutes behind always finds
//! the row that he read last, and one who does not find it has missed something.

use std::{collections::BTreeMap, future::Future, time::Duration};

use tokio::time::{sleep, timeout};

use super::session_id;
use crate::{
    record::SessionId,
    store::{Invalidation, Invalidations, StoreError},
};

/// A row: its number, and the id that ended.
pub(in crate::store) type Announced = (i64, Vec<u8>);

/// What a listener has read.
#[derive(Debug)]
pub(in crate::store) struct Window {
    /// The highest number that he has read.
    last: i64,
    /// Numbers before it that he has not read, and how often they will still be asked for.
    missing: BTreeMap<i64, u32>,
    patience: u32,
}

impl Window {
    /// Listening begins after these rows, in the order of their numbers, which are the newest.
    ///
    /// Between them, some may be missing of transactions that have not ended yet.
    pub(in crate::store) fn after(newest: &[i64], pause: Duration) -> Self {
        let patience = LATEST.as_millis() / pause.as_millis().max(1);
        let mut window =
            Self { last: newest.first().map_or(0, |first| first - 1), missing: BTreeMap::new(), patience: 0 };
        window.patience = u32::try_from(patience).unwrap_or(u32::MAX).max(1);
        for number in newest {
            window.reach(*number);
        }
        window
    }

    /// The number of the last row that was read, and those before it that are missing.
    pub(in crate::store) fn position(&self) -> (i64, Vec<i64>) {
        (self.last, self.missing.keys().copied().collect())
    }

    /// Takes in the rows from the last that was read, that one included, and those that were missing,
    /// in the order of their numbers. Says which ids are new; `None` if something was pruned unread.
    fn read(&mut self, rows: &[Announced]) -> Result<Option<Vec<SessionId>>, StoreError> {
        let (last, mut ids) = (self.last, Vec::new());
        if rows.iter().all(|(number, _)| *number != last) {
            return Ok(None);
        }
        for (number, id) in rows {
            if *number > self.last {
                self.reach(*number);
                ids.push(session_id(id)?);
            } else if self.missing.remove(number).is_some() {
                ids.push(session_id(id)?);
            }
        }
        self.missing.retain(|_, asks| {
            *asks = asks.saturating_sub(1);
            *asks > 0
        });
        Ok(Some(ids).filter(|_| self.missing.len() <= MOST_MISSING))
    }

    fn reach(&mut self, number: i64) {
        // No more than are too many.
        let missed = (self.last + 1..number).take(MOST_MISSING + 1);
        self.missing.extend(missed.map(|number| (number, self.patience)));
        self.last = number;
    }
}

/// Tells a listener what `poll` finds, until something was missed or it fails. Each answer shows that
/// the listener is not cut off.
///
/// `poll` is given a [position](Window::position), and answers with the rows from there, at most [`MOST`].
pub(in crate::store) fn follow<F>(
    mut window: Window,
    heartbeat: Duration,
    pause: Duration,
    poll: impl Fn(i64, Vec<i64>) -> F + Send + 'static,
) -> Invalidations
where
    F: Future<Output = Result<Vec<Announced>, StoreError>> + Send + 'static,
{
    // Twice as often as promised, so that one that is a bit late is in time.
    let polls_a_beat = heartbeat.as_millis() / (2 * pause.as_millis().max(1));
    Invalidations::spawn(async move |announcing| {
        let mut silent = polls_a_beat;
        loop {
            let (last, missing) = window.position();
            let Ok(Ok(rows)) = timeout(PATIENCE, poll(last, missing)).await else { return };
            let Ok(Some(ids)) = window.read(&rows) else { return };
            for id in ids {
                if !announcing.tell(Invalidation::Ended(id)).await {
                    return;
                }
            }
            silent += 1;
            if silent >= polls_a_beat {
                silent = 0;
                if !announcing.tell(Invalidation::Heartbeat).await {
                    return;
                }
            }
            if rows.len() < MOST {
                sleep(pause).await;
            }
        }
    })
}

/// How many rows are read at once.
pub(in crate::store) const MOST: usize = 1_000;

/// How long rows are kept for a listener that is behind.
pub(in crate::store) const KEPT: Duration = Duration::from_secs(5 * 60);

/// So long after a later one, a row may still be committed.
const LATEST: Duration = Duration::from_secs(15);

/// Where more are missing, the numbers do not tell what was missed.
const MOST_MISSING: usize = 10_000;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: i64) -> Announced {
        (number, vec![u8::try_from(number).unwrap(); SessionId::BYTES])
    }

    fn read(window: &mut Window, numbers: &[i64]) -> Option<Vec<u8>> {
        let rows: Vec<Announced> = numbers.iter().map(|number| row(*number)).collect();
        Some(window.read(&rows).unwrap()?.iter().map(|id| id.as_bytes()[0]).collect())
    }

    fn listening_after(newest: &[i64]) -> Window {
        Window::after(newest, LATEST / 3)
    }

    #[test]
    fn each_row_is_told_once() {
        let mut window = listening_after(&[7]);
        assert_eq!(read(&mut window, &[7]), Some(vec![]));
        assert_eq!(read(&mut window, &[7, 8, 9]), Some(vec![8, 9]));
        assert_eq!(window.position(), (9, vec![]));
        assert_eq!(read(&mut window, &[9]), Some(vec![]));
    }

    #[test]
    fn what_is_committed_late_is_told_late_but_not_for_ever() {
        let mut window = listening_after(&[3, 5]);
        assert_eq!(window.position(), (5, vec![4]));
        assert_eq!(read(&mut window, &[5, 8]), Some(vec![8]));
        assert_eq!(window.position(), (8, vec![4, 6, 7]));
        assert_eq!(read(&mut window, &[4, 6, 8]), Some(vec![4, 6]));
        assert_eq!(window.position(), (8, vec![7]));
        assert_eq!(read(&mut window, &[8]), Some(vec![]));
        assert_eq!(window.position(), (8, vec![]));
    }

    #[test]
    fn what_was_pruned_unread_is_noticed() {
        let mut window = listening_after(&[7]);
        assert_eq!(read(&mut window, &[9, 10]), None);
        assert_eq!(read(&mut window, &[]), None);
        assert_eq!(read(&mut listening_after(&[7]), &[7, 8]), Some(vec![8]));
    }

    #[test]
    fn too_many_numbers_missed_out_are_an_end() {
        let mut window = listening_after(&[7]);
        let far = i64::MAX;
        assert!(window.read(&[row(7), (far, vec![0; SessionId::BYTES])]).unwrap().is_none());
    }
}
