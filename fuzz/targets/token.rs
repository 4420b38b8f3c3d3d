#![no_main]

use countersign_fuzz::token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| token::check(input));
