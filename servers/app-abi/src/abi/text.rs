//! Texts and fields, borrowed.

use bytes::{BufMut, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Bytes of the other side, borrowed for the time of a call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Str {
    data: *const u8,
    len: usize,
}

/// A field: name and value.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name, in lower case.
    pub name: Str,
    /// The value.
    pub value: Str,
}

// SAFETY: only a description of bytes; who reads them promises that they are there.
unsafe impl Send for Str {}
// SAFETY: as above.
unsafe impl Sync for Str {}

impl Str {
    /// Describes these bytes.
    pub const fn new(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// The bytes.
    ///
    /// # Safety
    /// They are there for `'a`.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as the caller promises; nothing needs no memory.
        unsafe { slice(self.data, self.len) }
    }
}

/// A slice as C has it: nothing may be a null pointer.
///
/// # Safety
/// `len` values are at `data` for `'a`.
pub(crate) unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if len == 0 || data.is_null() {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// Describes fields, good as long as `headers` are.
pub(crate) fn fields(headers: &HeaderMap) -> Vec<Field> {
    let field = |(name, value): (&HeaderName, &HeaderValue)| Field {
        name: Str::new(name.as_str().as_bytes()),
        value: Str::new(value.as_bytes()),
    };
    headers.iter().map(field).collect()
}

/// Copies fields, whose values then share one allocation; `None` if one is none.
///
/// # Safety
/// What the fields point to is there.
pub(crate) unsafe fn headers(fields: &[Field]) -> Option<HeaderMap> {
    // SAFETY: as the caller promises.
    let pairs = || fields.iter().map(|field| unsafe { (field.name.bytes(), field.value.bytes()) });
    let mut values = BytesMut::with_capacity(pairs().map(|(_, value)| value.len()).sum());
    pairs().for_each(|(_, value)| values.put_slice(value));
    let mut values = values.freeze();
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, value) in pairs() {
        let name = HeaderName::from_bytes(name).ok()?;
        headers.append(name, HeaderValue::from_maybe_shared(values.split_to(value.len())).ok()?);
    }
    Some(headers)
}
