//! What the original's collections answer, step by step, replayed on ours.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use falconry_features::{
    Entry, Feature, FeatureCollection, FeatureError, HttpRequestFeature, HttpResponseFeature, PlainRequest,
    PlainResponse,
};

const RECORDED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/golden/feature_collection.json"));

/// What we have to say to one recorded step.
enum Step {
    /// We answer the same.
    Same(String),
    /// We refuse as well: an `InvalidOperationException` there is an error of invalid state here.
    Refused(&'static str, FeatureError),
    /// We answer otherwise, for this reason.
    Otherwise(String, &'static str),
    /// Nothing of ours corresponds, for this reason.
    Nothing(&'static str),
}

use Step::{Nothing, Otherwise, Refused, Same};

const NO_READ_ONLY: &str = "a collection that may be changed is one that is held by `&mut`";
const NO_NULL: &str = "there is no null";
const NO_NEGATIVE: &str = "a capacity is a usize, and room that does not exist cannot be asked for";
const BORROWED: &str = "the compiler refuses a change while the iteration borrows the collection";
const TYPED: &str = "key and object are of one type: nothing else can be set";
const FROZEN: &str = "defaults are shared and frozen: others are put underneath instead, which counts itself";
const OPTION: &str = "what may be absent is always an Option";
const FACADE: &str = "HttpContext belongs to the facade";
const KESTREL: &str = "Kestrel's own collection; ours is the standard one, and its tests are the server's";

#[test]
fn every_recorded_step_is_answered_alike_or_has_its_reason() {
    let recorded: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(RECORDED).unwrap();
    for row in recorded {
        let case = row["case"].as_str().unwrap();
        let expected: Vec<_> =
            row["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        let steps = replay(case, expected.len());
        assert_eq!(steps.len(), expected.len(), "{case}: each step has an answer");
        for (step, expected) in steps.into_iter().zip(expected) {
            check(case, step, expected);
        }
    }
}

fn check(case: &str, step: Step, expected: &str) {
    match step {
        Same(ours) => assert_eq!(ours, expected, "{case}"),
        Refused(what, error) => {
            assert!(error.is_invalid_state(), "{case}: {error}");
            assert!(expected.starts_with(&format!("{what} -> System.InvalidOperationException: ")), "{case}");
        }
        Otherwise(ours, reason) => assert_ne!(ours, expected, "{case}: no longer otherwise: {reason}"),
        Nothing(reason) => assert!(!reason.is_empty()),
    }
}

fn replay(case: &str, count: usize) -> Vec<Step> {
    match case {
        "new()" => new_collection(),
        "new(capacity)" => vec![
            Same(format!("new(0) -> {}", FeatureCollection::with_capacity(0).revision())),
            Nothing(NO_NEGATIVE),
            Nothing(NO_NEGATIVE),
            Nothing(NO_NULL),
        ],
        "revision" => revision(),
        "defaults chain" => defaults_chain(),
        "null on an inherited key does not mask, nor count" => {
            let mut features = FeatureCollection::with_defaults(Arc::new(with([a("d")])));
            assert!(features.take::<dyn IA>().is_none());
            vec![revision_is(&features), Same(format!("Get={}", ia(&features)))]
        }
        "three levels" => three_levels(),
        "enumeration order (Dictionary)" => enumeration_order(),
        "enumeration: own first, then unshadowed defaults" => own_first(),
        "modify while enumerating" => nothing(count, BORROWED),
        "null key" => nothing(count, NO_NULL),
        "indexer set with an object that does not implement the key" => nothing(count, TYPED),
        "value types" => value_types(),
        "no lookup by base type or by implementation" => exact_keys(),
        "extensions" => extensions(),
        "FeatureReference" => feature_reference(),
        "FeatureReferences" => feature_references(),
        "replacing a feature under a live HttpContext" => replaced_request(),
        "connection features seen from the request (Kestrel h1)" => connection_features(),
        "DefaultHttpContext over an empty collection"
        | "new DefaultHttpContext()"
        | "HttpContext after Uninitialize" => nothing(count, FACADE),
        "Kestrel request collection, h1" | "Kestrel request collection, h2" => nothing(count, KESTREL),
        other => panic!("the case {other:?} is new: replay it"),
    }
}

fn new_collection() -> Vec<Step> {
    let features = FeatureCollection::new();
    vec![
        revision_is(&features),
        Nothing(NO_READ_ONLY),
        Same(format!("enumerate={}", enumerate(&features))),
        Same(format!("Get<IA>={}", ia(&features))),
        Same(format!("[IA]={}", ia(&features))),
    ]
}

fn revision() -> Vec<Step> {
    let mut features = FeatureCollection::new();
    let mut steps = Vec::new();
    let mut note = |what: &str, features: &FeatureCollection| {
        steps.push(Same(format!("{what} -> Revision {}", features.revision())));
    };
    features.set(a("a"));
    note("set a", &features);
    // What is set is owned: the same object is one that several boxes share.
    features.set(a("a"));
    note("set same a again", &features);
    features.set(a("b"));
    note("set other b", &features);
    features.take::<dyn IA>();
    note("set null", &features);
    features.take::<dyn IA>();
    note("set null again (absent)", &features);
    features.set(a("a"));
    note("indexer set", &features);
    features.take::<dyn IA>();
    note("indexer null", &features);
    features.take::<dyn IA>();
    note("indexer null again", &features);
    assert!(features.get::<dyn IA>().is_none());
    note("get", &features);
    features.set(b("b"));
    note("set IB", &features);
    steps
}

fn defaults_chain() -> Vec<Step> {
    let features = FeatureCollection::with_defaults(Arc::new(with([a("default")])));
    let mut steps = vec![Same(format!("new over defaults(rev 1) -> Revision {}", features.revision()))];

    // Frozen once shared: the change comes first.
    let mut defaults = with([a("default")]);
    defaults.set(b("b"));
    let defaults = Arc::new(defaults);
    let mut features = FeatureCollection::with_defaults(Arc::clone(&defaults));
    steps.push(Same(format!("change in defaults -> Revision {}", features.revision())));
    features.set(a("own"));
    steps.push(Same(format!(
        "own set -> {} Get={} defaults still {}",
        features.revision(),
        ia(&features),
        ia(&defaults)
    )));
    steps.push(Same(format!("enumerate {}", enumerate(&features))));
    features.take::<dyn IA>();
    steps.push(Same(format!("own removed -> {} Get={}", features.revision(), ia(&features))));
    features.take::<dyn IA>();
    steps.push(Same(format!("set null again -> {} Get={}", features.revision(), ia(&features))));
    let mut others = with([a("default")]);
    others.set(b("b"));
    others.take::<dyn IA>();
    features.set_defaults(Some(Arc::new(others)));
    assert_eq!(ia(&features), "null");
    steps.push(Otherwise(format!("default removed -> {} Get=null", features.revision()), FROZEN));
    steps
}

fn three_levels() -> Vec<Step> {
    let mut root = with([a("root")]);
    root.set::<String>(Box::new("root-string".to_owned()));
    let mut middle = FeatureCollection::with_defaults(Arc::new(root));
    middle.set(b("mid"));
    let mut features = FeatureCollection::with_defaults(Arc::new(middle));
    features.set(a("own"));
    vec![
        Same(format!("Revision={} (1 own + 1 mid + 2 root)", features.revision())),
        Same(format!("enumerate={}", enumerate(&features))),
        Same(format!("string={}", features.get::<String>().unwrap())),
        Same(format!("IB={}", ib(&features))),
    ]
}

fn enumeration_order() -> Vec<Step> {
    let mut features = FeatureCollection::new();
    features.set(b("1"));
    features.set(a("2"));
    features.set::<String>(Box::new("3".to_owned()));
    let mut steps = vec![Same(format!("set IB, IA, string: {}", enumerate(&features)))];
    features.set(a("2'"));
    steps.push(Same(format!("replace IA: {}", enumerate(&features))));
    features.take::<dyn IB>();
    steps.push(Same(format!("remove IB: {}", enumerate(&features))));
    features.set(b("1'"));
    steps.push(Otherwise(
        format!("re-add IB: {}", enumerate(&features)),
        "a freed place is not used again: the order is always that of setting",
    ));
    steps
}

fn own_first() -> Vec<Step> {
    let mut defaults = with([a("da")]);
    defaults.set::<String>(Box::new("ds".to_owned()));
    let mut features = FeatureCollection::with_defaults(Arc::new(defaults));
    features.set(b("ob"));
    features.set(a("oa"));
    vec![Same(enumerate(&features))]
}

fn value_types() -> Vec<Step> {
    let mut features = FeatureCollection::new();
    let absent = features.get::<i32>().map_or_else(|| "null".to_owned(), i32::to_string);
    features.set::<i32>(Box::new(5));
    vec![
        Otherwise(format!("Get<int>() absent -> {absent}"), OPTION),
        Same(format!("Get<int?>() absent -> {absent}")),
        Same(format!("Set(5), Get<int> -> {}", features.get::<i32>().unwrap())),
        Same(format!(
            "Get<int?>() with int stored -> {}",
            features.get::<Option<i32>>().map_or("null", |_| "found")
        )),
        Refused("Get<long> absent", features.required::<i64>().unwrap_err()),
    ]
}

fn exact_keys() -> Vec<Step> {
    let features = with([a("a")]);
    let found = |is_found: bool| if is_found { "found" } else { "null" };
    vec![
        Same(format!("Set<IA>, Get<FA> -> {}", found(features.contains::<Named>()))),
        Same(format!("Get<object> -> {}", found(features.contains::<dyn Any + Send + Sync>()))),
        Same(format!("Get<IB> -> {}", found(features.contains::<dyn IB>()))),
    ]
}

fn extensions() -> Vec<Step> {
    let features = FeatureCollection::new();
    vec![
        Refused("GetRequiredFeature<IA>() absent", features.required::<dyn IA>().err().unwrap()),
        Refused("GetRequiredFeature(typeof(IA)) absent", features.required::<dyn IA>().err().unwrap()),
        Nothing(NO_NULL),
        Nothing(NO_NULL),
        Refused("generic collection type absent", features.required::<Vec<i32>>().unwrap_err()),
    ]
}

/// A look-up is as quick as a cache would be; what the original's cache answers, it does.
fn feature_reference() -> Vec<Step> {
    let mut features = with([a("a")]);
    let mut steps = vec![Same(format!("Fetch={}", ia(&features)))];
    features.set(a("b"));
    steps.push(Same(format!("after set Fetch={}", ia(&features))));
    features.set(a("c"));
    let revision = features.revision();
    steps.push(Same(format!("after Update Get={0} rev={revision} Fetch={0}", ia(&features))));
    features.take::<dyn IA>();
    steps.push(Same(format!("after remove Fetch={}", ia(&features))));
    steps
}

fn feature_references() -> Vec<Step> {
    let mut calls = 0;
    let mut fetch = |features: &mut FeatureCollection| {
        let made = features.get_or_insert_with(|| {
            calls += 1;
            a(&format!("made{calls}"))
        });
        (made.name().to_owned(), calls)
    };
    let mut features = FeatureCollection::new();
    let (name, calls) = fetch(&mut features);
    let revision = features.revision();
    let mut steps = vec![Same(format!(
        "first Fetch={name} factory calls={calls} collection Revision={revision} refs.Revision={revision}"
    ))];
    let (name, calls) = fetch(&mut features);
    steps.push(Same(format!("second Fetch={name} calls={calls}")));
    features.set(b("unrelated"));
    let (name, calls) = fetch(&mut features);
    steps.push(Same(format!("after an unrelated set Fetch={name} calls={calls}")));
    features.take::<dyn IA>();
    let (name, calls) = fetch(&mut features);
    steps.push(Same(format!("after removal Fetch={name} calls={calls}")));
    steps.push(Nothing(NO_NULL));
    steps.push(Nothing("a collection that has been given back is not there to be asked"));
    steps
}

fn replaced_request() -> Vec<Step> {
    let mut features = FeatureCollection::new();
    features.set::<dyn HttpRequestFeature>(Box::<PlainRequest>::default());
    features.set::<dyn HttpResponseFeature>(Box::<PlainResponse>::default());
    features.set(a("stands for the body"));
    let before = features.revision();
    let request = PlainRequest { path: "/new".to_owned(), ..PlainRequest::default() };
    features.set::<dyn HttpRequestFeature>(Box::new(request));
    let path = features.get::<dyn HttpRequestFeature>().unwrap().path();
    vec![Same(format!("Revision {before} -> {}", features.revision())), Same(format!("Request.Path={path}"))]
}

fn connection_features() -> Vec<Step> {
    let mut features = FeatureCollection::with_defaults(Arc::new(with([a("conn")])));
    let is_enumerated = features.iter().any(|entry| entry.name() == "IA");
    let mut steps = nothing(4, KESTREL);
    steps.push(Otherwise(
        format!("request sees IA={} enumerated={is_enumerated}", ia(&features)),
        "the iteration shows what a look-up finds, as in the original's standard collection",
    ));
    features.set(a("req"));
    steps.push(Same(format!("request override={}", ia(&features))));
    features.take::<dyn IA>();
    steps.push(Same(format!("removed -> {}", ia(&features))));
    steps
}

trait IA: Feature {
    fn name(&self) -> &str;
}

trait IB: Feature {
    fn name(&self) -> &str;
}

struct Named(String);

impl IA for Named {
    fn name(&self) -> &str {
        &self.0
    }
}

impl IB for Named {
    fn name(&self) -> &str {
        &self.0
    }
}

fn a(name: &str) -> Box<dyn IA> {
    Box::new(Named(name.to_owned()))
}

fn b(name: &str) -> Box<dyn IB> {
    Box::new(Named(name.to_owned()))
}

fn with<const N: usize>(features: [Box<dyn IA>; N]) -> FeatureCollection {
    let mut collection = FeatureCollection::new();
    for feature in features {
        collection.set(feature);
    }
    collection
}

fn ia(features: &FeatureCollection) -> &str {
    features.get::<dyn IA>().map_or("null", IA::name)
}

fn ib(features: &FeatureCollection) -> &str {
    features.get::<dyn IB>().map_or("null", IB::name)
}

fn revision_is(features: &FeatureCollection) -> Step {
    Same(format!("Revision={}", features.revision()))
}

fn enumerate(features: &FeatureCollection) -> String {
    let text = |entry: &Entry| {
        let own = entry.feature::<dyn IA>().map(IA::name);
        let value = own
            .or_else(|| entry.feature::<dyn IB>().map(IB::name))
            .or_else(|| entry.feature::<String>().map(String::as_str));
        format!("{}={}", entry.name(), value.unwrap_or("?"))
    };
    format!("[{}]", features.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn nothing(count: usize, reason: &'static str) -> Vec<Step> {
    (0..count).map(|_| Nothing(reason)).collect()
}
