//! The response's future is polled by hand, so and so often, and dropped.

use std::{future::poll_fn, pin::pin, task::Poll, thread, time::Duration};

use tower::ServiceExt;

use crate::{
    scene::{Scene, Stage},
    support::{Backend, Pause, on_stores},
    verb::Verb,
};

async fn hang_up_everywhere(verb: Verb) {
    on_stores(Backend::ENGINES, |backend| async move {
        let rounds = rounds(backend);
        let stage = Stage::new(backend, Pause::Yield).await;
        let states = stage.states(verb).await;
        let mut found = vec![0; states.len()];
        let (mut points, mut hang_ups) = (0, 0);
        loop {
            let mut cut = 0;
            for round in 0..rounds {
                let mut scene = Scene::set(&stage, verb).await;
                if round == 0 {
                    assert_eq!(scene.picture().await, states[0], "{verb:?}: scenes are alike");
                }
                let answered = hang_up_after(points, round % 2 == 0, &scene).await;
                if !answered && backend.is_a_server() {
                    tokio::time::sleep(COMING_TO_REST).await;
                }
                let picture = scene.picture().await;
                let state = states.iter().position(|state| *state == picture);
                let state = state.unwrap_or_else(|| panic!("{verb:?} after {points} polls: {picture:#?}"));
                assert!(!answered || state == states.len() - 1, "{verb:?}: answered, but not stored");
                found[state] += 1;
                cut += usize::from(!answered);
                scene.go_on().await;
            }
            hang_ups += cut;
            if cut == 0 {
                break;
            }
            points += 1;
        }
        assert!(found.iter().all(|times| *times >= rounds.min(LEAST)), "{verb:?}: each state was found: {found:?}");
        eprintln!("{verb:?} on {backend:?}: {hang_ups} hang-ups at {points} points, found {found:?}");
    })
    .await;
}

/// Sends the request, polls so many times for the answer, and hangs up; half of the time after a
/// pause, in which a database's own thread may run ahead. Whether the answer was faster.
async fn hang_up_after(polls: usize, at_once: bool, scene: &Scene<'_>) -> bool {
    let mut response = pin!(Some(scene.app().oneshot(scene.request())));
    let mut left = polls;
    let answered = poll_fn(|context| {
        let Some(next) = left.checked_sub(1) else { return Poll::Ready(false) };
        left = next;
        match response.as_mut().as_pin_mut().unwrap().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    if !at_once {
        thread::sleep(AHEAD);
    }
    response.set(None);
    answered
}

/// A server is asked less often, as each of its rounds takes longer: its command goes on after the hang-up.
fn rounds(backend: Backend) -> usize {
    if backend.is_a_server() { 4 } else { 100 }
}

/// How often each state has to be found, at least, where there are so many rounds.
const LEAST: usize = 100;
/// After that, nothing is under way any more.
const COMING_TO_REST: Duration = Duration::from_millis(25);
const AHEAD: Duration = Duration::from_micros(300);

#[tokio::test]
async fn a_session_that_begins() {
    hang_up_everywhere(Verb::Begin).await;
}

#[tokio::test]
async fn a_log_in_from_nothing() {
    hang_up_everywhere(Verb::LogIn).await;
}

#[tokio::test]
async fn a_log_in_that_ends_another() {
    hang_up_everywhere(Verb::LogInOneTooMany).await;
}

#[tokio::test]
async fn a_log_in_from_an_anonymous_session() {
    hang_up_everywhere(Verb::LogInFromAnonymous).await;
}

#[tokio::test]
async fn a_log_in_from_a_logged_in_session() {
    hang_up_everywhere(Verb::LogInAgain).await;
}

#[tokio::test]
async fn fields_written() {
    hang_up_everywhere(Verb::Write).await;
}

#[tokio::test]
async fn fields_committed() {
    hang_up_everywhere(Verb::Commit).await;
}

#[tokio::test]
async fn a_window_that_slides() {
    hang_up_everywhere(Verb::Slide).await;
}

#[tokio::test]
async fn a_window_that_slides_with_a_rotation_and_fields_written() {
    hang_up_everywhere(Verb::SlideRotateAndWrite).await;
}

#[tokio::test]
async fn a_successor_that_is_used_for_the_first_time() {
    hang_up_everywhere(Verb::Confirm).await;
}

#[tokio::test]
async fn a_rotation_that_was_asked_for() {
    hang_up_everywhere(Verb::Rotate).await;
}

#[tokio::test]
async fn a_rotation_of_a_successor() {
    hang_up_everywhere(Verb::RotateSuccessor).await;
}

#[tokio::test]
async fn other_roles() {
    hang_up_everywhere(Verb::ChangeRoles).await;
}

#[tokio::test]
async fn a_log_out() {
    hang_up_everywhere(Verb::LogOut).await;
}

#[tokio::test]
async fn a_log_out_everywhere() {
    hang_up_everywhere(Verb::LogOutEverywhere).await;
}

#[tokio::test]
async fn another_session_that_is_revoked() {
    hang_up_everywhere(Verb::RevokeOne).await;
}

#[tokio::test]
async fn all_others_that_are_revoked() {
    hang_up_everywhere(Verb::RevokeOthers).await;
}

#[tokio::test]
async fn a_theft_that_is_noticed() {
    hang_up_everywhere(Verb::UseStolenSecret).await;
}
