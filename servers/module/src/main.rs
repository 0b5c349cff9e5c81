//! `falconry-module`.

fn main() {}
