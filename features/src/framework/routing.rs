//! What routing found out.

use std::{fmt, sync::Arc};

use super::{Items, Parameters};
use crate::Feature;

/// The values that routing took from the path. Kestrel keeps a place for it, elsewhere it is
/// created on demand.
pub trait RouteValuesFeature: Feature {
    /// The values, each name once.
    fn route_values(&self) -> &Parameters;

    /// The values, for change.
    fn route_values_mut(&mut self) -> &mut Parameters;
}

/// The plain [`RouteValuesFeature`].
///
/// ```
/// use falconry_features::{PlainRouteValues, RouteValuesFeature};
///
/// let mut route = PlainRouteValues::default();
/// route.route_values_mut().set("id", "7");
/// assert_eq!(route.route_values().get("ID"), Some("7"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainRouteValues {
    values: Parameters,
}

impl RouteValuesFeature for PlainRouteValues {
    fn route_values(&self) -> &Parameters {
        &self.values
    }

    fn route_values_mut(&mut self) -> &mut Parameters {
        &mut self.values
    }
}

/// The endpoint that routing chose. Kestrel keeps a place for it, elsewhere it is created on demand.
pub trait EndpointFeature: Feature {
    /// The endpoint; `None` if none was chosen.
    fn endpoint(&self) -> Option<&Arc<Endpoint>>;

    /// Chooses an endpoint.
    fn set_endpoint(&mut self, endpoint: Option<Arc<Endpoint>>);
}

/// One of the places that routing can choose: a name, and whatever is known of it by type, its
/// handler among them. Example: [`PlainEndpoint`].
#[derive(Default)]
#[non_exhaustive]
pub struct Endpoint {
    /// What logs call it. Default: empty.
    pub display_name: String,
    /// What is known of it. Default: nothing.
    pub metadata: Items,
}

impl Endpoint {
    /// An endpoint of this name of which nothing else is known.
    pub fn new(display_name: impl Into<String>) -> Self {
        Self { display_name: display_name.into(), metadata: Items::new() }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.display_name).finish()
    }
}

/// The plain [`EndpointFeature`].
///
/// ```
/// use falconry_features::{Endpoint, EndpointFeature, PlainEndpoint};
///
/// let mut endpoint = Endpoint::new("GET /items/{id}");
/// endpoint.metadata.insert_named("anonymous", true);
/// let mut feature = PlainEndpoint::default();
/// feature.set_endpoint(Some(endpoint.into()));
/// assert_eq!(feature.endpoint().unwrap().display_name, "GET /items/{id}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainEndpoint {
    /// The endpoint.
    pub endpoint: Option<Arc<Endpoint>>,
}

impl EndpointFeature for PlainEndpoint {
    fn endpoint(&self) -> Option<&Arc<Endpoint>> {
        self.endpoint.as_ref()
    }

    fn set_endpoint(&mut self, endpoint: Option<Arc<Endpoint>>) {
        self.endpoint = endpoint;
    }
}
