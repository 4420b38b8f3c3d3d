//! The tables, in Markdown.

use countersign_peers::table::{duration, grouped, header, line};

use crate::{
    BASELINE, CONTENDERS, FLOOR,
    candidate::Candidate,
    measure::{Allocations, Throughput},
};

/// The time that a request takes over the bare router, and its multiple of the floor's.
pub fn times(count: usize, times: &[[f64; 4]]) {
    println!("\n## Time added to a request, {} sessions stored\n", grouped(count));
    println!(
        "Over the bare router, and as a multiple of the floor; medians. The first row is the bare router itself.\n"
    );
    header(&["over a bare router · / floor", "valid read", "read + write", "no credential", "forged"]);
    for (row, own) in times.iter().enumerate() {
        let cells = COLUMNS.map(|column| {
            let bare = times[BASELINE][column];
            if row == BASELINE {
                return duration(bare);
            }
            let (added, floor) = (own[column] - bare, times[FLOOR][column] - bare);
            format!("{} · {:.2} ×", duration(added), added / floor)
        });
        line(CONTENDERS[row].name, &cells);
    }
}

/// The allocations of a request over the bare router's.
pub fn allocations(allocations: &[[Allocations; 4]]) {
    println!("\n## Allocations added to a request\n");
    println!("Their number, and their bytes in all, over the bare router. The first row is the bare router itself.\n");
    header(&["over a bare router, number · bytes", "valid read", "read + write", "no credential", "forged"]);
    for (row, own) in allocations.iter().enumerate() {
        let cells = COLUMNS.map(|column| {
            let bare = if row == BASELINE { Allocations::default() } else { allocations[BASELINE][column] };
            let (count, bytes) = (own[column].count - bare.count, own[column].bytes - bare.bytes);
            format!("{count:.0} · {bytes:.0}")
        });
        line(CONTENDERS[row].name, &cells);
    }
}

/// The memory that a session takes.
pub fn memory(count: usize, candidates: &[Candidate]) {
    println!("\n## Memory of a session, {} sessions stored\n", grouped(count));
    println!("Live bytes on the heap; a session has a user id of 36 bytes and one number.\n");
    header(&["heap, live", "bytes a session"]);
    for candidate in candidates {
        if let Some(bytes) = candidate.bytes_a_session {
            line(candidate.name, &[format!("{bytes:.0}")]);
        }
    }
}

/// The throughput of two workers beside that of one.
pub fn scaling(count: usize, scaling: &[Option<Throughput>]) {
    println!("\n## Two workers, {} sessions stored\n", grouped(count));
    println!("Valid reads a second, the router itself and the making of the request included; medians.");
    println!("Only slices of time count in which other programs had less than a tenth of the machine.\n");
    header(&["requests a second", "one worker", "two workers", "two / one", "slices"]);
    for (contender, throughput) in CONTENDERS.iter().zip(scaling) {
        let cells = match *throughput {
            Some(Throughput { one, two, ratio, slices }) => {
                [grouped(one as usize), grouped(two as usize), format!("{ratio:.2}"), slices.to_string()]
            }
            None => ["busy", "busy", "busy", "0"].map(str::to_owned),
        };
        line(contender.name, &cells);
    }
}

/// One for each of [`Scenario::ALL`](crate::scenario::Scenario::ALL).
const COLUMNS: [usize; 4] = [0, 1, 2, 3];
