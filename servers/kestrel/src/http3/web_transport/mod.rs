//! WebTransport over HTTP/3 (draft-ietf-webtrans-http3-02, the one that the original and browsers speak): an extended
//! CONNECT whose stream stands for a session, and streams beside it that name the session in their first bytes.
//!
//! Only with the Cargo feature `unstable`. There are no datagrams: what clients send of them is dropped.

mod capsule;
mod feature;
mod session;
mod sessions;
mod stream;

pub(super) use self::{
    feature::WebTransport,
    sessions::{Arrived, Sessions},
};

/// False without the Cargo feature: then clients are told that there is no WebTransport, and its streams are unknown.
pub(super) const ENABLED: bool = cfg!(feature = "unstable");

/// The value of `:protocol`.
pub(super) const PROTOCOL: &str = "webtransport";

/// What is buffered of datagrams, in bytes. Clients must be told that they may send some, and nobody reads them.
pub(super) const DATAGRAM_BUFFER: usize = 64 * 1024;

/// The type of a stream of one direction.
pub(super) const UNI_STREAM: u64 = 0x54;

/// What a session or a stream ends with.
mod code {
    use quinn::VarInt;

    /// The stream came ahead of its session, and too many did.
    pub(super) const BUFFERED_STREAM_REJECTED: VarInt = VarInt::from_u32(0x3994_bd84);
    /// The session of the stream has ended.
    pub(super) const SESSION_GONE: VarInt = VarInt::from_u32(0x170d_7b68);

    /// Code 0 of an application, which are numbers of their own.
    pub(super) fn none() -> VarInt {
        VarInt::from_u64(0x52e4_a40f_a8db).unwrap_or(VarInt::MAX)
    }
}
