//! Waiting until entries are written: the only wait there is, and nobody is made to.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use super::{
    AuditLog,
    lines::{Item, Line},
};

impl AuditLog {
    /// Waits until every sink has written, or rejected, what was told before this call and was not dropped: as safe as the sink makes
    /// it, it is there.
    ///
    /// # Errors
    /// [`Unwritten`] if a sink takes longer than `limit`. What waits goes on waiting.
    pub async fn flush(&self, limit: Duration) -> Result<(), Unwritten> {
        let waiting: Vec<_> = self.inner.lines.iter().map(|line| tokio::spawn(written(line, limit))).collect();
        let mut late = Vec::new();
        for (line, waiting) in self.inner.lines.iter().zip(waiting) {
            if !waiting.await.unwrap_or(false) {
                late.push((line.tally.name.clone(), line.state().waiting()));
            }
        }
        if late.is_empty() { Ok(()) } else { Err(Unwritten { late }) }
    }

    /// The same, and the end of the log: what is told from now on is dropped, and counted. For the end of a program, after the last
    /// request.
    ///
    /// # Errors
    /// [`Unwritten`] if a sink takes longer than `limit`. What waits for it then is dropped, and counted, as soon as its task has ended.
    pub async fn close(&self, limit: Duration) -> Result<(), Unwritten> {
        let flushed = self.flush(limit).await;
        self.inner.lines.iter().for_each(|line| line.worker.abort());
        flushed
    }
}

/// Whether all that stands in the queue now is written in time.
fn written(line: &Line, limit: Duration) -> impl Future<Output = bool> + Send + 'static {
    let (queue, tally) = (line.queue.clone(), Arc::clone(&line.tally));
    async move {
        let (done, told) = oneshot::channel();
        let in_turn = async {
            let sent = queue.send(Item::Flush(done)).await.is_ok();
            tally.hurry.notify_one();
            sent && told.await.is_ok()
        };
        timeout(limit, in_turn).await.unwrap_or(false)
    }
}

/// Sinks that have not written all in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    late: Vec<(Box<str>, u64)>,
}

impl Unwritten {
    /// The names of the sinks, and how many entries wait for each.
    pub fn sinks(&self) -> impl Iterator<Item = (&str, u64)> {
        self.late.iter().map(|(name, waiting)| (&**name, *waiting))
    }
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("audit entries are not written yet:")?;
        for (index, (name, waiting)) in self.sinks().enumerate() {
            write!(f, "{} {waiting} wait for {name}", if index > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl Error for Unwritten {}
