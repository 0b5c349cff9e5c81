//! The rules of the collection, one test each.

use std::sync::Arc;

use falconry_features::{Entry, Feature, FeatureCollection, Key};

trait Greeting: Feature {
    fn text(&self) -> &str;
    fn set_text(&mut self, text: &str);
}

trait Counter: Feature {
    fn count(&self) -> u32;
    fn count_up(&mut self);
}

trait Unused: Feature {}

struct Words(String);

impl Greeting for Words {
    fn text(&self) -> &str {
        &self.0
    }

    fn set_text(&mut self, text: &str) {
        self.0 = text.to_owned();
    }
}

#[derive(Default)]
struct Ticks(u32);

impl Counter for Ticks {
    fn count(&self) -> u32 {
        self.0
    }

    fn count_up(&mut self) {
        self.0 += 1;
    }
}

fn words(text: &str) -> Box<dyn Greeting> {
    Box::new(Words(text.to_owned()))
}

fn greeting(features: &FeatureCollection) -> Option<&str> {
    features.get::<dyn Greeting>().map(Greeting::text)
}

fn over(text: &str) -> FeatureCollection {
    let mut defaults = FeatureCollection::new();
    defaults.set(words(text));
    FeatureCollection::with_defaults(Arc::new(defaults))
}

fn names(features: &FeatureCollection) -> Vec<&'static str> {
    features.iter().map(Entry::name).collect()
}

#[test]
fn an_empty_collection_has_revision_0_and_no_entries() {
    for features in [FeatureCollection::new(), FeatureCollection::with_capacity(8)] {
        assert_eq!((features.revision(), features.own_len()), (0, 0));
        assert!(names(&features).is_empty());
        assert!(!features.contains::<dyn Greeting>());
    }
}

#[test]
fn own_entries_come_before_the_defaults() {
    let mut features = over("default");
    assert_eq!(greeting(&features), Some("default"));
    features.set(words("own"));
    assert_eq!(greeting(&features), Some("own"));
}

#[test]
fn a_missing_feature_is_looked_for_through_all_levels() {
    let request = FeatureCollection::with_defaults(Arc::new(over("server")));
    assert_eq!(greeting(&request), Some("server"));
    assert!(request.get::<dyn Unused>().is_none());
}

#[test]
fn setting_adds_one_to_the_revision_even_for_the_same_object() {
    let mut features = FeatureCollection::new();
    features.set(words("a"));
    assert_eq!(features.revision(), 1);
    let same = features.set(words("b")).unwrap();
    features.set(same);
    assert_eq!(features.revision(), 3);
}

#[test]
fn setting_gives_the_object_that_was_there() {
    let mut features = FeatureCollection::new();
    assert!(features.set(words("first")).is_none());
    assert_eq!(features.set(words("second")).unwrap().text(), "first");
}

#[test]
fn taking_adds_one_to_the_revision_only_if_there_was_an_entry() {
    let mut features = FeatureCollection::new();
    features.set(words("a"));
    assert_eq!(features.take::<dyn Greeting>().unwrap().text(), "a");
    assert_eq!(features.revision(), 2);
    assert!(features.take::<dyn Greeting>().is_none());
    assert_eq!(features.revision(), 2);
}

#[test]
fn taking_the_own_entry_uncovers_the_default_and_never_hides_it() {
    let mut features = over("default");
    features.set(words("own"));
    features.take::<dyn Greeting>();
    assert_eq!(greeting(&features), Some("default"));
    assert!(features.take::<dyn Greeting>().is_none());
    assert_eq!(greeting(&features), Some("default"));
}

#[test]
fn the_revision_is_the_sum_of_all_levels() {
    let mut features = over("default");
    assert_eq!(features.revision(), 1);
    features.set(words("own"));
    assert_eq!(features.revision(), 2);
}

#[test]
fn putting_other_defaults_underneath_changes_the_revision() {
    let mut features = over("a");
    let before = features.revision();
    features.set_defaults(None);
    let between = features.revision();
    features.set_defaults(Some(Arc::new(over("b"))));
    assert!(between >= before && features.revision() > before);
    assert_eq!(greeting(&features), Some("b"));
}

#[test]
fn iteration_shows_own_entries_in_order_and_then_the_uncovered_defaults() {
    let mut defaults = FeatureCollection::new();
    defaults.set(words("default"));
    defaults.set::<dyn Counter>(Box::<Ticks>::default());
    let mut features = FeatureCollection::with_defaults(Arc::new(defaults));
    features.set::<u8>(Box::new(1));
    features.set(words("own"));
    assert_eq!(names(&features), ["u8", "Greeting", "Counter"]);
    let own = features.iter().find_map(Entry::feature::<dyn Greeting>).unwrap();
    assert_eq!(own.text(), "own");
}

#[test]
fn replacing_keeps_the_place_and_setting_again_after_taking_goes_to_the_end() {
    let mut features = FeatureCollection::new();
    features.set(words("a"));
    features.set::<dyn Counter>(Box::<Ticks>::default());
    features.set(words("b"));
    assert_eq!(names(&features), ["Greeting", "Counter"]);
    let taken = features.take::<dyn Greeting>().unwrap();
    features.set(taken);
    assert_eq!(names(&features), ["Counter", "Greeting"]);
}

#[test]
fn a_feature_is_found_by_its_key_alone() {
    let mut features = FeatureCollection::new();
    features.set(words("a"));
    assert!(features.get::<Words>().is_none());
    assert!(features.get::<dyn Counter>().is_none());
}

