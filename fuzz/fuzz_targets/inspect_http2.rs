//! The HTTP/2 inspector: see `servers/kestrel/src/http2/exercise.rs` for what must hold.

#![no_main]
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;

#[path = "../../servers/kestrel/src/huffman.rs"]
mod huffman;

// The path makes those inside it start from this file's folder.
#[path = "."]
mod http2 {
    #[path = "../../servers/kestrel/src/http2/exercise.rs"]
    pub(crate) mod exercise;
    #[path = "../../servers/kestrel/src/http2/inspect/mod.rs"]
    pub(crate) mod inspect;
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, input)) = data.split_first() else { return };
    http2::exercise::check(input, usize::from(*cut));
    // Few inputs begin as connections do.
    let begun = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", input].concat();
    http2::exercise::check(&begun, usize::from(*cut));
});
