//! One entry of the collection: a key and the object behind it.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
};

/// What can be a feature: any type that may be shared between threads. Feature traits name it as
/// their supertrait; that they are [`Any`] lets a server find its own object behind a trait.
pub trait Feature: Any + Send + Sync {}

impl<T: ?Sized + Any + Send + Sync> Feature for T {}

/// A feature with its key, as [`FeatureCollection::iter`](crate::FeatureCollection::iter) shows it.
pub struct Entry {
    key: TypeId,
    name: fn() -> &'static str,
    feature: Box<dyn Any + Send + Sync>,
}

impl Entry {
    pub(super) fn new<F: ?Sized + Feature>(feature: Box<F>) -> Self {
        Self { key: TypeId::of::<F>(), name: type_name::<F>, feature: Box::new(feature) }
    }

    /// The key: the type of the trait object.
    pub fn key(&self) -> TypeId {
        self.key
    }

    /// The name of the trait, without the path to it, as `HttpRequestFeature`.
    pub fn name(&self) -> &'static str {
        let full = (self.name)();
        full.rsplit("::").next().unwrap_or(full)
    }

    /// The feature, if `F` is its key.
    pub fn feature<F: ?Sized + Feature>(&self) -> Option<&F> {
        self.feature.downcast_ref::<Box<F>>().map(|feature| &**feature)
    }

    pub(super) fn feature_mut<F: ?Sized + Feature>(&mut self) -> Option<&mut F> {
        self.feature.downcast_mut::<Box<F>>().map(|feature| &mut **feature)
    }

    pub(super) fn replace<F: ?Sized + Feature>(&mut self, feature: Box<F>) -> Box<F> {
        let place = self.feature.downcast_mut::<Box<F>>().expect("the key is that of the feature's type");
        std::mem::replace(place, feature)
    }

    pub(super) fn into_feature<F: ?Sized + Feature>(self) -> Box<F> {
        *self.feature.downcast::<Box<F>>().expect("the key is that of the feature's type")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.name()).finish()
    }
}
