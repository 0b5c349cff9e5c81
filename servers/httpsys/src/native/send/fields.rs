//! The fields of a response: known ones by their number, others by name.

use falconry_httpapi::RESPONSE_FIELDS;
use http::{HeaderMap, HeaderName, HeaderValue};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_KNOWN_HEADER, HTTP_MULTIPLE_KNOWN_HEADERS, HTTP_RESPONSE_INFO_FLAGS_PRESERVE_ORDER,
    HTTP_UNKNOWN_HEADER,
};

use super::length;
use crate::driver::Win32Error;

const KNOWN_COUNT: usize = RESPONSE_FIELDS.len();

/// The lists that a native response points to. They point into the [`HeaderMap`] in turn.
pub(super) struct NativeFields {
    pub(super) known: [HTTP_KNOWN_HEADER; KNOWN_COUNT],
    pub(super) unknown: Box<[HTTP_UNKNOWN_HEADER]>,
    /// Known ones that occur several times.
    pub(super) multiple: Box<[HTTP_MULTIPLE_KNOWN_HEADERS]>,
    _values: Vec<Box<[HTTP_KNOWN_HEADER]>>,
}

impl NativeFields {
    pub(super) fn new(headers: &HeaderMap, can_have_multiple: bool) -> Result<Self, Win32Error> {
        let mut known = [HTTP_KNOWN_HEADER::default(); KNOWN_COUNT];
        let (mut unknown, mut multiple, mut all_values) = (Vec::new(), Vec::new(), Vec::new());
        for name in headers.keys() {
            let values = headers.get_all(name);
            let id = RESPONSE_FIELDS.iter().position(|known| known == name);
            let is_multiple = values.iter().nth(1).is_some();
            match id.and_then(|id| Some((id, known.get_mut(id)?))) {
                Some((_, known)) if !is_multiple => {
                    *known = values.iter().next().map(known_header).transpose()?.unwrap_or_default();
                }
                Some((id, _)) if can_have_multiple => {
                    let values = values.iter().map(known_header).collect::<Result<Box<[_]>, _>>()?;
                    multiple.push(HTTP_MULTIPLE_KNOWN_HEADERS {
                        HeaderId: id as i32,
                        Flags: HTTP_RESPONSE_INFO_FLAGS_PRESERVE_ORDER,
                        KnownHeaderCount: length(values.len())?,
                        KnownHeaders: values.as_ptr().cast_mut(),
                    });
                    all_values.push(values);
                }
                _ => {
                    for value in values {
                        unknown.push(unknown_header(name, value)?);
                    }
                }
            }
        }
        Ok(Self {
            known,
            unknown: unknown.into_boxed_slice(),
            multiple: multiple.into_boxed_slice(),
            _values: all_values,
        })
    }
}

fn known_header(value: &HeaderValue) -> Result<HTTP_KNOWN_HEADER, Win32Error> {
    Ok(HTTP_KNOWN_HEADER { RawValueLength: length(value.len())?, pRawValue: value.as_bytes().as_ptr() })
}

pub(super) fn unknown_header(
    name: &HeaderName,
    value: &HeaderValue,
) -> Result<HTTP_UNKNOWN_HEADER, Win32Error> {
    Ok(HTTP_UNKNOWN_HEADER {
        NameLength: length(name.as_str().len())?,
        RawValueLength: length(value.len())?,
        pName: name.as_str().as_ptr(),
        pRawValue: value.as_bytes().as_ptr(),
    })
}
