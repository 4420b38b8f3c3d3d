//! Secrets and ids: where their randomness comes from, and what they give away.

use std::{collections::HashSet, thread};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign::{KeyErrorKind, KeyRing, MemoryStore, SessionId, Sessions, Token};
use http::StatusCode;

use crate::support::{Backend, Browser, KEY, World, app};

const THREADS: usize = 4;
const EACH: usize = 25_000;

/// 100,000 tokens from several threads at once: no two alike in any part that is random, and each
/// byte value of the secrets as frequent as chance has it.
#[test]
fn fresh_tokens_do_not_repeat_and_their_bytes_are_even() {
    let sessions = Sessions::new(KeyRing::new(KEY).unwrap(), MemoryStore::new());
    let minting: Vec<_> = (0..THREADS)
        .map(|_| {
            let sessions = sessions.clone();
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(mint(&sessions))
            })
        })
        .collect();
    let minted: Vec<([u8; 32], SessionId)> = minting.into_iter().flat_map(|task| task.join().unwrap()).collect();

    assert_eq!(minted.len(), THREADS * EACH);
    assert_eq!(minted.iter().map(|(secret, _)| secret).collect::<HashSet<_>>().len(), minted.len());
    assert_eq!(minted.iter().map(|(_, id)| id).collect::<HashSet<_>>().len(), minted.len());

    let mut seen = [0_u32; 256];
    minted.iter().flat_map(|(secret, _)| secret).for_each(|byte| seen[usize::from(*byte)] += 1);
    let expected = (32 * minted.len()) as f64 / 256.0;
    let chi_square: f64 = seen.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    // 255 degrees of freedom: outside this with a probability below 10^-8.
    assert!((135.0..=415.0).contains(&chi_square), "{chi_square}");
}

async fn mint(sessions: &Sessions) -> Vec<([u8; 32], SessionId)> {
    let mut minted = Vec::with_capacity(EACH);
    for _ in 0..EACH {
        let issued = sessions.start().await.unwrap();
        let secret = BASE64_URL_SAFE_NO_PAD.decode(&issued.token().reveal()[..43]).unwrap();
        minted.push((secret.try_into().unwrap(), issued.session_id()));
    }
    minted
}

#[tokio::test]
async fn ids_and_tokens_keep_to_one_alphabet() {
    let world = World::new(Backend::Memory).await;
    for user in ["ada", "../../etc/passwd", "'; DROP TABLE sessions; --", "日本"] {
        let issued = world.sessions.log_in(user).await.unwrap();
        let (id, token) = (issued.session_id().to_string(), issued.token().reveal());
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(id.len() == SessionId::CHARS && id.chars().all(is_safe), "{id}");
        assert!(token.len() == Token::CHARS && token.split('.').all(|part| part.chars().all(is_safe)));
        assert_eq!(token.split('.').map(str::len).collect::<Vec<_>>(), [43, 24, 44]);
    }
}

/// Two log-ins of one user share the shard tag of the id (two bytes of a plain hash of the user's
/// id), and the byte that names the key. Nothing else.
#[tokio::test]
async fn a_token_tells_nothing_but_shard_and_key() {
    let world = World::new(Backend::Memory).await;
    let log_in = async || world.sessions.log_in("ada").roles(["admin"]).await.unwrap().token().reveal();
    let parts = |token: &str| -> Vec<Vec<u8>> {
        token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).collect()
    };
    let (one, two) = (parts(&log_in().await), parts(&log_in().await));
    assert_eq!((&one[1][16..], one[2][0]), (&two[1][16..], two[2][0]));
    // A byte in 256 is equal by chance; that more than 8 of 80 are has a probability below 10^-10.
    let alike = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a == b).count();
    assert!(alike(&one[0], &two[0]) + alike(&one[1][..16], &two[1][..16]) + alike(&one[2][1..], &two[2][1..]) <= 8);
}

#[test]
fn a_key_that_is_too_short_is_refused_with_the_remedy() {
    let error = KeyRing::new([7; 10]).unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::TooShort);
    let text =
        "a key of 10 bytes is too short: a key needs at least 32 random bytes; make one with `openssl rand -base64 32`";
    assert_eq!(error.to_string(), text);
}

#[test]
fn there_is_no_built_in_key() {
    let error = KeyRing::from_env("COUNTERSIGN_TEST_NEVER_SET").unwrap_err();
    assert_eq!(error.kind(), KeyErrorKind::Missing);
    let two = [KeyRing::generate().unwrap(), KeyRing::generate().unwrap()];
    assert_ne!(*two[0].dangerous_export_current(), *two[1].dangerous_export_current());
}

/// SM-10: an id that this server did not issue is never taken over.
#[tokio::test]
async fn a_forged_id_is_never_adopted() {
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let chosen = "AAAAAAAAAAAAAAAAAAAAAAAA";
    for planted in [format!("{}.{chosen}.{}", "A".repeat(43), "A".repeat(44)), chosen.to_owned()] {
        let mut victim = Browser::with_token(&app, &planted);
        assert_eq!(victim.post("/login/ada").await.status, StatusCode::OK);
        assert!(!victim.token().unwrap().contains(chosen));
        let reply = Browser::with_token(&app, &planted).get("/me").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
}
