//! What clients and broker say to each other.

mod call;
mod fields;
mod frame;
mod hello;
mod link;
mod request;

pub(super) use self::{
    call::{Call, GroupProperty, Outcome, QueueProperty, authentication, limits},
    frame::{Frame, FrameKind, MAX_CONTENT, Malformed},
    hello::{PROTOCOL, hello, version_of},
    link::{Frames, Outbox},
    request::{decode_body, decode_request, decode_response, encode_body, encode_request, encode_response},
};
