//! HTTP/1.1 and HTTP/1.0.
//!
//! The task of a [`connection`] owns the socket. What arrives goes through the [`inspect`]or, which refuses what is
//! not in order; the application runs in the same task; its answer is put into its framing by [`encode`].

mod body;
mod connection;
mod encode;
mod fields;
mod input;
mod inspect;
mod linger;
mod link;
mod target;
#[cfg(test)]
mod tests;
mod upgraded;
mod waits;
mod write_buffer;

#[cfg(feature = "tls")]
pub(crate) use self::connection::serve;
pub(crate) use self::{
    connection::serve_read,
    fields::read_fields,
    inspect::{Head, Rejection, is_authority, is_connect_authority, is_same_authority, is_valid_host},
    linger::linger,
    link::Http1Link,
    waits::DataWait,
};
