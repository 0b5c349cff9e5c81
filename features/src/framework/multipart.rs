//! `multipart/form-data` (RFC 7578) in a body that has been read.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_DISPOSITION};

use super::{
    Form, FormFile, FormOptions,
    form::{bad_form, check_field},
};
use crate::BadHttpRequestError;

/// Takes the parts between the boundaries out of `body`, without a copy of the files.
pub(super) fn parse(body: Bytes, boundary: &str, options: &FormOptions) -> Result<Form, BadHttpRequestError> {
    if boundary.len() > options.multipart_boundary_length_limit {
        return Err(bad_form(format!(
            "a boundary of more than {} bytes",
            options.multipart_boundary_length_limit
        )));
    }
    let delimiter = format!("\r\n--{boundary}");
    let mut form = Form::default();
    let mut parts = Parts { body: &body, delimiter: delimiter.as_bytes(), position: 0 };
    parts.skip_preamble()?;
    while let Some((start, end)) = parts.next_part()? {
        if form.fields.len() + form.files.len() == options.value_count_limit {
            return Err(bad_form(format!("more than {} fields", options.value_count_limit)));
        }
        add_part(&mut form, &body.slice(start..end), options)?;
    }
    Ok(form)
}

/// Walks from delimiter to delimiter.
struct Parts<'a> {
    body: &'a [u8],
    delimiter: &'a [u8],
    position: usize,
}

impl Parts<'_> {
    /// What stands before the first delimiter means nothing. That one needs no line end before it.
    fn skip_preamble(&mut self) -> Result<(), BadHttpRequestError> {
        self.position = if self.body.starts_with(&self.delimiter[2..]) {
            self.delimiter.len() - 2
        } else {
            self.find_delimiter()? + self.delimiter.len()
        };
        Ok(())
    }

    /// Where the next part begins and ends; `None` after the last.
    fn next_part(&mut self) -> Result<Option<(usize, usize)>, BadHttpRequestError> {
        let rest = &self.body[self.position..];
        if rest.starts_with(b"--") {
            return Ok(None);
        }
        let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if !rest[padding..].starts_with(b"\r\n") {
            return Err(bad_form("something stands after a boundary"));
        }
        // The line end stays with the part: an empty head and body meet the next delimiter with it.
        self.position += padding;
        let (start, end) = (self.position, self.find_delimiter()?);
        self.position = end + self.delimiter.len();
        Ok(Some((start, end)))
    }

    fn find_delimiter(&self) -> Result<usize, BadHttpRequestError> {
        find(&self.body[self.position..], self.delimiter)
            .map(|index| self.position + index)
            .ok_or_else(|| bad_form("it ends within a part"))
    }
}

/// `part` begins with the line end of its boundary.
fn add_part(form: &mut Form, part: &Bytes, options: &FormOptions) -> Result<(), BadHttpRequestError> {
    let head_end = find(part, b"\r\n\r\n").ok_or_else(|| bad_form("a part has no end of its head"))?;
    let headers = parse_head(part.get(2..head_end).unwrap_or_default(), options)?;
    let data = part.slice(head_end + 4..);
    let disposition = headers.get(CONTENT_DISPOSITION).map(HeaderValue::as_bytes).unwrap_or_default();
    let disposition = String::from_utf8_lossy(disposition);
    let name = parameter(&disposition, "name").ok_or_else(|| bad_form("a part has no name"))?;
    match parameter(&disposition, "filename") {
        Some(file_name) => {
            check_field(&name, 0, options)?;
            form.files.push(FormFile { name, file_name, headers, data });
        }
        None => {
            check_field(&name, data.len(), options)?;
            form.fields.append(name, String::from_utf8_lossy(&data));
        }
    }
    Ok(())
}

fn parse_head(head: &[u8], options: &FormOptions) -> Result<HeaderMap, BadHttpRequestError> {
    if head.len() > options.multipart_headers_length_limit {
        return Err(bad_form("the head of a part is too long"));
    }
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.ok_or_else(|| bad_form("a part's field has no colon"))?);
        let name = HeaderName::from_bytes(name).map_err(|_| bad_form("a part's field has a bad name"))?;
        let value = HeaderValue::from_bytes(value[1..].trim_ascii())
            .map_err(|_| bad_form("a part's field has a bad value"))?;
        headers.append(name, value);
        if headers.len() > options.multipart_headers_count_limit {
            return Err(bad_form("the head of a part has too many fields"));
        }
    }
    Ok(headers)
}

/// A parameter of `Content-Disposition`. Browsers quote it and write a quote within as `%22`, others
/// as `\"` (RFC 7578 section 2, RFC 9110 section 5.6.4).
fn parameter(disposition: &str, name: &str) -> Option<String> {
    let mut rest = disposition;
    loop {
        rest = rest.split_once(';')?.1.trim_start();
        let (known, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim_end().to_owned(), &value[end..])
            }
        };
        if known.trim_end().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[index + 1..]),
            // A lone backslash is a path of an old browser and stays.
            '\\' if quoted[index + 1..].starts_with(['"', '\\']) => {
                value.extend(characters.next().map(|(_, escaped)| escaped));
            }
            _ => value.push(character),
        }
    }
    (value, "")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, _) = needle.split_first()?;
    let mut start = 0;
    while let Some(offset) = haystack.get(start..)?.iter().position(|byte| *byte == first) {
        if haystack[start + offset..].starts_with(needle) {
            return Some(start + offset);
        }
        start += offset + 1;
    }
    None
}
