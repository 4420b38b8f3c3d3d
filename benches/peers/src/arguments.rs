//! The command line.

use std::process::exit;

const USAGE: &str = "usage: countersign-peers [--quick] [SESSIONS...]

SESSIONS   numbers of stored sessions to measure at, default: 1000 1000000
--quick    a short run that shows that everything works, default: 1000";

/// What was asked for.
pub struct Arguments {
    /// Whether the run is only to show that everything works.
    pub quick: bool,
    /// The numbers of stored sessions, ascending; at least one.
    pub counts: Vec<usize>,
}

impl Arguments {
    /// Reads the command line; ends the process if it cannot be understood.
    pub fn from_command_line() -> Self {
        Self::parse(std::env::args().skip(1)).unwrap_or_else(|| {
            eprintln!("{USAGE}");
            exit(2)
        })
    }

    fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut quick = false;
        let mut counts = Vec::new();
        for argument in arguments {
            match argument.as_str() {
                "--quick" => quick = true,
                number => counts.push(number.parse().ok().filter(|&count| count > 0)?),
            }
        }
        if counts.is_empty() {
            counts.extend(if quick { &[1000][..] } else { &[1000, 1_000_000] });
        }
        counts.sort_unstable();
        Some(Self { quick, counts })
    }
}
