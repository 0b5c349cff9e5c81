//! One entry of the collection: a key and the object behind it.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
};

use super::usual::{self, Object};

/// What can be a feature: any type that may be shared between threads. Feature traits name it as
/// their supertrait; that they are [`Any`] lets a server find its own object behind a trait.
pub trait Feature: Any + Send + Sync {}

impl<T: ?Sized + Any + Send + Sync> Feature for T {}

/// A feature with its key, as [`FeatureCollection::iter`](crate::FeatureCollection::iter) shows it.
pub struct Entry {
    key: TypeId,
    name: fn() -> &'static str,
    usual: Option<usize>,
    object: Object,
}

impl Entry {
    pub(super) fn new<F: ?Sized + Feature>(feature: Box<F>) -> Self {
        Self {
            key: TypeId::of::<F>(),
            name: type_name::<F>,
            usual: usual::number::<F>(),
            object: Object::new(feature),
        }
    }

    /// Its number among the usual features.
    pub(super) fn usual(&self) -> Option<usize> {
        self.usual
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
    #[inline]
    pub fn feature<F: ?Sized + Feature>(&self) -> Option<&F> {
        self.object.get::<F>().map(|feature| &**feature)
    }

    #[inline]
    pub(super) fn feature_mut<F: ?Sized + Feature>(&mut self) -> Option<&mut F> {
        self.object.get_mut::<F>().map(|feature| &mut **feature)
    }

    pub(super) fn replace<F: ?Sized + Feature>(&mut self, feature: Box<F>) -> Box<F> {
        let place = self.object.get_mut::<F>().expect("the key is that of the feature's type");
        std::mem::replace(place, feature)
    }

    pub(super) fn into_feature<F: ?Sized + Feature>(self) -> Box<F> {
        self.object.into_box().expect("the key is that of the feature's type")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.name()).finish()
    }
}
