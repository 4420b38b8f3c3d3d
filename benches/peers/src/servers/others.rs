//! How much of the machine a run has had.

use std::{collections::HashMap, fs, process, thread, time::Instant};

/// Watches what programs take of the processors that are neither this one nor started by it.
pub struct Others {
    started: Instant,
    ticks: Option<u64>,
}

impl Others {
    /// Begins to watch.
    #[must_use]
    pub fn watch() -> Self {
        Self { started: Instant::now(), ticks: of_others() }
    }

    /// The share of the processors that others have had since; `None` where there is no `/proc`.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let seconds = of_others()?.saturating_sub(self.ticks?) as f64 / TICKS_A_SECOND;
        let processors = thread::available_parallelism().map_or(1.0, |number| number.get() as f64);
        Some(seconds / processors / self.started.elapsed().as_secs_f64())
    }

    /// The same as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.share() {
            Some(share) => format!("Other programs had {:.0} % of the machine during the run.", share * 100.0),
            None => "What other programs had of the machine is not known.".to_owned(),
        }
    }
}

/// All ticks that were worked, less those of this process and of those that it has started.
fn of_others() -> Option<u64> {
    let machine = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> = machine.lines().next()?.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let &[user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen, ..] = &ticks[..] else {
        return None;
    };
    let mut processes = HashMap::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        if let Some((id, process)) = entry.file_name().to_str().and_then(|name| Process::read(name.parse().ok()?)) {
            processes.insert(id, process);
        }
    }
    let own: u64 = processes.iter().filter(|(id, _)| is_ours(**id, &processes)).map(|(_, process)| process.ticks).sum();
    Some((user + nice + system + interrupts + soft_interrupts + stolen).saturating_sub(own))
}

struct Process {
    parent: u32,
    /// Its own, and those of its children that have ended.
    ticks: u64,
}

impl Process {
    fn read(id: u32) -> Option<(u32, Self)> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = [11, 12, 13, 14].map(|field| fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok()));
        let ticks = ticks.into_iter().sum::<Option<u64>>()?;
        Some((id, Self { parent: fields.get(1)?.parse().ok()?, ticks }))
    }
}

fn is_ours(id: u32, processes: &HashMap<u32, Process>) -> bool {
    let mut at = id;
    while at != process::id() {
        match processes.get(&at) {
            Some(process) => at = process.parent,
            None => return false,
        }
    }
    true
}

/// The kernel's unit of time in `/proc`.
const TICKS_A_SECOND: f64 = 100.0;
