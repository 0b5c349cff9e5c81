//! Names, units and tags of the instruments, whatever library has them.

use std::borrow::Cow;

use falconry_features::TagValue;

use super::{RequestEnd, RequestTags};

pub(super) const ACTIVE_REQUESTS: &str = "http.server.active_requests";
pub(super) const ACTIVE_REQUESTS_DESCRIPTION: &str = "Requests that the application is handling.";

pub(super) const REQUEST_DURATION: &str = "http.server.request.duration";
pub(super) const REQUEST_DURATION_DESCRIPTION: &str = "How long the application handled requests.";

/// A tag.
pub(super) type Tag = (Cow<'static, str>, TagValue);

/// The tags that are the same from the beginning of a request to its end.
pub(super) fn request(tags: &RequestTags) -> Vec<Tag> {
    let mut list = Vec::with_capacity(8);
    list.push(("http.request.method".into(), tags.method.into()));
    list.push(("url.scheme".into(), TagValue::Text(tags.scheme.clone())));
    list
}

/// The tags of a request that has ended. A tag of the application stands in the place of one with its name.
pub(super) fn request_end(tags: &RequestTags, end: &RequestEnd) -> Vec<Tag> {
    let mut list = request(tags);
    list.extend(end.protocol_version.map(|version| ("network.protocol.version".into(), version.into())));
    list.extend(end.status_code.map(|status| ("http.response.status_code".into(), status.into())));
    list.extend(end.error_type.clone().map(|error| ("error.type".into(), TagValue::Text(error))));
    for (name, value) in end.tags.iter() {
        match list.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = value.clone(),
            None => list.push((name.to_owned().into(), value.clone())),
        }
    }
    list
}
