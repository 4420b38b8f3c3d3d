//! Keys rotate, and nobody is logged out: put the new one in front, wait, drop the old one.
//!
//! ```sh
//! cargo run --example rotate_keys
//! ```
//!
//! A service reads its ring by `KeyRing::from_env("COUNTERSIGN_KEYS")`, and each step below is a
//! restart with another value there. What `slide` does here, the layer does with each request.

#![allow(clippy::print_stdout, reason = "it tells what happens")]

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use countersign::{Clock, KeyRing, MemoryStore, RefusalKind, Sessions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Clock::manual(SystemTime::now());
    let store = Arc::new(MemoryStore::new());
    let start = |keys: &str| -> Result<Sessions, Box<dyn Error>> {
        Ok(Sessions::builder(keys.parse()?, Arc::clone(&store)).clock(clock.clone()).build()?)
    };
    let old_key = KeyRing::generate()?.dangerous_export_current();
    let new_key = KeyRing::generate()?.dangerous_export_current();

    let sessions = start(&old_key)?;
    let old = sessions.log_in("ada").await?;
    println!("COUNTERSIGN_KEYS=old      ada logs in: the old key signs her token");

    let sessions = start(&format!("{},{}", *new_key, *old_key))?;
    let session = sessions.authenticate(old.token()).await?;
    assert!(sessions.slide(&session).await?.is_none());
    println!("COUNTERSIGN_KEYS=new,old  the new key signs from now on; her token still verifies");

    clock.advance(sessions.config().refresh_interval);
    let session = sessions.authenticate(old.token()).await?;
    let new = sessions.slide(&session).await?.ok_or("at its next refresh a token is signed anew")?;
    assert_eq!(new.session_id(), old.session_id());
    println!("        a minute later    she is handed the same session's token, signed by the new key");

    clock.advance(Duration::from_secs(60));
    let sessions = start(&new_key)?;
    sessions.authenticate(new.token()).await?;
    println!("COUNTERSIGN_KEYS=new      the old key is dropped: her new token verifies");
    assert_eq!(sessions.verify(old.token()), Err(RefusalKind::Forged));
    println!("                          her old one, and whatever else that key signs, is refused");
    Ok(())
}
