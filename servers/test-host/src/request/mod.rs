//! From what the client sends to what the application sees.

mod body;
mod message;
mod outgoing;
mod path;
mod target;

pub(crate) use self::{
    body::{BodyState, IncomingBody},
    message::{Message, message},
    outgoing::{OnInterim, Outgoing},
    path::decode_path,
    target::host_of,
};
