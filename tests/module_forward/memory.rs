//! 300 MB through the module and back, in bounded memory: alone, as the memory is that of the whole process.

mod front;
#[path = "../kestrel/memory.rs"]
mod large;
mod support;
