//! Announcements out of both stores, as one stream.

use crate::store::{Invalidation, Invalidations};

/// What either tells. A heartbeat when both have given one; the end when either has ended: who hears one of
/// two stores is cut off. A session that has only moved is announced as well: it is a hint, and who asks finds it.
pub(super) fn merged(mut here: Invalidations, mut there: Invalidations) -> Invalidations {
    Invalidations::spawn(async move |announcing| {
        let (mut beat_here, mut beat_there) = (false, false);
        loop {
            let heard = tokio::select! {
                heard = here.next() => heard.map(|heard| (heard, &mut beat_here)),
                heard = there.next() => heard.map(|heard| (heard, &mut beat_there)),
            };
            match heard {
                None => return,
                Some((Invalidation::Heartbeat, beat)) => *beat = true,
                Some((ended, _)) => {
                    if !announcing.tell(ended).await {
                        return;
                    }
                }
            }
            if beat_here && beat_there {
                (beat_here, beat_there) = (false, false);
                if !announcing.tell(Invalidation::Heartbeat).await {
                    return;
                }
            }
        }
    })
}
