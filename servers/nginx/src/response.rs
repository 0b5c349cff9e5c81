//! The head of a response as nginx takes it.

use falconry_features::{BodyFraming, ReasonPhrase};
use falconry_in_process::{HeadToSend, WriteOperation};
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE},
};

use crate::abi::{self, Field, Head, Host, RawRequest, Str};

/// Sends interim responses and the head, if the operation has them.
pub(crate) fn send_head(host: &Host, raw: RawRequest, version: Version, operation: &WriteOperation) -> i32 {
    for (status, headers) in operation.interim() {
        let fields = fields(headers);
        let head = Head {
            status: u32::from(status.as_u16()),
            flags: 0,
            content_length: abi::LENGTH_UNKNOWN,
            reason: Str::new(reason(*status, None).as_bytes()),
            fields: fields.as_ptr(),
            nfields: fields.len(),
        };
        // SAFETY: this is the thread of the loop, and the request has not been released.
        let result = unsafe { (host.send_interim)(raw, &raw const head) };
        if result != abi::OK {
            return result;
        }
    }
    let Some(to_send) = operation.head() else { return abi::OK };
    let connection = Connection::of(&to_send.head.headers);
    let other = connection.other.as_ref().filter(|_| version < Version::HTTP_2 && !to_send.is_upgrade);
    let mut sent: Vec<Field> = Vec::with_capacity(to_send.head.headers.len() + 1);
    for (name, value) in &to_send.head.headers {
        let is_sent = match *name {
            // nginx writes them itself.
            CONNECTION | CONTENT_LENGTH => false,
            TRANSFER_ENCODING => to_send.framing == BodyFraming::Application && version < Version::HTTP_2,
            UPGRADE => version < Version::HTTP_2,
            _ => true,
        };
        if is_sent {
            sent.push(field(name.as_str(), value));
        }
    }
    if let Some(other) = other {
        sent.push(field(CONNECTION.as_str(), other));
    }
    let reason = reason(to_send.head.status, to_send.head.reason.as_ref());
    let head = Head {
        status: u32::from(to_send.head.status.as_u16()),
        flags: flags(to_send, connection.is_close),
        content_length: content_length(to_send),
        reason: Str::new(reason.as_bytes()),
        fields: sent.as_ptr(),
        nfields: sent.len(),
    };
    // SAFETY: this is the thread of the loop, and the request has not been released.
    unsafe { (host.send_head)(raw, &raw const head) }
}

/// nginx has words of its own for some statuses, such as 405, and none for others.
fn reason(status: StatusCode, own: Option<&ReasonPhrase>) -> &str {
    match own {
        Some(own) => own.as_str(),
        None if status == StatusCode::OK => "",
        None => status.canonical_reason().unwrap_or_default(),
    }
}

/// Fields as the module takes them: good as long as `headers` are.
pub(crate) fn fields(headers: &HeaderMap) -> Vec<Field> {
    headers.iter().map(|(name, value)| field(name.as_str(), value)).collect()
}

fn field(name: &str, value: &HeaderValue) -> Field {
    Field { name: Str::new(name.as_bytes()), value: Str::new(value.as_bytes()) }
}

fn flags(to_send: &HeadToSend, is_close: bool) -> u32 {
    let mut flags = 0;
    if is_close {
        flags |= abi::HEAD_CLOSE;
    }
    if to_send.is_upgrade {
        flags |= abi::HEAD_UPGRADE;
    } else if to_send.framing == BodyFraming::None {
        flags |= abi::HEAD_NO_BODY;
    }
    if to_send.framing == BodyFraming::Application {
        flags |= abi::HEAD_FRAMED;
    }
    flags
}

fn content_length(to_send: &HeadToSend) -> i64 {
    let length = match to_send.framing {
        BodyFraming::Length(length) => Some(length),
        // That of the answer to HEAD, and of 304.
        BodyFraming::None => {
            to_send.head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
        }
        BodyFraming::Unknown | BodyFraming::Application => None,
    };
    length.and_then(|length: u64| i64::try_from(length).ok()).unwrap_or(abi::LENGTH_UNKNOWN)
}

/// What the application says of the connection.
struct Connection {
    is_close: bool,
    /// What is not for nginx to say.
    other: Option<HeaderValue>,
}

impl Connection {
    fn of(headers: &HeaderMap) -> Self {
        let mut is_close = false;
        let mut other = Vec::new();
        for value in headers.get_all(CONNECTION) {
            for option in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if option.eq_ignore_ascii_case(b"close") {
                    is_close = true;
                } else if !option.is_empty() && !option.eq_ignore_ascii_case(b"keep-alive") {
                    other.push(option);
                }
            }
        }
        let other =
            if other.is_empty() { None } else { HeaderValue::from_bytes(&other.join(&b", "[..])).ok() };
        Self { is_close, other }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::CONNECTION};

    use super::Connection;

    #[test]
    fn nginx_says_whether_the_connection_stays() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONNECTION, HeaderValue::from_static(value));
            }
            let connection = Connection::of(&headers);
            (connection.is_close, connection.other.map(|other| other.to_str().unwrap().to_owned()))
        };
        assert_eq!(of(&[]), (false, None));
        assert_eq!(of(&["keep-alive"]), (false, None));
        assert_eq!(of(&["Close"]), (true, None));
        assert_eq!(of(&["upgrade, close", "x-hop"]), (true, Some("upgrade, x-hop".to_owned())));
    }
}
