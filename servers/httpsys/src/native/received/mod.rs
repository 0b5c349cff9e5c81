//! From `HTTP_REQUEST_V2`, full of pointers, to [`DriverRequest`].

pub(super) mod user;

use falconry_httpapi::{HttpRequest, ticks_per_second};
use http::header::HOST;
use windows_sys::Win32::Networking::HttpServer::HTTP_REQUEST_V2;

use super::buffer::Buffer;
use crate::driver::{DriverRequest, TlsInfo};

/// The id of a request, of which the beginning is enough.
///
/// # Safety
/// The kernel has written a request into the buffer, or the beginning of one, and does not write any more.
pub(super) unsafe fn request_id(buffer: &Buffer) -> u64 {
    // SAFETY: the buffer is as large as the structure at least, and aligned for it.
    unsafe { (*buffer.as_ptr::<HTTP_REQUEST_V2>()).Base.RequestId }
}

/// The id, and the request unless it has what HTTP does not allow.
///
/// # Safety
/// The kernel has written a whole request into the buffer and does not write any more.
pub(super) unsafe fn read(buffer: &Buffer) -> (u64, Option<DriverRequest>) {
    // SAFETY: as above; and the pointers of a request point into its buffer.
    let native = unsafe { HttpRequest::new(&*buffer.as_ptr::<HTTP_REQUEST_V2>()) };
    (native.request_id(), request(&native))
}

pub(super) fn request(native: &HttpRequest<'_>) -> Option<DriverRequest> {
    let headers = native.headers()?;
    let host = native.cooked_host();
    let is_as_in_field = headers.get(HOST).is_some_and(|field| field.as_bytes() == host.as_bytes());
    let tls = native.tls();
    let mut request = DriverRequest {
        request_id: native.request_id(),
        connection_id: native.connection_id(),
        raw_connection_id: native.raw_connection_id(),
        url_context: native.url_context(),
        verb: native.method()?,
        version: native.version(),
        raw_url: String::from_utf8_lossy(native.raw_url()).into_owned(),
        is_https: tls.is_some(),
        cooked_host: (!host.is_empty() && !is_as_in_field).then(|| host.into_boxed_str()),
        headers,
        local_address: native.local_address(),
        remote_address: native.remote_address(),
        tls: tls.map(|tls| {
            let info = TlsInfo {
                protocol: tls.protocol,
                client_certificate: tls.client_certificate,
                ..TlsInfo::default()
            };
            info.into()
        }),
        user: user::read(native),
        has_body: native.has_more_body(),
        info: native.infos(),
        ..DriverRequest::default()
    };
    let times = native.timestamps();
    if !times.is_empty() {
        request.timestamps.iter_mut().zip(times).for_each(|(to, from)| *to = from);
        request.frequency = ticks_per_second();
    }
    Some(request)
}
