//! falconry