#[test]
fn a_required_feature_that_is_absent_is_an_error_that_names_it() {
    let mut features = FeatureCollection::new();
    let error = features.required::<dyn Greeting>().err().unwrap();
    assert!(error.is_invalid_state());
    assert!(error.to_string().contains("Greeting"), "{error}");
    assert!(features.required_mut::<dyn Greeting>().is_err());
    features.set(words("a"));
    assert_eq!(features.required::<dyn Greeting>().unwrap().text(), "a");
}

#[test]
fn only_own_entries_can_be_changed() {
    let mut features = over("default");
    assert!(features.contains::<dyn Greeting>() && !features.contains_own::<dyn Greeting>());
    assert!(features.get_mut::<dyn Greeting>().is_none());
    features.set(words("own"));
    features.get_mut::<dyn Greeting>().unwrap().set_text("changed");
    assert_eq!(greeting(&features), Some("changed"));
}

#[test]
fn changing_a_feature_does_not_change_the_revision() {
    let mut features = FeatureCollection::new();
    features.set(words("a"));
    features.get_mut::<dyn Greeting>().unwrap().set_text("b");
    assert_eq!(features.revision(), 1);
}

#[test]
fn several_features_can_be_changed_at_once_if_they_are_there_and_differ() {
    let mut features = FeatureCollection::new();
    features.set(words("a"));
    assert!(features.get_many_mut::<(Key<dyn Greeting>, Key<dyn Counter>)>().is_none());
    features.set::<dyn Counter>(Box::<Ticks>::default());
    let (counter, greeting) = features.get_many_mut::<(Key<dyn Counter>, Key<dyn Greeting>)>().unwrap();
    counter.count_up();
    greeting.set_text("b");
    assert_eq!(features.get::<dyn Counter>().unwrap().count(), 1);
    assert!(features.get_many_mut::<(Key<dyn Counter>, Key<dyn Counter>)>().is_none());
}

#[test]
fn a_feature_made_on_demand_is_made_once_and_set() {
    let mut features = over("default");
    let mut made = 0;
    for _ in 0..2 {
        let greeting = features.get_or_insert_with(|| {
            made += 1;
            words("made")
        });
        assert_eq!(greeting.text(), "made");
    }
    assert_eq!((made, features.own_len(), features.revision()), (1, 1, 2));
}

#[test]
fn the_host_context_stays_with_the_collection_until_it_is_taken() {
    let mut features = FeatureCollection::new();
    assert!(features.take_host_context().is_none());
    features.set_host_context(Box::new(7_u32));
    assert_eq!(*features.take_host_context().unwrap().downcast::<u32>().unwrap(), 7);
    assert!(features.take_host_context().is_none());
    assert_eq!((features.revision(), features.own_len()), (0, 0));
}

#[test]
fn what_is_not_kept_uncovers_the_default_and_the_rest_is_found() {
    let mut features = over("default");
    features.set::<dyn Greeting>(words("own"));
    features.set::<dyn Counter>(Box::new(Ticks::default()));
    let revision = features.revision();
    features.retain(|_| true);
    assert_eq!(features.revision(), revision);
    features.retain(|entry| entry.name() == "Counter");
    assert_eq!(features.revision(), revision + 1);
    assert_eq!(features.get::<dyn Greeting>().unwrap().text(), "default");
    assert_eq!((features.get_mut::<dyn Counter>().is_some(), features.own_len()), (true, 1));
}

#[test]
fn the_servers_context_is_another_one_than_the_hosts() {
    let mut features = FeatureCollection::new();
    assert!(features.server_context().is_none() && features.take_server_context().is_none());
    features.set_host_context(Box::new(7_u32));
    features.set_server_context(Box::new("server"));
    assert_eq!(features.server_context().unwrap().downcast_ref(), Some(&"server"));
    assert_eq!(*features.take_server_context().unwrap().downcast::<&str>().unwrap(), "server");
    assert!(features.server_context().is_none() && features.take_host_context().is_some());
    assert_eq!((features.revision(), features.own_len()), (0, 0));
}

/// As many keys as are wanted, all different.
struct Numbered<const N: usize>(usize);

macro_rules! each_number {
    ($action:ident, $features:expr; $($number:literal)+) => {
        $($action::<$number>($features);)+
    };
}

fn add<const N: usize>(features: &mut FeatureCollection) {
    assert!(features.get::<Numbered<N>>().is_none());
    features.set(Box::new(Numbered::<N>(N)));
}

fn find<const N: usize>(features: &mut FeatureCollection) {
    assert_eq!(features.get::<Numbered<N>>().unwrap().0, N);
    assert_eq!(features.get_mut::<Numbered<N>>().unwrap().0, N);
}

fn remove<const N: usize>(features: &mut FeatureCollection) {
    assert_eq!(features.take::<Numbered<N>>().unwrap().0, N);
    assert!(features.get::<Numbered<N>>().is_none());
}

#[test]
fn any_number_of_features_is_found_while_they_come_and_go() {
    let features = &mut FeatureCollection::new();
    each_number!(add, features; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29);
    each_number!(add, features; 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55);
    each_number!(find, features; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29);
    each_number!(find, features; 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55);
    each_number!(remove, features; 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48 50 52);
    each_number!(find, features; 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39 41 43 45 47 49 51 53 54);
    each_number!(add, features; 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48 50 52);
    each_number!(find, features; 0 1 2 3 4 5 46 47 48 49 50 51 52 53 54 55);
    assert_eq!(features.own_len(), 56);
}
