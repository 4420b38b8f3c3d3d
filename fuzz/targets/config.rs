#![no_main]

use countersign_fuzz::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| config::check(input));
