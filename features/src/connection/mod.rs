//! Features of the connection.

mod endpoint;

pub use self::endpoint::{HttpConnectionFeature, PlainConnection};
