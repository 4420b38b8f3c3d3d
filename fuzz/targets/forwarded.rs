#![no_main]

use countersign_fuzz::forwarded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| forwarded::check(input));
