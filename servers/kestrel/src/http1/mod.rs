//! HTTP/1.1 and HTTP/1.0.

mod connection;
mod guard;
mod input;
mod inspect;
mod io;
mod linger;
mod link;
mod outgoing;
mod service;
mod target;
#[cfg(test)]
mod tests;
mod upgraded;
mod waits;

use self::link::HeadNote;
pub(crate) use self::{
    connection::serve,
    inspect::Rejection,
    link::Http1Link,
    target::{decode_path, split_target},
};
