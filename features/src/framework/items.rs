//! A place for anything that belongs to a request.

use std::{
    any::{Any, TypeId},
    borrow::Cow,
    collections::BTreeMap,
    fmt,
};

use crate::Feature;

type Value = Box<dyn Any + Send + Sync>;

/// Values by their type or by a name: what middleware hands on to what comes after it.
///
/// ```
/// use falconry_features::Items;
///
/// struct Tenant(String);
///
/// let mut items = Items::new();
/// items.insert(Tenant("acme".into()));
/// items.insert_named("retries", 3_u32);
/// assert_eq!(items.get::<Tenant>().unwrap().0, "acme");
/// assert_eq!(items.get_named::<u32>("retries"), Some(&3));
/// ```
#[derive(Default)]
pub struct Items {
    typed: BTreeMap<TypeId, Value>,
    named: BTreeMap<Cow<'static, str>, Value>,
}

impl Items {
    /// No values. Allocates nothing.
    pub const fn new() -> Self {
        Self { typed: BTreeMap::new(), named: BTreeMap::new() }
    }

    /// Puts `value` under its type, in place of an earlier one, which is returned.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) -> Option<T> {
        self.typed.insert(TypeId::of::<T>(), Box::new(value)).and_then(unbox)
    }

    /// The value of type `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.typed.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// The value of type `T`, for change.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.typed.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// Takes the value of type `T` out.
    pub fn remove<T: Any>(&mut self) -> Option<T> {
        self.typed.remove(&TypeId::of::<T>()).and_then(unbox)
    }

    /// True if there is a value of type `T`.
    pub fn contains<T: Any>(&self) -> bool {
        self.typed.contains_key(&TypeId::of::<T>())
    }

    /// Puts `value` under a name, in place of an earlier one.
    pub fn insert_named<T: Any + Send + Sync>(&mut self, name: impl Into<Cow<'static, str>>, value: T) {
        self.named.insert(name.into(), Box::new(value));
    }

    /// The value under `name`, if it is a `T`.
    pub fn get_named<T: Any>(&self, name: &str) -> Option<&T> {
        self.named.get(name)?.downcast_ref()
    }

    /// The value under `name`, for change, if it is a `T`.
    pub fn get_named_mut<T: Any>(&mut self, name: &str) -> Option<&mut T> {
        self.named.get_mut(name)?.downcast_mut()
    }

    /// Takes the value under `name` away, whatever it is; false if there was none.
    pub fn remove_named(&mut self, name: &str) -> bool {
        self.named.remove(name).is_some()
    }

    /// The names in use, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(AsRef::as_ref)
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.typed.len() + self.named.len()
    }

    /// True if there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.typed.clear();
        self.named.clear();
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("typed", &self.typed.len())
            .field("named", &self.names().collect::<Vec<_>>())
            .finish()
    }
}

fn unbox<T: Any>(value: Value) -> Option<T> {
    value.downcast().ok().map(|value| *value)
}

/// A place for anything that belongs to the request, created on demand.
pub trait ItemsFeature: Feature {
    /// The items.
    fn items(&self) -> &Items;

    /// The items, for change.
    fn items_mut(&mut self) -> &mut Items;
}

/// The plain [`ItemsFeature`].
///
/// ```
/// use falconry_features::{ItemsFeature, PlainItems};
///
/// let mut items = PlainItems::default();
/// items.items_mut().insert(7_u8);
/// assert_eq!(items.items().get::<u8>(), Some(&7));
/// ```
#[derive(Debug, Default)]
pub struct PlainItems {
    items: Items,
}

impl ItemsFeature for PlainItems {
    fn items(&self) -> &Items {
        &self.items
    }

    fn items_mut(&mut self) -> &mut Items {
        &mut self.items
    }
}
