//! The collection of a request's features.

use std::collections::BTreeSet;

use falconry_features::{
    Feature, HttpConnectionFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpResponseBodyFeature, HttpResponseFeature, Key, PlainRequest,
};

use super::features::names;
use crate::{journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "collection";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "an_absent_feature_is_none",
        "What a server cannot do is an absent feature.",
        "ASP.NET Core: IFeatureCollection.Get",
        absent,
    ),
    Trial::new(
        AREA,
        "a_feature_that_is_set_is_found_from_then_on",
        "Setting replaces what the rest of the pipeline finds, and gives what was there before.",
        "ASP.NET Core: IFeatureCollection.Set",
        set,
    ),
    Trial::new(
        AREA,
        "a_feature_that_is_taken_is_gone",
        "Removing an own entry leaves what lies underneath.",
        "ASP.NET Core: IFeatureCollection.Set (null)",
        take,
    ),
    Trial::new(
        AREA,
        "the_revision_grows_with_each_change",
        "Equal revisions mean that nothing has changed.",
        "ASP.NET Core: IFeatureCollection.Revision",
        revision,
    ),
    Trial::new(
        AREA,
        "two_features_can_be_had_for_change_at_once",
        "Request, response and body are different objects.",
        "falconry: FeatureCollection::get_many_mut",
        many,
    ),
    Trial::new(
        AREA,
        "what_middleware_set_is_gone_with_the_next_request",
        "Server-made collections are as new for every request.",
        "ASP.NET Core: Kestrel resets its collection per request",
        set_is_undone,
    ),
    Trial::new(
        AREA,
        "what_middleware_took_is_back_with_the_next_request",
        "Server-made collections are as new for every request.",
        "ASP.NET Core: Kestrel resets its collection per request",
        take_is_undone,
    ),
];

trait Marker: Feature {}
impl Marker for u8 {}

fn absent(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().get::<dyn Marker>().is_none());
            seen.push(ctx.features().required::<dyn Marker>().is_err_and(|error| error.is_invalid_state()));
            Ok(())
        })
    });
    server.get("/");
    assert_eq!(seen.wait(2), [true, true]);
}

fn set(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let replacement = PlainRequest { path: "/replaced".to_owned(), ..PlainRequest::default() };
            let before = ctx.features_mut().set::<dyn HttpRequestFeature>(Box::new(replacement));
            seen.push(ctx.request().path());
            seen.push(before.as_ref().map_or("nothing", |before| before.path()));
            if let Some(before) = before {
                ctx.features_mut().set(before);
            }
            seen.push(ctx.request().path());
            Ok(())
        })
    });
    assert_eq!(server.get("/mine").status(), 200);
    assert_eq!(seen.wait(3), ["/replaced", "/mine", "/mine"]);
}

fn take(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let features = ctx.features_mut();
            features.set::<dyn Marker>(Box::new(1_u8));
            seen.push(features.take::<dyn Marker>().is_some());
            seen.push(features.contains::<dyn Marker>());
            let revision = features.revision();
            seen.push(features.take::<dyn Marker>().is_some());
            seen.push(features.revision() == revision);
            Ok(())
        })
    });
    assert_eq!(server.get("/").status(), 200);
    assert_eq!(seen.wait(4), [true, false, false, true]);
}

fn revision(stage: &Stage) {
    let seen = Journal::<u64>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let features = ctx.features_mut();
            seen.push(features.revision());
            features.set::<dyn Marker>(Box::new(1_u8));
            seen.push(features.revision());
            features.set::<dyn Marker>(Box::new(1_u8));
            seen.push(features.revision());
            features.take::<dyn Marker>();
            seen.push(features.revision());
            Ok(())
        })
    });
    server.get("/");
    let revisions = seen.wait(4);
    assert!(revisions.is_sorted_by(|before, after| before < after), "{revisions:?}");
}

fn many(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            type Wanted =
                (Key<dyn HttpRequestFeature>, Key<dyn HttpResponseFeature>, Key<dyn HttpResponseBodyFeature>);
            let (request, response, body) =
                ctx.features_mut().get_many_mut::<Wanted>().ok_or("they cannot be had at once")?;
            request.set_path("/changed");
            response.set_status_code(http::StatusCode::ACCEPTED)?;
            body.disable_buffering();
            Ok(())
        })
    });
    assert_eq!(server.get("/").status(), 202);
}

fn set_is_undone(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(format!("{} {}", ctx.request().path(), ctx.features().contains::<dyn Marker>()));
            let replacement = PlainRequest { path: "/replaced".to_owned(), ..PlainRequest::default() };
            ctx.features_mut().set::<dyn HttpRequestFeature>(Box::new(replacement));
            ctx.features_mut().set::<dyn Marker>(Box::new(1_u8));
            Ok(())
        })
    });
    let mut client = server.client();
    for path in ["/1", "/2", "/3"] {
        assert_eq!(client.get(path).status(), 200);
    }
    assert_eq!(seen.wait(3), ["/1 false", "/2 false", "/3 false"]);
}

fn take_is_undone(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let names = names(ctx.features()).into_iter().collect::<BTreeSet<_>>();
            seen.push(names.into_iter().collect::<Vec<_>>().join(" "));
            let features = ctx.features_mut();
            features.take::<dyn HttpConnectionFeature>();
            features.take::<dyn HttpRequestIdentifierFeature>();
            features.take::<dyn HttpRequestBodyDetectionFeature>();
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    client.get("/");
    let seen = seen.wait(2);
    assert_eq!(seen[0], seen[1]);
}
