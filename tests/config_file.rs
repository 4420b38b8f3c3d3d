//! One file for all of it: the store is opened, the keys are read, the settings hold.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{env, fs, path::PathBuf, process::Command};

use countersign::{ConfigError, Device, Sessions, SessionsBuilder};
use tempfile::TempDir;

/// The variables are those of a child: a test does not change its own.
const CHILD: &str = "CONFIG_FILE_TEST";

fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("sessions.toml");
    fs::write(&path, text).unwrap();
    path
}

const WHOLE: &str = "preset = \"development\"\n[store]\nurl = \"sqlite:${FOLDER}/sessions.db\"\nsealed = true\n\
                     [keys]\nenv = \"TEST_KEYS\"\n[limit]\nmax = \"${MAX}\"\nwhen_full = \"reject\"\n";

#[test]
fn a_file_alone_makes_sessions_that_outlive_the_process() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, WHOLE);
    let key = "b25lIGtleSBvZiAzMiBieXRlcywgaW4gYmFzZTY0LCB0ZXN0";
    let run = |step: &str| {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "the_child", "--nocapture"]).env(CHILD, step).env("FILE", &path);
        child.env("FOLDER", folder.path()).env("MAX", "2").env("TEST_KEYS", key);
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run("log in twice");
    run("find both");
    let kept: Vec<u8> =
        fs::read_dir(folder.path()).unwrap().flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    let holds = |text: &[u8]| kept.windows(text.len()).any(|window| window == text);
    assert!(holds(b"ada") && !holds(b"Bell Labs"), "it is sealed");
}

/// Does nothing but as a child of the test above.
#[tokio::test]
async fn the_child() {
    let Ok(step) = env::var(CHILD) else { return };
    let sessions = SessionsBuilder::from_file(env::var("FILE").unwrap()).await.unwrap().build().unwrap();
    assert_eq!((sessions.config().limit.max, sessions.config().cookie.name.as_str()), (2, "sid"));
    if step == "log in twice" {
        for _ in 0..2 {
            let device = Device { os: Some("Plan 9 from Bell Labs".into()), ..Device::default() };
            sessions.log_in("ada").device(device).await.unwrap();
        }
    }
    assert_eq!(sessions.list("ada").await.unwrap().len(), 2);
    assert!(sessions.log_in("ada").await.is_err(), "the limit counts what another process has begun");
}

#[tokio::test]
async fn what_is_wrong_outside_of_the_file_is_told_in_its_line() {
    let folder = TempDir::new().unwrap();
    let wrong = async |text: &str| -> ConfigError { Sessions::from_file(file(&folder, text)).await.unwrap_err() };
    let error = wrong("[store]\nurl = \"memory:\"\n[keys]\nenv = \"NOBODY_HAS_SET_THIS\"\n").await;
    assert_eq!((error.field(), error.line()), ("keys.env", Some(4)));
    assert!(error.to_string().contains("NOBODY_HAS_SET_THIS is not set"), "{error}");
    assert!(error.to_string().contains("sessions.toml, line 4: "), "{error}");
    let error = Sessions::from_file(folder.path().join("nowhere.toml")).await.unwrap_err();
    assert!(error.to_string().contains("nowhere.toml") && error.line().is_none(), "{error}");
}
