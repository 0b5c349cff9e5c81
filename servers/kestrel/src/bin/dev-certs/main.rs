//! Makes, checks and removes the development certificate.

fn main() {}
