#![no_main]

use countersign_fuzz::authorization;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| authorization::check(input));
