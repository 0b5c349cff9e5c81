//! Responses that the driver gives again without asking anybody.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use falconry_features::ResponseHead;
use http::{
    HeaderMap, Method, StatusCode,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, HOST, IF_MATCH, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, PRAGMA, RANGE,
    },
};

use super::{answer::Answer, lock};
use crate::{
    UrlPrefix,
    driver::{CachePolicy, DataChunk, SendFlags, SendResponse},
};

/// The longest body that is kept, in bytes (`UriMaxUriBytes` of HTTP.sys).
const MAX_BODY: usize = 256 * 1024;
/// How much all bodies may take, in bytes.
const MAX_TOTAL: usize = 64 * 1024 * 1024;

/// The cache of a driver.
#[derive(Default)]
pub(super) struct ResponseCache {
    /// Most servers never cache: they save the lock.
    is_used: AtomicBool,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_url: HashMap<String, Entry>,
    total: usize,
}

struct Entry {
    until: Instant,
    prefix: UrlPrefix,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A response that may be kept once it has been sent.
#[derive(Debug)]
pub(super) struct Candidate {
    ttl: Duration,
    head: ResponseHead,
    body: Bytes,
}

impl ResponseCache {
    /// The answer to a request, if it is here.
    pub(super) fn answer(&self, url: impl FnOnce() -> Option<String>) -> Option<Answer> {
        if !self.is_used.load(Ordering::Relaxed) {
            return None;
        }
        let url = url()?;
        let mut entries = lock(&self.entries);
        let entry = entries.by_url.get(&url)?;
        if entry.until <= Instant::now() {
            entries.remove(&url);
            return None;
        }
        Some(Answer { status: entry.status, headers: entry.headers.clone(), body: entry.body.clone() })
    }

    /// Keeps a response that has been sent.
    pub(super) fn put(&self, url: String, prefix: &UrlPrefix, candidate: Candidate) {
        self.is_used.store(true, Ordering::Relaxed);
        let now = Instant::now();
        let Some(until) = now.checked_add(candidate.ttl) else { return };
        let mut entries = lock(&self.entries);
        entries.remove(&url);
        if entries.total + candidate.body.len() > MAX_TOTAL {
            entries.retain(|entry| entry.until > now);
        }
        if entries.total + candidate.body.len() > MAX_TOTAL {
            return;
        }
        entries.total += candidate.body.len();
        let ResponseHead { status, headers, .. } = candidate.head;
        let entry = Entry { until, prefix: prefix.clone(), status, headers, body: candidate.body };
        entries.by_url.insert(url, entry);
    }

    /// Forgets what a prefix has answered, which is taken back.
    pub(super) fn forget(&self, prefix: &UrlPrefix) {
        if self.is_used.load(Ordering::Relaxed) {
            lock(&self.entries).retain(|entry| entry.prefix != *prefix);
        }
    }
}

impl Entries {
    fn remove(&mut self, url: &str) {
        if let Some(entry) = self.by_url.remove(url) {
            self.total -= entry.body.len();
        }
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.by_url.retain(|_, entry| keep(entry));
        self.total = self.by_url.values().map(|entry| entry.body.len()).sum();
    }
}

/// The URL under which the answer to a request is kept; `None` if it must not come from the cache.
pub(super) fn url_of(is_https: bool, method: &Method, headers: &HeaderMap, target: &str) -> Option<String> {
    let asks_the_server = [
        AUTHORIZATION,
        RANGE,
        IF_RANGE,
        IF_MATCH,
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_UNMODIFIED_SINCE,
        PRAGMA,
        CACHE_CONTROL,
    ];
    if *method != Method::GET || asks_the_server.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let host = headers.get(HOST)?.to_str().ok()?.to_ascii_lowercase();
    let scheme = if is_https { "https" } else { "http" };
    Some(format!("{scheme}://{host}{target}"))
}

impl Candidate {
    /// From a response that its server lets be kept. Only what is whole and in memory can be.
    pub(super) fn of(response: &SendResponse) -> Option<Self> {
        let CachePolicy::TimeToLive(seconds) = response.cache_policy else { return None };
        if response.flags.contains(SendFlags::MORE_DATA)
            || response.flags.contains(SendFlags::DISCONNECT)
            || response.headers.contains_key(CONTENT_ENCODING)
        {
            return None;
        }
        let body = match (response.chunks.len(), response.chunks.iter().next()) {
            (0, _) => Bytes::new(),
            (1, Some(DataChunk::Memory(data))) if data.len() <= MAX_BODY => data.clone(),
            _ => return None,
        };
        let mut headers = response.headers.clone();
        headers.remove(CONNECTION);
        let head = ResponseHead { status: response.status, reason: response.reason.clone(), headers };
        Some(Self { ttl: Duration::from_secs(seconds.into()), head, body })
    }
}

impl fmt::Debug for ResponseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache").finish_non_exhaustive()
    }
}
