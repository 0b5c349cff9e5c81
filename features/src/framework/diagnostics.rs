//! What a request adds to metrics and traces.

use std::borrow::Cow;

use crate::Feature;

/// Names with values, for metrics and traces. A name stands once.
///
/// ```
/// use falconry_features::{TagValue, Tags};
///
/// let mut tags = Tags::default();
/// tags.set("http.route", "/items/{id}");
/// tags.set("cached", true);
/// assert_eq!(tags.get("cached"), Some(&TagValue::Bool(true)));
/// assert_eq!(tags.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    tags: Vec<(Cow<'static, str>, TagValue)>,
}

impl Tags {
    /// Sets the value of a tag.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<TagValue>) {
        let (name, value) = (name.into(), value.into());
        match self.tags.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = value,
            None => self.tags.push((name, value)),
        }
    }

    /// The value of a tag.
    pub fn get(&self, name: &str) -> Option<&TagValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values, in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TagValue)> {
        self.tags.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The number of tags.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// True if there is no tag.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Forgets all tags, keeping the storage.
    pub fn clear(&mut self) {
        self.tags.clear();
    }
}

/// The value of a tag. Example: [`Tags`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TagValue {
    /// Text.
    Text(Cow<'static, str>),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
}

macro_rules! tag_value {
    ($($from:ty => $kind:ident),+) => {
        $(impl From<$from> for TagValue {
            fn from(value: $from) -> Self {
                Self::$kind(value.into())
            }
        })+
    };
}

tag_value!(&'static str => Text, String => Text, Cow<'static, str> => Text, bool => Bool);
tag_value!(i64 => Integer, i32 => Integer, u32 => Integer, u16 => Integer, f64 => Float);

/// Tags that go with the request's duration into the metrics. Set by the host when somebody listens
/// to that metric.
pub trait HttpMetricsTagsFeature: Feature {
    /// The tags.
    fn tags(&self) -> &Tags;

    /// The tags, for change.
    fn tags_mut(&mut self) -> &mut Tags;

    /// True if the request shall not be counted at all. Default: false.
    fn is_metrics_disabled(&self) -> bool;

    /// Says whether the request shall be counted.
    fn set_metrics_disabled(&mut self, disabled: bool);
}

/// The plain [`HttpMetricsTagsFeature`].
///
/// ```
/// use falconry_features::{HttpMetricsTagsFeature, PlainMetricsTags};
///
/// let mut metrics = PlainMetricsTags::default();
/// metrics.tags_mut().set("tenant", "acme");
/// metrics.set_metrics_disabled(true);
/// assert!(metrics.is_metrics_disabled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainMetricsTags {
    tags: Tags,
    is_disabled: bool,
}

impl HttpMetricsTagsFeature for PlainMetricsTags {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn is_metrics_disabled(&self) -> bool {
        self.is_disabled
    }

    fn set_metrics_disabled(&mut self, disabled: bool) {
        self.is_disabled = disabled;
    }
}

/// The unit of a distributed trace that stands for the request. Set by the host, not by servers.
///
/// ```
/// use falconry_features::{Activity, HttpActivityFeature};
///
/// let mut activity = Activity::new("falconry.request");
/// activity.trace_parent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
/// assert_eq!(activity.activity().operation_name, "falconry.request");
/// ```
pub trait HttpActivityFeature: Feature {
    /// The activity.
    fn activity(&self) -> &Activity;

    /// The activity, for change.
    fn activity_mut(&mut self) -> &mut Activity;
}

/// One unit of a distributed trace, in the terms of W3C Trace Context.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Activity {
    /// What is being done, the same for all requests.
    pub operation_name: Cow<'static, str>,
    /// What is shown instead, such as `GET /items/{id}`. Default: none.
    pub display_name: Option<String>,
    /// The `traceparent` to hand on. Default: none.
    pub trace_parent: Option<String>,
    /// The `tracestate` to hand on. Default: none.
    pub trace_state: Option<String>,
    /// What is worth knowing of this request.
    pub tags: Tags,
}

impl Activity {
    /// An activity for the operation of this name.
    pub fn new(operation_name: impl Into<Cow<'static, str>>) -> Self {
        Self { operation_name: operation_name.into(), ..Self::default() }
    }
}

impl HttpActivityFeature for Activity {
    fn activity(&self) -> &Activity {
        self
    }

    fn activity_mut(&mut self) -> &mut Activity {
        self
    }
}
