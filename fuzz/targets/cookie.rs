#![no_main]

use countersign_fuzz::cookie;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| cookie::check(input));
