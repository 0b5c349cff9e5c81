//! Several features at once, each for change.

use std::marker::PhantomData;

use super::{Feature, FeatureCollection};

/// Stands for one feature in the tuple that names what
/// [`FeatureCollection::get_many_mut`](crate::FeatureCollection::get_many_mut) shall find.
#[derive(Debug)]
pub struct Key<F: ?Sized>(PhantomData<fn(&F)>);

/// A tuple of keys: what [`FeatureCollection::get_many_mut`](crate::FeatureCollection::get_many_mut) takes.
pub trait FeatureKeys {
    /// The features for change, in the order of the keys.
    type Features<'a>;

    #[doc(hidden)]
    fn get_from(collection: &mut FeatureCollection) -> Option<Self::Features<'_>>;
}

macro_rules! feature_keys {
    ($count:literal: $($feature:ident $found:ident),+) => {
        impl<$($feature: ?Sized + Feature),+> FeatureKeys for ($(Key<$feature>,)+) {
            type Features<'a> = ($(&'a mut $feature,)+);

            fn get_from(collection: &mut FeatureCollection) -> Option<Self::Features<'_>> {
                let content = collection.content.as_deref_mut()?;
                let places: [usize; $count] = [$(content.position::<$feature>()?),+];
                let [$($found),+] = content.entries.get_disjoint_mut(places).ok()?;
                Some(($($found.feature_mut::<$feature>()?,)+))
            }
        }
    };
}

feature_keys!(2: A a, B b);
feature_keys!(3: A a, B b, C c);
feature_keys!(4: A a, B b, C c, D d);
