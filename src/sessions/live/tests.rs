//! What connections do not show: what is held on to for them.

use super::*;

#[tokio::test]
async fn connections_that_come_and_go_while_nobody_waits_for_an_end_leave_nothing_behind() {
    let sessions = Sessions::for_tests();
    for _ in 0..1_000 {
        let id = sessions.log_in("ada").await.unwrap().session_id();
        drop(sessions.watch_end(id, None));
    }
    assert_eq!(sessions.inner.live.take_fresh(), []);
    assert_eq!(sessions.watched(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_came_before_anybody_waited_is_looked_at_once_somebody_does() {
    let sessions = Sessions::for_tests();
    let ids =
        [sessions.log_in("ada").await.unwrap().session_id(), sessions.log_in("grace").await.unwrap().session_id()];
    let [hers, his] = ids.map(|id| Arc::new(sessions.watch_end(id, None)));
    sessions.revoke_user("ada", crate::Reason::ByOperator).await.unwrap();
    // Nobody has listened yet: that it has ended is found out by asking.
    assert_eq!(Ended::of(Arc::clone(&hers)).await.reason(), EndReason::Revoked);
    assert_eq!(hers.id(), ids[0]);
    sessions.revoke_user("grace", crate::Reason::ByOperator).await.unwrap();
    assert_eq!(Ended::of(his).await.reason(), EndReason::Revoked);
}
