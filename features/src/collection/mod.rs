//! [`FeatureCollection`]: what a server offers, keyed by trait.

mod entry;
mod index;
mod iter;
mod many;
mod usual;

use std::{
    any::{Any, type_name},
    fmt,
    sync::Arc,
};

use self::index::Index;
pub use self::{
    entry::{Entry, Feature},
    iter::Iter,
    many::{FeatureKeys, Key},
};
use crate::FeatureError;

/// A map from a trait object type to the one object that implements it.
///
/// Look-ups see the collection's own entries first and then, one after the other, the collections
/// under it: request, connection, server. Setting and removing touch own entries only; removing an
/// own entry uncovers the default again.
///
/// ```
/// use falconry_features::{FeatureCollection, Feature};
///
/// trait Greeting: Feature { fn text(&self) -> &str; }
/// struct English;
/// impl Greeting for English { fn text(&self) -> &str { "hello" } }
///
/// let mut features = FeatureCollection::new();
/// features.set::<dyn Greeting>(Box::new(English));
/// assert_eq!(features.get::<dyn Greeting>().unwrap().text(), "hello");
/// ```
#[derive(Default)]
pub struct FeatureCollection {
    // In a box: a collection goes from the server to the application and back with every request.
    content: Option<Box<Content>>,
}

#[derive(Default)]
struct Content {
    entries: Vec<Entry>,
    index: Index,
    defaults: Option<Arc<FeatureCollection>>,
    revision: u64,
    host_context: Option<Box<dyn Any + Send + Sync>>,
    server_context: Option<Box<dyn Any + Send + Sync>>,
}

impl Content {
    #[inline]
    fn position<F: ?Sized + Feature>(&self) -> Option<usize> {
        self.index.position::<F>(&self.entries)
    }
}

impl FeatureCollection {
    /// An empty collection. Allocates nothing.
    pub const fn new() -> Self {
        Self { content: None }
    }

    /// An empty collection with room for `capacity` own entries.
    pub fn with_capacity(capacity: usize) -> Self {
        let content = Content { entries: Vec::with_capacity(capacity), ..Content::default() };
        Self { content: Some(Box::new(content)) }
    }

    /// An empty collection over `defaults`, which answers for what is not set here.
    pub fn with_defaults(defaults: Arc<Self>) -> Self {
        Self { content: Some(Box::new(Content { defaults: Some(defaults), ..Content::default() })) }
    }

    /// Puts `feature` under the key `F`, in place of an own entry if there is one, which is returned.
    pub fn set<F: ?Sized + Feature>(&mut self, feature: Box<F>) -> Option<Box<F>> {
        let content = self.content_mut();
        content.revision += 1;
        match content.position::<F>() {
            Some(index) => Some(content.entries[index].replace(feature)),
            None => {
                content.entries.push(Entry::new(feature));
                content.index.added(&content.entries);
                None
            }
        }
    }

    /// Takes the own entry out; a default with the same key is visible again.
    ///
    /// The revision changes only if there was an entry.
    pub fn take<F: ?Sized + Feature>(&mut self) -> Option<Box<F>> {
        let content = self.content.as_deref_mut()?;
        let index = content.position::<F>()?;
        content.revision += 1;
        let entry = content.entries.remove(index);
        content.index.removed(&content.entries);
        Some(entry.into_feature())
    }

