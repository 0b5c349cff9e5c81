//! Comparisons with peers; see `cargo xtask bench`.
