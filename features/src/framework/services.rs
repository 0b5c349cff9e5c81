//! The services that a request is served with.

use std::{
    any::{Any, TypeId, type_name},
    collections::BTreeMap,
    fmt,
    sync::Arc,
};

use crate::{Feature, FeatureError};

/// Shared services by their type, trait objects included: what a dependency container is elsewhere.
///
/// A set may lie over another, as a request's over the application's.
///
/// ```
/// use falconry_features::Services;
/// use std::sync::Arc;
///
/// trait Clock: Send + Sync { fn now(&self) -> u64; }
/// struct Fixed(u64);
/// impl Clock for Fixed { fn now(&self) -> u64 { self.0 } }
///
/// let mut application = Services::new();
/// application.insert::<dyn Clock>(Arc::new(Fixed(7)));
/// let request = Services::over(Arc::new(application));
/// assert_eq!(request.required::<dyn Clock>().unwrap().now(), 7);
/// ```
#[derive(Default)]
pub struct Services {
    own: BTreeMap<TypeId, Box<dyn Any + Send + Sync>>,
    outer: Option<Arc<Self>>,
}

impl Services {
    /// No services.
    pub const fn new() -> Self {
        Self { own: BTreeMap::new(), outer: None }
    }

    /// No own services, over those of `outer`.
    pub fn over(outer: Arc<Self>) -> Self {
        Self { own: BTreeMap::new(), outer: Some(outer) }
    }

    /// Puts a service under the type `T`, in place of an own earlier one, which is returned.
    pub fn insert<T: ?Sized + Any + Send + Sync>(&mut self, service: Arc<T>) -> Option<Arc<T>> {
        let earlier = self.own.insert(TypeId::of::<T>(), Box::new(service))?;
        earlier.downcast().ok().map(|earlier| *earlier)
    }

    /// The service of type `T`: the own one, else that of the set underneath.
    pub fn get<T: ?Sized + Any + Send + Sync>(&self) -> Option<Arc<T>> {
        match self.own.get(&TypeId::of::<T>()) {
            Some(service) => service.downcast_ref().cloned(),
            None => self.outer.as_ref()?.get(),
        }
    }

    /// As [`get`](Self::get), but an absent service is an error that names it.
    ///
    /// # Errors
    /// Invalid state: there is no such service.
    pub fn required<T: ?Sized + Any + Send + Sync>(&self) -> Result<Arc<T>, FeatureError> {
        self.get().ok_or_else(|| {
            FeatureError::invalid_state(format!(
                "no service of type {} has been registered",
                type_name::<T>()
            ))
        })
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("own", &self.own.len()).field("outer", &self.outer).finish()
    }
}

/// The services of the request. Created on demand over those of the application.
pub trait ServiceProvidersFeature: Feature {
    /// The services.
    fn request_services(&self) -> &Arc<Services>;

    /// Puts other services in their place.
    fn set_request_services(&mut self, services: Arc<Services>);
}

/// The plain [`ServiceProvidersFeature`].
///
/// ```
/// use falconry_features::{PlainServiceProviders, ServiceProvidersFeature, Services};
///
/// let mut providers = PlainServiceProviders::default();
/// let mut services = Services::new();
/// services.insert(std::sync::Arc::new(7_u32));
/// providers.set_request_services(services.into());
/// assert_eq!(providers.request_services().get::<u32>().as_deref(), Some(&7));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainServiceProviders {
    /// The services.
    pub services: Arc<Services>,
}

impl ServiceProvidersFeature for PlainServiceProviders {
    fn request_services(&self) -> &Arc<Services> {
        &self.services
    }

    fn set_request_services(&mut self, services: Arc<Services>) {
        self.services = services;
    }
}