    /// Takes the own entries out that `keep` says no of; defaults with their keys are visible again.
    ///
    /// ```
    /// use falconry_features::{FeatureCollection, ItemsFeature, PlainItems};
    ///
    /// let mut features = FeatureCollection::new();
    /// features.set::<dyn ItemsFeature>(Box::<PlainItems>::default());
    /// features.retain(|entry| entry.name() != "ItemsFeature");
    /// assert_eq!((features.own_len(), features.revision()), (0, 2));
    /// ```
    pub fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        let Some(content) = self.content.as_deref_mut() else { return };
        let before = content.entries.len();
        content.entries.retain(keep);
        if content.entries.len() < before {
            content.revision += 1;
            content.index.removed(&content.entries);
        }
    }

    /// The own entry, for change. Defaults are shared and therefore read-only: see [`get`](Self::get).
    #[inline]
    pub fn get_mut<F: ?Sized + Feature>(&mut self) -> Option<&mut F> {
        let content = self.content.as_deref_mut()?;
        let index = content.position::<F>()?;
        content.entries[index].feature_mut()
    }

    /// The own entry, for change; if there is none, what `create` makes is set first.
    ///
    /// ```
    /// use falconry_features::{FeatureCollection, ItemsFeature, PlainItems};
    ///
    /// let mut features = FeatureCollection::new();
    /// let items = features.get_or_insert_with::<dyn ItemsFeature>(|| Box::<PlainItems>::default());
    /// items.items_mut().insert(7_u8);
    /// assert_eq!(features.revision(), 1);
    /// ```
    pub fn get_or_insert_with<F: ?Sized + Feature>(&mut self, create: impl FnOnce() -> Box<F>) -> &mut F {
        if self.position::<F>().is_none() {
            self.set(create());
        }
        self.get_mut().expect("the entry was there or has just been set")
    }

    /// Several own entries at once, for change; `None` if one of them is missing or named twice.
    ///
    /// ```
    /// use falconry_features::{Feature, FeatureCollection, Key};
    ///
    /// trait Left: Feature {}
    /// trait Right: Feature {}
    /// impl Left for u8 {}
    /// impl Right for u16 {}
    ///
    /// let mut features = FeatureCollection::new();
    /// features.set::<dyn Left>(Box::new(1_u8));
    /// features.set::<dyn Right>(Box::new(2_u16));
    /// let (left, right) = features.get_many_mut::<(Key<dyn Left>, Key<dyn Right>)>().unwrap();
    /// # let (_, _) = (left, right);
    /// ```
    pub fn get_many_mut<K: FeatureKeys>(&mut self) -> Option<K::Features<'_>> {
        K::get_from(self)
    }

    /// The feature that answers for `F`: the own entry, else that of the collections underneath.
    #[inline]
    pub fn get<F: ?Sized + Feature>(&self) -> Option<&F> {
        // A loop and no recursion, which could not be inlined.
        let mut level = self;
        loop {
            let content = level.content.as_deref()?;
            if let Some(index) = content.position::<F>() {
                return content.entries[index].feature();
            }
            level = content.defaults.as_deref()?;
        }
    }

    /// As [`get`](Self::get), but an absent feature is an error that names it.
    #[inline]
    pub fn required<F: ?Sized + Feature>(&self) -> Result<&F, FeatureError> {
        self.get().ok_or_else(missing::<F>)
    }

    /// As [`get_mut`](Self::get_mut), but an absent feature is an error that names it.
    #[inline]
    pub fn required_mut<F: ?Sized + Feature>(&mut self) -> Result<&mut F, FeatureError> {
        self.get_mut().ok_or_else(missing::<F>)
    }

    /// True if something answers for `F`, here or underneath.
    pub fn contains<F: ?Sized + Feature>(&self) -> bool {
        self.get::<F>().is_some()
    }

    /// True if `F` is an own entry, whatever lies underneath.
    pub fn contains_own<F: ?Sized + Feature>(&self) -> bool {
        self.position::<F>().is_some()
    }

    /// Grows with every change of this collection and of those under it; equal numbers mean that
    /// what was looked up before is still what a look-up would find.
    pub fn revision(&self) -> u64 {
        let own = self.content.as_ref().map_or(0, |content| content.revision);
        own + self.defaults().map_or(0, |defaults| defaults.revision())
    }

    /// The entries: the own ones in the order they were set, then those of the collections
    /// underneath whose key is not set above them.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self)
    }

    /// The number of own entries.
    pub fn own_len(&self) -> usize {
        self.entries().len()
    }

    /// The collection underneath.
    pub fn defaults(&self) -> Option<&Arc<Self>> {
        self.content.as_ref()?.defaults.as_ref()
    }

    /// Puts another collection underneath.
    pub fn set_defaults(&mut self, defaults: Option<Arc<Self>>) {
        let content = self.content_mut();
        content.revision += 1;
        content.defaults = defaults;
    }

    /// Leaves a context object with the collection, for the application to use again with the next
    /// request that the server handles with it (`IHostContextContainer` in ASP.NET Core).
    #[inline]
    pub fn set_host_context(&mut self, context: Box<dyn Any + Send + Sync>) {
        self.content_mut().host_context = Some(context);
    }

    /// Takes the context object that the application left here after an earlier request.
    #[inline]
    pub fn take_host_context(&mut self) -> Option<Box<dyn Any + Send + Sync>> {
        self.content.as_mut()?.host_context.take()
    }

    /// Leaves an object of the server's own with the collection. It goes with it to the application and back: a server
    /// that is itself the application of another one keeps here what it knows of the connection.
    #[inline]
    pub fn set_server_context(&mut self, context: Box<dyn Any + Send + Sync>) {
        self.content_mut().server_context = Some(context);
    }

    /// The object that the server has left here, to look at.
    #[inline]
    pub fn server_context(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.content.as_ref()?.server_context.as_deref()
    }

    /// Takes the object that the server has left here.
    #[inline]
    pub fn take_server_context(&mut self) -> Option<Box<dyn Any + Send + Sync>> {
        self.content.as_mut()?.server_context.take()
    }

    #[inline]
    fn position<F: ?Sized + Feature>(&self) -> Option<usize> {
        self.content.as_ref()?.position::<F>()
    }

    fn entries(&self) -> &[Entry] {
        self.content.as_ref().map_or(&[], |content| &content.entries)
    }

    fn content_mut(&mut self) -> &mut Content {
        self.content.get_or_insert_default()
    }
}

impl fmt::Debug for FeatureCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeatureCollection")
            .field("revision", &self.revision())
            .field("features", &self.iter().map(Entry::name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn missing<F: ?Sized>() -> FeatureError {
    FeatureError::invalid_state(format!(
        "the server offers no {}; ask for it with `get` if the application can do without",
        type_name::<F>()
    ))
}
