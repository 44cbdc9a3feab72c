//! Feeds the decoder that `DECODER` names what libFuzzer finds.

#![no_main]

use std::sync::OnceLock;

static DECODER: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let decode = DECODER.get_or_init(|| decoders::decoder(&std::env::var("DECODER").expect("DECODER names a decoder")));
    decode(bytes);
});
