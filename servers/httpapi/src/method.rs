//! The methods that go by a number.

use windows_sys::Win32::Networking::HttpServer::{HTTP_VERB, HttpVerbOPTIONS};

/// By `HTTP_VERB`, from [`HttpVerbOPTIONS`] on.
const VERBS: [&str; 17] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "CONNECT",
    "TRACK",
    "MOVE",
    "COPY",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "LOCK",
    "UNLOCK",
    "SEARCH",
];

/// The method with this number; `None` if it has none, and stands as text.
pub(crate) fn by_number(verb: HTTP_VERB) -> Option<&'static str> {
    verb.checked_sub(HttpVerbOPTIONS)
        .and_then(|verb| usize::try_from(verb).ok())
        .and_then(|verb| VERBS.get(verb).copied())
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Networking::HttpServer::{
        HttpVerbCONNECT, HttpVerbGET, HttpVerbInvalid, HttpVerbMaximum, HttpVerbOPTIONS, HttpVerbPUT,
        HttpVerbSEARCH, HttpVerbUnknown, HttpVerbUnparsed,
    };

    use super::by_number;

    #[test]
    fn every_method_that_has_a_number_is_known_by_it() {
        for (verb, name) in [
            (HttpVerbOPTIONS, "OPTIONS"),
            (HttpVerbGET, "GET"),
            (HttpVerbPUT, "PUT"),
            (HttpVerbCONNECT, "CONNECT"),
            (HttpVerbSEARCH, "SEARCH"),
        ] {
            assert_eq!(by_number(verb), Some(name));
        }
        for verb in [HttpVerbUnparsed, HttpVerbUnknown, HttpVerbInvalid, HttpVerbMaximum, i32::MIN] {
            assert_eq!(by_number(verb), None, "{verb}");
        }
    }
}
