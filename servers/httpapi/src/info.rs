//! Further information (`HTTP_REQUEST_INFO`).

use std::collections::BTreeMap;

use bytes::Bytes;
use windows_sys::Win32::Networking::HttpServer::{HTTP_REQUEST_INFO, HTTP_REQUEST_V2};

use crate::memory::{bytes, list};

/// All pieces, as the native structures are laid out, by their type.
///
/// # Safety
/// Pointers and lengths fit together, and nobody writes there.
pub(crate) unsafe fn read(native: &HTTP_REQUEST_V2) -> BTreeMap<u32, Bytes> {
    // SAFETY: as the caller says.
    let infos = unsafe { list(native.pRequestInfo, native.RequestInfoCount) };
    let content = |info: &HTTP_REQUEST_INFO| {
        let length = usize::try_from(info.InfoLength).unwrap_or(0);
        // SAFETY: as the caller says.
        Bytes::copy_from_slice(unsafe { bytes(info.pInfo.cast(), length) })
    };
    infos.iter().map(|info| (info.InfoType.unsigned_abs(), content(info))).collect()
}

/// The times of an `HTTP_REQUEST_TIMING_INFO`: a count, then 64-bit times. Older systems write fewer.
pub(crate) fn timestamps(info: &[u8]) -> Vec<i64> {
    let (Some(count), Some(times)) = (info.first_chunk(), info.get(8..)) else { return Vec::new() };
    let count = u32::from_ne_bytes(*count) as usize;
    let times = times.chunks_exact(8).take(count).filter_map(|time| time.try_into().ok());
    times.map(|time| i64::try_from(u64::from_ne_bytes(time)).unwrap_or(i64::MAX)).collect()
}

/// How many ticks of the times of a request are a second: those of the performance counter.
#[cfg(windows)]
pub fn ticks_per_second() -> u64 {
    let mut frequency = 0;
    // SAFETY: the number is written before the function returns.
    unsafe { windows_sys::Win32::System::Performance::QueryPerformanceFrequency(&raw mut frequency) };
    frequency.unsigned_abs()
}

/// How many ticks of the times of a request are a second. HTTP.sys is where Windows is; elsewhere only tests come by.
#[cfg(not(windows))]
pub fn ticks_per_second() -> u64 {
    10_000_000
}

#[cfg(test)]
mod tests {
    use super::timestamps;

    #[test]
    fn no_more_times_are_read_than_are_there() {
        let mut info = 9_u64.to_ne_bytes().to_vec();
        info.extend([7_u64, 8, u64::MAX].into_iter().flat_map(u64::to_ne_bytes));
        assert_eq!(timestamps(&info), [7, 8, i64::MAX]);
        info[0] = 1;
        assert_eq!(timestamps(&info), [7]);
        assert_eq!(timestamps(&[1, 0]), [0_i64; 0]);
    }
}
