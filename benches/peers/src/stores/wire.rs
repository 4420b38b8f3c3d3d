//! Where a client's commands begin and end in what it sends, in each of three protocols.

use countersign_peers::servers::Engine;

/// Follows what a client sends on one connection.
pub struct Wire {
    engine: Engine,
    /// What has been sent and not been understood yet: a part of a command.
    rest: Vec<u8>,
    /// Whether the client is still introducing itself.
    introduction: bool,
}

impl Wire {
    /// A new connection to a server of this kind.
    pub const fn new(engine: Engine) -> Self {
        Self { engine, rest: Vec::new(), introduction: true }
    }

    /// How many commands these bytes complete: what the server is asked to do, and the client waits for. A script
    /// counts as one, whatever it does inside; a check whether a connection is still good counts too.
    pub fn follow(&mut self, sent: &[u8]) -> usize {
        self.rest.extend_from_slice(sent);
        let (mut commands, mut at) = (0, 0);
        while let Some((length, is_command)) = self.next(&self.rest[at..]) {
            at += length;
            commands += usize::from(is_command);
            // Who asks for TLS, and is told that there is none, introduces himself a second time.
            let asks_for_tls = self.introduction && self.rest[..at].ends_with(&ASKS_FOR_TLS);
            self.introduction = asks_for_tls;
        }
        self.rest.drain(..at);
        commands
    }

    /// The length of the message that begins here, and whether it is a command; `None` if not all of
    /// it is there.
    fn next(&self, bytes: &[u8]) -> Option<(usize, bool)> {
        let (length, is_command) = match self.engine {
            Engine::Redis => return redis(bytes).map(|length| (length, true)),
            // The first message has no type. A Query is a command, and so is what a Sync ends; on its own,
            // it is a check of the connection.
            Engine::Postgres if self.introduction => (number(bytes.get(..4)?), false),
            Engine::Postgres => (1 + number(bytes.get(1..5)?), matches!(bytes[0], b'S' | b'Q')),
            // Each command begins with packet 0; a statement that is closed is not answered.
            Engine::MariaDb => {
                let little = [0, *bytes.get(2)?, bytes[1], bytes[0]];
                (4 + number(&little), *bytes.get(3)? == 0 && *bytes.get(4)? != CLOSE_STATEMENT)
            }
            Engine::Sqlite => return None,
        };
        (bytes.len() >= length).then_some((length, is_command))
    }
}

/// The length of a command of Redis: an array of strings.
fn redis(bytes: &[u8]) -> Option<usize> {
    let (mut at, words) = line(bytes, 0)?;
    for _ in 0..words {
        let (start, length) = line(bytes, at)?;
        at = start + length + 2;
    }
    (bytes.len() >= at).then_some(at)
}

/// Where the line after this one begins, and the number that stands in it after one character.
fn line(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..)?;
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let number = std::str::from_utf8(&rest[1..end]).ok()?.trim().parse().ok()?;
    Some((from + end + 1, number))
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

const CLOSE_STATEMENT: u8 = 0x19;
/// In PostgreSQL: the number 80877103 in the place of a version.
const ASKS_FOR_TLS: [u8; 4] = [0x04, 0xd2, 0x16, 0x2f];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_counted_however_they_are_cut() {
        let postgres = [
            &b"\0\0\0\x08\x04\xd2\x16\x2f"[..],
            b"\0\0\0\x08\0\x03\0\0",
            b"P\0\0\0\x05x",
            b"E\0\0\0\x04",
            b"S\0\0\0\x04",
            b"Q\0\0\0\x05x",
        ];
        let mariadb = [&b"\x02\0\0\x01ab"[..], b"\x02\0\0\0\x17s", b"\x02\0\0\0\x19s", b"\x01\0\0\0\x0e"];
        let redis = [&b"*2\r\n$3\r\nGET\r\n$2\r\n\n*\r\n"[..], b"*1\r\n$4\r\nPING\r\n"];
        for (engine, sent) in [
            (Engine::Postgres, postgres.concat()),
            (Engine::MariaDb, mariadb.concat()),
            (Engine::Redis, redis.concat()),
        ] {
            for size in 1..sent.len() {
                let mut wire = Wire::new(engine);
                let commands: usize = sent.chunks(size).map(|part| wire.follow(part)).sum();
                assert_eq!(commands, 2, "{engine:?} in parts of {size}");
            }
        }
    }
}
