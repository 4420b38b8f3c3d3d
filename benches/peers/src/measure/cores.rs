//! Whether the machine was ours for a while.

use std::{fs, thread, time::Instant};

/// The kernel's unit of time in `/proc`.
const TICKS_A_SECOND: f64 = 100.0;

/// Watches what other programs, or other guests of the host, take of the processors.
pub struct Watch {
    started: Instant,
    others: Option<f64>,
}

impl Watch {
    /// Begins to watch.
    pub fn start() -> Self {
        Self { started: Instant::now(), others: seconds_of_others() }
    }

    /// Whether others have had less than a tenth of the processors since the start. Where there is
    /// no `/proc` to say, they are taken to have had nothing.
    pub fn machine_was_ours(&self) -> bool {
        let (Some(before), Some(now)) = (self.others, seconds_of_others()) else {
            return true;
        };
        let processors = thread::available_parallelism().map_or(1.0, |number| number.get() as f64);
        now - before < self.started.elapsed().as_secs_f64() * processors / 10.0
    }
}

/// The processor time that others have had since the machine was started.
fn seconds_of_others() -> Option<f64> {
    let machine = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> = numbers(machine.lines().next()?.strip_prefix("cpu")?);
    let &[user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen, ..] = ticks.as_slice() else {
        return None;
    };
    let process = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = process.rsplit_once(')')?.1.split_whitespace().collect();
    let [own_user, own_system] = [11, 12].map(|field| fields.get(field)?.parse::<u64>().ok());
    let all = user + nice + system + interrupts + soft_interrupts + stolen;
    Some((all as f64 - (own_user? + own_system?) as f64) / TICKS_A_SECOND)
}

fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().filter_map(|field| field.parse().ok()).collect()
}
