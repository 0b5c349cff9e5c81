//! Which responses the driver may keep.

use std::time::SystemTime;

use falconry_features::ResponseHead;
use http::{
    HeaderMap, StatusCode,
    header::{CACHE_CONTROL, EXPIRES, PRAGMA, SET_COOKIE, VARY},
};

use crate::driver::CachePolicy;

/// What a response says about how long it is fresh: `Cache-Control` with `public` and `max-age` or `s-maxage`, or with
/// `public` and an `Expires` to come. Responses that depend on who asks are not kept.
pub(super) fn policy(status: StatusCode, headers: &HeaderMap) -> CachePolicy {
    match time_to_live(status, headers) {
        Some(seconds) if seconds > 0 => CachePolicy::TimeToLive(seconds.min(i32::MAX.unsigned_abs())),
        _ => CachePolicy::NoCache,
    }
}

/// True if a response may be kept for a while.
pub(crate) fn may_be_kept(head: &ResponseHead) -> bool {
    !head.headers.is_empty() && policy(head.status, &head.headers) != CachePolicy::NoCache
}

fn time_to_live(status: StatusCode, headers: &HeaderMap) -> Option<u32> {
    // Most responses say nothing.
    if !headers.contains_key(CACHE_CONTROL) || status == StatusCode::NOT_MODIFIED {
        return None;
    }
    if [SET_COOKIE, VARY, PRAGMA].iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let (mut is_public, mut max_age, mut shared_max_age) = (false, None, None);
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().ok()?.split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || value.trim().trim_matches('"').parse::<u64>().ok().map(clamp);
            match name.trim().to_ascii_lowercase().as_str() {
                "public" => is_public = true,
                "max-age" => max_age = seconds(),
                "s-maxage" => shared_max_age = seconds(),
                _ => {}
            }
        }
    }
    if !is_public {
        return None;
    }
    shared_max_age.or(max_age).or_else(|| {
        let expires = httpdate::parse_http_date(headers.get(EXPIRES)?.to_str().ok()?).ok()?;
        expires.duration_since(SystemTime::now()).ok().map(|left| clamp(left.as_secs()))
    })
}

fn clamp(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderName, HeaderValue};

    use super::*;

    fn policy_of(status: u16, fields: &[(&'static str, &str)]) -> CachePolicy {
        let fields = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        policy(StatusCode::from_u16(status).unwrap(), &fields.collect())
    }

    #[test]
    fn a_public_response_with_an_age_may_be_kept() {
        assert_eq!(policy_of(200, &[("cache-control", "public, max-age=10")]), CachePolicy::TimeToLive(10));
        let both = [("cache-control", "Public, max-age=10, s-maxage=\"20\"")];
        assert_eq!(policy_of(404, &both), CachePolicy::TimeToLive(20));
        let long = [("cache-control", "public,max-age=99999999999")];
        assert_eq!(policy_of(200, &long), CachePolicy::TimeToLive(2_147_483_647));
    }

    #[test]
    fn an_expiry_to_come_is_an_age() {
        let at = |time| httpdate::fmt_http_date(time);
        let later = at(SystemTime::now() + Duration::from_secs(100));
        let fields = [("cache-control", "public"), ("expires", later.as_str())];
        assert!(matches!(policy_of(200, &fields), CachePolicy::TimeToLive(90..=100)));
        let before = at(SystemTime::now() - Duration::from_secs(100));
        let fields = [("cache-control", "public"), ("expires", before.as_str())];
        assert_eq!(policy_of(200, &fields), CachePolicy::NoCache);
    }

    #[test]
    fn what_depends_on_who_asks_is_not_kept() {
        let no = CachePolicy::NoCache;
        assert_eq!(policy_of(200, &[]), no);
        assert_eq!(policy_of(200, &[("cache-control", "max-age=10")]), no);
        assert_eq!(policy_of(200, &[("cache-control", "public")]), no);
        assert_eq!(policy_of(200, &[("cache-control", "public, max-age=0")]), no);
        assert_eq!(policy_of(304, &[("cache-control", "public, max-age=10")]), no);
        for name in ["set-cookie", "vary", "pragma"] {
            assert_eq!(policy_of(200, &[("cache-control", "public, max-age=10"), (name, "x")]), no, "{name}");
        }
    }
}
