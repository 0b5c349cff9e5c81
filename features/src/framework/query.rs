//! The query, taken apart.

use super::Parameters;
use crate::Feature;

/// The query, taken apart. Created on demand.
pub trait QueryFeature: Feature {
    /// Names and values.
    fn query(&self) -> &Parameters;

    /// Puts other names and values in their place.
    fn set_query(&mut self, query: Parameters);
}

/// The plain [`QueryFeature`].
///
/// ```
/// use falconry_features::{PlainQuery, QueryFeature};
///
/// let mut query = PlainQuery::new("?page=2");
/// assert_eq!(query.query().get("page"), Some("2"));
/// query.refresh("?page=3");
/// assert_eq!(query.query().get("page"), Some("3"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainQuery {
    query: Parameters,
    raw: String,
    is_assigned: bool,
}

impl PlainQuery {
    /// Takes `raw` apart, as [`Parameters::parse`] does.
    pub fn new(raw: &str) -> Self {
        Self { query: Parameters::parse(raw), raw: raw.to_owned(), is_assigned: false }
    }

    /// Takes `raw` apart if it is not what was taken apart before: middleware may have changed the
    /// request's query meanwhile. What was set in its place is kept.
    pub fn refresh(&mut self, raw: &str) {
        if !self.is_assigned && self.raw != raw {
            *self = Self::new(raw);
        }
    }
}

impl QueryFeature for PlainQuery {
    fn query(&self) -> &Parameters {
        &self.query
    }

    fn set_query(&mut self, query: Parameters) {
        self.is_assigned = true;
        self.query = query;
    }
}
