//! Servers of several processes on one portable driver: the broker, which owns the sockets, and its clients.
//!
//! They speak over a unix socket. A frame is its length (4 bytes, of what follows), its kind (1), a number (8) and its
//! content. Both sides begin with a hello that has the version of the protocol. Calls about sessions, groups and queues
//! are JSON and each gets a result; requests and their operations are binary, see [`wire`]. Nothing is sent that nobody
//! has asked for: a request comes for a receive, a piece of a body for a read, and of a response there is one send at a
//! time. What a process asks for waits while it does not read, and what it may have open is counted. So nobody's memory
//! grows with somebody else's pace.

mod accounts;
mod client;
mod daemon;
mod wire;

pub use self::{
    client::BrokerDriver,
    daemon::{Broker, BrokerOptions},
};
