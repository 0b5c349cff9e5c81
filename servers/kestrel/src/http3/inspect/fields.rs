//! The rules for the fields of a message (RFC 9114 sections 4.2 and 4.3).

use super::qpack::Line;

/// Why a message is malformed.
pub(super) type Malformed = &'static str;

/// What the fields of a request say of the message itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) content_length: Option<u64>,
    /// A CONNECT that makes the stream a tunnel: of bytes to somewhere else, or of a protocol.
    pub(super) is_connect: bool,
    /// The protocol of an extended CONNECT (RFC 9220).
    pub(super) protocol: Option<String>,
}

/// Checks the fields of a request.
pub(super) fn check_request(lines: &[Line<'_>]) -> Result<Checked, Malformed> {
    let pseudo = Pseudo::read(lines)?;
    let mut host = None;
    let mut checked = Checked::default();
    for (name, value) in lines.iter().filter(|(name, _)| !is_pseudo(name)) {
        check_field(name, value)?;
        match &**name {
            b"content-length" if checked.content_length.is_some() => {
                return Err("there is more than one Content-Length field");
            }
            b"content-length" => checked.content_length = Some(length(value)?),
            b"host" if host.is_some() => return Err("there is more than one Host field"),
            b"host" => host = Some(&**value),
            _ => {}
        }
    }
    pseudo.check(host)?;
    checked.is_connect = pseudo.method == Some(b"CONNECT");
    checked.protocol = pseudo.protocol.map(|protocol| String::from_utf8_lossy(protocol).into_owned());
    Ok(checked)
}

/// Checks the fields after a body.
pub(super) fn check_trailers(lines: &[Line<'_>]) -> Result<(), Malformed> {
    for (name, value) in lines {
        if is_pseudo(name) {
            return Err("there is a pseudo field in the trailers");
        }
        check_field(name, value)?;
    }
    Ok(())
}

/// Section 4.3.1.
#[derive(Default)]
struct Pseudo<'a> {
    method: Option<&'a [u8]>,
    scheme: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
}

impl<'a> Pseudo<'a> {
    fn read(lines: &'a [Line<'_>]) -> Result<Self, Malformed> {
        let mut pseudo = Self::default();
        let mut are_over = false;
        for (name, value) in lines {
            if !is_pseudo(name) {
                are_over = true;
                continue;
            }
            if are_over {
                return Err("a pseudo field comes after other fields");
            }
            let place = match &**name {
                b":method" => &mut pseudo.method,
                b":scheme" => &mut pseudo.scheme,
                b":authority" => &mut pseudo.authority,
                b":path" => &mut pseudo.path,
                b":protocol" => &mut pseudo.protocol,
                b":status" => return Err("a request has :status"),
                _ => return Err("there is an unknown pseudo field"),
            };
            if place.replace(value).is_some() {
                return Err("a pseudo field comes twice");
            }
        }
        Ok(pseudo)
    }

    fn check(&self, host: Option<&[u8]>) -> Result<(), Malformed> {
        let method = self.method.ok_or("there is no :method")?;
        if let Some(protocol) = self.protocol {
            // RFC 8441 section 4, which RFC 9220 takes over.
            if method != b"CONNECT" {
                return Err("only CONNECT has :protocol");
            }
            if protocol.is_empty() || !protocol.iter().all(|byte| is_token(*byte)) {
                return Err(":protocol is no name of a protocol");
            }
        } else if method == b"CONNECT" {
            // Section 4.4.
            if self.scheme.is_some() || self.path.is_some() {
                return Err("CONNECT has :scheme or :path");
            }
            return self.authority.map(|_| ()).ok_or("CONNECT has no :authority");
        }
        self.scheme.ok_or("there is no :scheme")?;
        let path = self.path.ok_or("there is no :path")?;
        let is_asterisk = path == b"*" && method == b"OPTIONS";
        if !is_asterisk && !path.starts_with(b"/") {
            return Err(":path is no path");
        }
        match (self.authority, host) {
            (None, None) => Err("there is neither :authority nor Host"),
            (Some([]), _) | (None, Some([])) => Err("the authority is empty"),
            (Some(authority), Some(host)) if authority != host => {
                Err("Host and :authority name different hosts")
            }
            _ => Ok(()),
        }
    }
}

fn check_field(name: &[u8], value: &[u8]) -> Result<(), Malformed> {
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte) && !byte.is_ascii_uppercase()) {
        return Err("the name of a field is not one, or not in lower case");
    }
    // Section 10.3, and RFC 9110 section 5.5.
    if value.iter().any(|byte| matches!(byte, 0..=0x08 | 0x0a..=0x1f | 0x7f)) {
        return Err("a field value has a control character");
    }
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if is_space(value.first()) || is_space(value.last()) {
        return Err("a field value begins or ends with white space");
    }
    match name {
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
            Err("there is a field that belongs to a connection of HTTP/1")
        }
        b"te" if !value.eq_ignore_ascii_case(b"trailers") => Err("TE asks for more than trailers"),
        _ => Ok(()),
    }
}

/// RFC 9110 section 8.6.
fn length(value: &[u8]) -> Result<u64, Malformed> {
    const MALFORMED: Malformed = "Content-Length is no number";
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(MALFORMED);
    }
    std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()).ok_or(MALFORMED)
}

fn is_pseudo(name: &[u8]) -> bool {
    name.starts_with(b":")
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
