//! A disk without room: what was there before is there still.

use std::process::{Command, Stdio};

use crate::{Home, child::Child};

/// On a disk of 256 KiB in a mount namespace of its own: by root, or by whoever may make user namespaces. Where
/// neither may be done, only the test below can tell.
#[test]
fn a_full_disk_changes_nothing() {
    let home = Home::new();
    let folder = home.folder.path().to_str().unwrap();
    let script = format!("mount -t tmpfs -o size=256k,mode=700 tmpfs '{folder}' && exec \"$@\"");
    for how in ["-rm", "-m"] {
        let by = ["unshare", how, "sh", "-c", &script, "sh"];
        let mut probe = Command::new(by[0]);
        probe.args(&by[1..]).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
        if probe.status().is_ok_and(|status| status.success()) {
            println!("a full disk: a tmpfs, by unshare {how}");
            return Child::start_by(&by, "overfill", &home.file()).finish();
        }
    }
    println!("a full disk: no tmpfs can be mounted here; by the limit of a file's size alone");
    overfill_by_limit();
}

#[test]
fn a_file_that_would_be_larger_than_its_limit_changes_nothing() {
    overfill_by_limit();
}

/// The limit is in blocks of 512 bytes. Without the trap, the signal would end the process.
fn overfill_by_limit() {
    let home = Home::new();
    let by = ["sh", "-c", r#"trap "" XFSZ; ulimit -f 16; exec "$@""#, "sh"];
    Child::start_by(&by, "overfill", &home.file()).finish();
}
