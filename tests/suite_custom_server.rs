//! The conformance suite over the example of a custom server.

fn main() {}
