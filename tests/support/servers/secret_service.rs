//! The Secret Service of a desktop, without one: a message bus of its own, and an unlocked keyring on it.

use std::{fs, path::Path};

use super::{
    process::{Kind, Server},
    programs::find,
};

/// Both programs; the one that is asked first ends first.
pub struct SecretService {
    _keyring: Server,
    bus: Server,
}

impl SecretService {
    pub fn start() -> Self {
        let bus = Server::start(&BUS, |folder, _| {
            let program = find("dbus-daemon", "dbus-daemon").display().to_string();
            let address = format!("--address={}", address_in(folder));
            [&program, "--session", "--nofork", "--nopidfile", "--print-address", &address].map(String::from).into()
        });
        let address = address_in(bus.folder());
        let keyring = Server::start(&KEYRING, |folder, _| {
            fs::write(folder.join("password"), "of a keyring in a test").unwrap();
            let program = find("gnome-keyring-daemon", "gnome-keyring").display().to_string();
            let home = folder.display();
            let line = format!(
                "exec env DBUS_SESSION_BUS_ADDRESS={address} HOME={home} XDG_RUNTIME_DIR={home} {program} \
                 --foreground --unlock --components=secrets --control-directory={home}/control <{home}/password"
            );
            ["sh".to_owned(), "-c".to_owned(), line].into()
        });
        Self { _keyring: keyring, bus }
    }

    /// Where programs find it: the value of `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> String {
        address_in(self.bus.folder())
    }
}

fn address_in(folder: &Path) -> String {
    format!("unix:path={}/bus", folder.display())
}

const BUS: Kind = Kind { end: "TERM", ready: "unix:path=", accounts: &[] };
const KEYRING: Kind = Kind { end: "TERM", ready: "GNOME_KEYRING_CONTROL=", accounts: &[] };
