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

#[cfg(feature = "tls")]
pub(crate) use self::connection::serve;
use self::link::HeadNote;
pub(crate) use self::{
    connection::serve_read,
    inspect::{Rejection, is_authority, is_connect_authority, is_same_authority, is_valid_host},
    linger::linger,
    link::Http1Link,
    target::{decode_path, split_target},
    waits::DataWait,
};
