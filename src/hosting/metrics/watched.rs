//! One request under the eyes of observers.

use std::{borrow::Cow, sync::Arc, time::Instant};

use falconry_features::{
    BadHttpRequestError, BoxError, FeatureCollection, FeatureError, HttpMetricsTagsFeature,
    HttpRequestFeature, HttpResponseFeature, PanicError, PlainMetricsTags,
};
use http::{Method, Version};

use super::{RequestEnd, RequestObserver, RequestTags};

/// Those who are told, in the order in which they were added.
#[derive(Clone, Default)]
pub(in crate::hosting) struct Observers(Arc<[Arc<dyn RequestObserver>]>);

impl Observers {
    pub(in crate::hosting) fn add(&mut self, observer: Arc<dyn RequestObserver>) {
        self.0 = self.0.iter().cloned().chain([observer]).collect();
    }

    /// Begins a request; `None` if nobody wants to know.
    pub(in crate::hosting) fn watch(&self, features: &mut FeatureCollection) -> Option<Box<Watched>> {
        if self.0.is_empty() {
            return None;
        }
        let request = features.get::<dyn HttpRequestFeature>();
        let tags = RequestTags {
            method: request.map_or(OTHER, |request| method(request.method())),
            scheme: request.map_or(Cow::Borrowed(""), |request| scheme(request.scheme())),
        };
        let protocol_version = request.and_then(|request| version(request.version()));
        features.set::<dyn HttpMetricsTagsFeature>(Box::<PlainMetricsTags>::default());
        let watched = Watched { observers: self.clone(), tags, protocol_version, start: Instant::now() };
        watched.observers.0.iter().for_each(|observer| observer.request_started(&watched.tags));
        Some(Box::new(watched))
    }
}

/// A request that has begun. One that is dropped was abandoned.
pub(in crate::hosting) struct Watched {
    observers: Observers,
    tags: RequestTags,
    protocol_version: Option<&'static str>,
    start: Instant,
}

impl Watched {
    /// Ends the request, with what its features have become.
    pub(in crate::hosting) fn end(mut self, features: &mut FeatureCollection, error: Option<&BoxError>) {
        let response = features.get::<dyn HttpResponseFeature>();
        // After an error there is an answer only if it has been sent.
        let response = response.filter(|response| error.is_none() || response.has_started());
        let status_code = response.map(|response| response.status_code().as_u16());
        let error_type = match (error, status_code) {
            (Some(error), _) => Some(error_type(error).into()),
            (None, Some(status @ 500..)) => Some(status.to_string().into()),
            _ => None,
        };
        let own = features.take::<dyn HttpMetricsTagsFeature>();
        self.tell(&RequestEnd {
            duration: self.start.elapsed(),
            protocol_version: self.protocol_version,
            status_code,
            error_type,
            tags: own.as_ref().map(|own| own.tags().clone()).unwrap_or_default(),
            is_disabled: own.is_some_and(|own| own.is_metrics_disabled()),
        });
    }

    /// Once.
    fn tell(&mut self, end: &RequestEnd) {
        let observers = std::mem::take(&mut self.observers);
        observers.0.iter().for_each(|observer| observer.request_stopped(&self.tags, end));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.observers.0.is_empty() {
            self.tell(&RequestEnd {
                duration: self.start.elapsed(),
                protocol_version: self.protocol_version,
                error_type: Some(ABORTED.into()),
                ..RequestEnd::default()
            });
        }
    }
}

/// What stands for every method that is not known.
const OTHER: &str = "_OTHER";

const ABORTED: &str = "request_aborted";

fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}

fn scheme(scheme: &str) -> Cow<'static, str> {
    match scheme {
        "http" => "http".into(),
        "https" => "https".into(),
        other => other.to_owned().into(),
    }
}

fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

fn error_type(error: &BoxError) -> &'static str {
    if error.downcast_ref::<PanicError>().is_some() {
        "panic"
    } else if BadHttpRequestError::find(&**error).is_some() {
        "bad_request"
    } else if error.downcast_ref::<FeatureError>().is_some_and(FeatureError::is_aborted) {
        ABORTED
    } else {
        "application_error"
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl RequestObserver for Notes {
        fn request_started(&self, request: &RequestTags) {
            self.0.lock().unwrap().push(format!("{} begins", request.method));
        }

        fn request_stopped(&self, request: &RequestTags, end: &RequestEnd) {
            self.0.lock().unwrap().push(format!("{} {:?}", request.method, end.error_type));
        }
    }

    #[test]
    fn a_request_that_nobody_ends_was_aborted() {
        let notes = Arc::new(Notes::default());
        let mut observers = Observers::default();
        assert!(observers.watch(&mut FeatureCollection::new()).is_none(), "nobody wants to know");
        observers.add(Arc::clone(&notes) as _);
        observers.add(Arc::clone(&notes) as _);
        drop(observers.watch(&mut FeatureCollection::new()));
        let begins = "_OTHER begins";
        let ends = "_OTHER Some(\"request_aborted\")";
        assert_eq!(*notes.0.lock().unwrap(), [begins, begins, ends, ends]);
    }

    #[test]
    fn only_known_methods_have_names_of_their_own() {
        for name in ["GET", "PATCH", "TRACE"] {
            assert_eq!(method(&name.parse().unwrap()), name);
        }
        for name in ["get", "PROPFIND"] {
            assert_eq!(method(&name.parse().unwrap()), "_OTHER");
        }
    }
}
