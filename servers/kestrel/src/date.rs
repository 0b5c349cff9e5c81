//! The Date field, made once per second.

use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;

/// The present date (RFC 9110 section 6.6.1).
pub(crate) fn now() -> HeaderValue {
    thread_local! {
        static LAST: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static(""))) };
    }
    let time = SystemTime::now();
    let second = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    LAST.with_borrow_mut(|(made, value)| {
        if *made != second {
            *made = second;
            *value = HeaderValue::try_from(httpdate::fmt_http_date(time))
                .unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"));
        }
        value.clone()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_date_is_the_present_one() {
        let before = std::time::SystemTime::now() - std::time::Duration::from_secs(2);
        let date = httpdate::parse_http_date(super::now().to_str().unwrap()).unwrap();
        assert!(date > before);
        assert!(date <= std::time::SystemTime::now());
    }
}
