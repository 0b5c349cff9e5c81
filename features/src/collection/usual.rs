//! The features that every request uses.
//!
//! Their keys are told apart when the program is compiled: what is left of a look-up is a load of the
//! position and one of the object. (ASP.NET Core's Kestrel has a field for each of its features, for
//! the same reason.)

use std::any::{Any, TypeId};

use super::Feature;
use crate::{HttpRequestFeature, HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature};

/// How many there are.
pub(super) const COUNT: usize = 4;

/// The number of `F` among the usual features.
#[inline(always)]
pub(super) fn number<F: ?Sized + Feature>() -> Option<usize> {
    let key = TypeId::of::<F>();
    if key == TypeId::of::<dyn HttpRequestFeature>() {
        Some(0)
    } else if key == TypeId::of::<dyn HttpResponseFeature>() {
        Some(1)
    } else if key == TypeId::of::<dyn HttpResponseBodyFeature>() {
        Some(2)
    } else if key == TypeId::of::<dyn HttpResponseTrailersFeature>() {
        Some(3)
    } else {
        None
    }
}

/// The object of an entry, in the box that it was set with.
pub(super) enum Object {
    Request(Box<dyn HttpRequestFeature>),
    Response(Box<dyn HttpResponseFeature>),
    ResponseBody(Box<dyn HttpResponseBodyFeature>),
    ResponseTrailers(Box<dyn HttpResponseTrailersFeature>),
    /// A box of the box of any other feature.
    Other(Box<dyn Any + Send + Sync>),
}

impl Object {
    pub(super) fn new<F: ?Sized + Feature>(feature: Box<F>) -> Self {
        let feature: Box<dyn Any + Send + Sync> = Box::new(feature);
        match number::<F>() {
            Some(0) => feature.downcast().map_or_else(Self::Other, |feature| Self::Request(*feature)),
            Some(1) => feature.downcast().map_or_else(Self::Other, |feature| Self::Response(*feature)),
            Some(2) => feature.downcast().map_or_else(Self::Other, |feature| Self::ResponseBody(*feature)),
            Some(3) => {
                feature.downcast().map_or_else(Self::Other, |feature| Self::ResponseTrailers(*feature))
            }
            _ => Self::Other(feature),
        }
    }

    /// The box, if `F` is what is in it. All but one of the arms are decided at compile time.
    #[expect(clippy::borrowed_box, reason = "the box is what is stored, and what the keys compare")]
    #[inline(always)]
    pub(super) fn get<F: ?Sized + Feature>(&self) -> Option<&Box<F>> {
        match self {
            Self::Request(feature) => (feature as &dyn Any).downcast_ref(),
            Self::Response(feature) => (feature as &dyn Any).downcast_ref(),
            Self::ResponseBody(feature) => (feature as &dyn Any).downcast_ref(),
            Self::ResponseTrailers(feature) => (feature as &dyn Any).downcast_ref(),
            Self::Other(feature) => feature.downcast_ref(),
        }
    }

    /// As [`get`](Self::get), for change.
    #[inline(always)]
    pub(super) fn get_mut<F: ?Sized + Feature>(&mut self) -> Option<&mut Box<F>> {
        match self {
            Self::Request(feature) => (feature as &mut dyn Any).downcast_mut(),
            Self::Response(feature) => (feature as &mut dyn Any).downcast_mut(),
            Self::ResponseBody(feature) => (feature as &mut dyn Any).downcast_mut(),
            Self::ResponseTrailers(feature) => (feature as &mut dyn Any).downcast_mut(),
            Self::Other(feature) => feature.downcast_mut(),
        }
    }

    pub(super) fn into_box<F: ?Sized + Feature>(self) -> Option<Box<F>> {
        let boxed: Box<dyn Any> = match self {
            Self::Request(feature) => Box::new(feature),
            Self::Response(feature) => Box::new(feature),
            Self::ResponseBody(feature) => Box::new(feature),
            Self::ResponseTrailers(feature) => Box::new(feature),
            Self::Other(feature) => feature,
        };
        boxed.downcast().ok().map(|feature| *feature)
    }
}
