//! The tables of both sides, and what is said at the start and of each request.

use std::{ffi::c_void, net::IpAddr};

use super::{Field, Source, Str, Waker};

/// What a library exports: the application's functions.
///
/// The first three words are the same in every version. A function is called on any thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AppTable {
    /// The size of the table in bytes: no more of it is read.
    pub size: u32,
    /// The major version of the interface.
    pub major: u32,
    /// The minor version of the interface.
    pub minor: u32,
    pub(crate) reserved: u32,
    /// The version of falconry that the library was built with, for the log.
    pub(crate) build: Str,
    /// Starts the application, once, and waits until it takes requests.
    pub(crate) start: unsafe extern "C" fn(*const HostTable, *const StartOptions) -> i32,
    /// Hands a request over; writes the response to the last place.
    pub(crate) call: unsafe extern "C" fn(*const RequestHead, Source, *mut Source) -> i32,
    /// Asks the application to end.
    pub(crate) request_stop: unsafe extern "C" fn(),
    /// Ready when the application has ended.
    pub(crate) poll_end: unsafe extern "C" fn(*const Waker) -> i32,
    /// Ends the application: after so many milliseconds its requests are aborted.
    pub(crate) stop: unsafe extern "C" fn(u64) -> i32,
}

/// What the worker offers the application.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HostTable {
    /// The size of the table in bytes.
    pub size: u32,
    pub(crate) reserved: u32,
    pub(crate) context: *mut c_void,
    /// Writes a line to the log: level (1 error, 2 warning), text.
    pub(crate) log: unsafe extern "C" fn(*mut c_void, u32, Str),
}

// SAFETY: the worker promises that its functions may be called on any thread, with the context.
unsafe impl Send for HostTable {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}

/// What the worker says at the start.
#[repr(C)]
#[derive(Debug)]
pub struct StartOptions {
    /// The size of this in bytes.
    pub size: u32,
    pub(crate) addresses_len: u32,
    /// Where the worker listens, as URLs.
    pub(crate) addresses: *const Str,
}

/// A request without its body, borrowed for the time of the call.
#[repr(C)]
#[derive(Debug)]
pub struct RequestHead {
    /// The size of this in bytes.
    pub size: u32,
    /// What the worker can do for the request.
    pub(crate) flags: u32,
    /// 10, 11, 20 or 30.
    pub(crate) version: u32,
    pub(crate) reserved: u32,
    /// The length of the body in bytes; -1 if it is not known.
    pub(crate) content_length: i64,
    pub(crate) method: Str,
    pub(crate) target: Str,
    pub(crate) scheme: Str,
    pub(crate) connection_id: Str,
    pub(crate) identifier: Str,
    pub(crate) remote: Address,
    pub(crate) local: Address,
    pub(crate) fields: *const Field,
    pub(crate) fields_len: usize,
}

/// What the worker can do for a request.
pub(crate) mod flag {
    pub(crate) const CAN_UPGRADE: u32 = 1;
    pub(crate) const CAN_INFORM: u32 = 2;
    pub(crate) const CAN_RESET: u32 = 4;
    pub(crate) const CAN_SEND_TRAILERS: u32 = 8;
    pub(crate) const HAS_REQUEST_TRAILERS: u32 = 16;
}

/// One end of a connection.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Address {
    /// 4, 6, or 0 for none.
    family: u32,
    port: u32,
    octets: [u8; 16],
}

impl Address {
    #[cfg_attr(not(feature = "load"), allow(dead_code, reason = "the worker's side"))]
    pub(crate) fn new(ip: Option<IpAddr>, port: u16) -> Self {
        let mut octets = [0; 16];
        let family = match ip {
            None => 0,
            Some(IpAddr::V4(ip)) => {
                octets[..4].copy_from_slice(&ip.octets());
                4
            }
            Some(IpAddr::V6(ip)) => {
                octets = ip.octets();
                6
            }
        };
        Self { family, port: port.into(), octets }
    }

    pub(crate) fn ip(&self) -> Option<IpAddr> {
        let [a, b, c, d, ..] = self.octets;
        match self.family {
            4 => Some(IpAddr::from([a, b, c, d])),
            6 => Some(IpAddr::from(self.octets)),
            _ => None,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        u16::try_from(self.port).unwrap_or_default()
    }
}
