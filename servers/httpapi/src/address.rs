//! Addresses of both ends.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6};

use crate::memory::one;

/// An address of IP.
///
/// # Safety
/// Null, or a `SOCKADDR` that is as long as its family says, where nobody writes.
pub(crate) unsafe fn read(address: *const SOCKADDR) -> Option<SocketAddr> {
    // It begins with the family.
    // SAFETY: as the caller says; here and below.
    match unsafe { one(address.cast()) }? {
        AF_INET => {
            // SAFETY: as above.
            let address = unsafe { address.cast::<SOCKADDR_IN>().read_unaligned() };
            // SAFETY: any bytes are such an address.
            let ip = unsafe { address.sin_addr.S_un.S_addr };
            Some((Ipv4Addr::from(ip.to_ne_bytes()), u16::from_be(address.sin_port)).into())
        }
        AF_INET6 => {
            // SAFETY: as above.
            let address = unsafe { address.cast::<SOCKADDR_IN6>().read_unaligned() };
            // SAFETY: any bytes are such an address, and any number a scope.
            let (ip, scope) = unsafe { (address.sin6_addr.u.Byte, address.Anonymous.sin6_scope_id) };
            let port = u16::from_be(address.sin6_port);
            Some(SocketAddrV6::new(Ipv6Addr::from(ip), port, address.sin6_flowinfo, scope).into())
        }
        _ => None,
    }
}
