//! The HTTP/3 inspectors: see `servers/kestrel/src/http3/exercise.rs` for what must hold.

#![no_main]
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;

#[path = "../../servers/kestrel/src/huffman.rs"]
mod huffman;

// The path makes those inside it start from this file's folder.
#[path = "."]
mod http3 {
    #[path = "../../servers/kestrel/src/http3/exercise.rs"]
    pub(crate) mod exercise;
    #[path = "../../servers/kestrel/src/http3/inspect/mod.rs"]
    pub(crate) mod inspect;

    pub(crate) mod web_transport {
        pub(crate) const ENABLED: bool = true;
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, input)) = data.split_first() else { return };
    http3::exercise::check(input, usize::from(*cut));
});
