//! What outlives a request: the state that its successor meets again, and the heartbeat of its connection.

use std::{sync::Mutex, time::Instant};

use falconry_features::{
    ConnectionHeartbeatFeature, FeatureCollection, Items, ItemsFeature, PersistentStateFeature, PlainItems,
};

use crate::{Capability::*, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "kept";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "persistent_state_is_met_again_by_the_next_request",
        "What a request leaves in its persistent state is there for the next one on the connection.",
        "ASP.NET Core: IPersistentStateFeature",
        state_is_met_again,
    )
    .needs(&[PersistentState, KeepAlive]),
    Trial::new(
        AREA,
        "persistent_state_outlives_replaced_features",
        "A collection that was changed is made anew, and has the same persistent state.",
        "ASP.NET Core: IPersistentStateFeature; Kestrel resets its collection per request",
        state_outlives_the_collection,
    )
    .needs(&[PersistentState, KeepAlive]),
    Trial::new(
        AREA,
        "persistent_state_comes_back_from_middleware_that_hid_it",
        "Middleware that puts its own persistent state in the place of the server's does so for one request.",
        "ASP.NET Core: Kestrel resets its collection per request",
        state_comes_back,
    )
    .needs(&[PersistentState, KeepAlive]),
    Trial::new(
        AREA,
        "connections_do_not_share_persistent_state",
        "A new connection begins without any state.",
        "ASP.NET Core: IPersistentStateFeature",
        state_is_of_one_connection,
    )
    .needs(&[PersistentState]),
    Trial::new(
        AREA,
        "a_connection_beats_about_once_a_second",
        "What was registered is called again and again while the connection lives, requests or not.",
        "ASP.NET Core: IConnectionHeartbeatFeature",
        beats,
    )
    .needs(&[Heartbeat, KeepAlive]),
    Trial::new(
        AREA,
        "a_heart_stops_with_its_connection",
        "What was registered is dropped when the connection has ended.",
        "ASP.NET Core: IConnectionHeartbeatFeature",
        stops_beating,
    )
    .needs(&[Heartbeat]),
    Trial::new(
        AREA,
        "a_callback_that_panics_hurts_nobody",
        "Other callbacks are called, requests are answered.",
        "ASP.NET Core: errors of a heartbeat are logged",
        panicking,
    )
    .needs(&[Heartbeat, KeepAlive]),
];

/// Counts the requests that have met one state; how many there were.
fn visit(features: &mut FeatureCollection) -> falconry::Result<u32> {
    struct Visits(u32);
    let state = features.required_mut::<dyn PersistentStateFeature>()?.state_mut();
    let visits = state.remove::<Visits>().map_or(1, |visits| visits.0 + 1);
    state.insert(Visits(visits));
    Ok(visits)
}

fn state_is_met_again(stage: &Stage) {
    let seen = Journal::<u32>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(visit(ctx.features_mut())?);
            Ok(())
        })
    });
    let mut client = server.client();
    (0..3).for_each(|_| drop(client.get("/")));
    assert_eq!(seen.wait(3), [1, 2, 3]);
}

fn state_outlives_the_collection(stage: &Stage) {
    let seen = Journal::<u32>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(visit(ctx.features_mut())?);
            ctx.features_mut().set::<dyn ItemsFeature>(Box::<PlainItems>::default());
            Ok(())
        })
    });
    let mut client = server.client();
    (0..3).for_each(|_| drop(client.get("/")));
    assert_eq!(seen.wait(3), [1, 2, 3]);
}

/// Middleware's own.
#[derive(Default)]
struct Hiding(Items);

impl PersistentStateFeature for Hiding {
    fn state(&self) -> &Items {
        &self.0
    }

    fn state_mut(&mut self) -> &mut Items {
        &mut self.0
    }
}

fn state_comes_back(stage: &Stage) {
    let seen = Journal::<u32>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            if ctx.request().path() == "/hidden" {
                ctx.features_mut().set::<dyn PersistentStateFeature>(Box::<Hiding>::default());
            }
            seen.push(visit(ctx.features_mut())?);
            Ok(())
        })
    });
    let mut client = server.client();
    ["/", "/hidden", "/"].into_iter().for_each(|target| drop(client.get(target)));
    assert_eq!(seen.wait(3), [1, 1, 2]);
}

fn state_is_of_one_connection(stage: &Stage) {
    let seen = Journal::<u32>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(visit(ctx.features_mut())?);
            Ok(())
        })
    });
    server.get("/");
    server.get("/");
    assert_eq!(seen.wait(2), [1, 1]);
}

fn beats(stage: &Stage) {
    let seen = Journal::<Instant>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            if ctx.request().path() == "/register" {
                let heartbeat = ctx.features().required::<dyn ConnectionHeartbeatFeature>()?;
                heartbeat.on_heartbeat(Box::new(move || seen.push(Instant::now())));
            }
            Ok(())
        })
    });
    let begun = Instant::now();
    let mut client = server.client();
    client.get("/register");
    seen.wait(1);
    client.get("/");
    let seen = seen.wait(3);
    // A busy machine makes a beat late. It must not make the next one come at once.
    let pauses =
        [begun, seen[0], seen[1], seen[2]].windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
    assert!(pauses.iter().all(|pause| pause.as_millis() >= 500), "{pauses:?}");
}

/// Tells the journal when it goes.
struct Farewell(Journal<String>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.push("gone");
    }
}

fn stops_beating(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let heartbeat = ctx.features().required::<dyn ConnectionHeartbeatFeature>()?;
            let farewell = Farewell(seen);
            heartbeat.on_heartbeat(Box::new(move || farewell.0.push("beat")));
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    seen.wait(1);
    drop(client);
    let seen = seen.wait_until("the end of the connection", |seen| seen.iter().any(|entry| entry == "gone"));
    assert_eq!(seen.last().map(String::as_str), Some("gone"), "{seen:?}");
}

fn panicking(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let heartbeat = ctx.features().required::<dyn ConnectionHeartbeatFeature>()?;
            let once = Mutex::new(Some(()));
            let first = seen.clone();
            heartbeat.on_heartbeat(Box::new(move || {
                first.push("first");
                assert!(once.lock().map_or(true, |mut once| once.take().is_none()), "the test's own panic");
            }));
            heartbeat.on_heartbeat(Box::new(move || seen.push("second")));
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    let seen = seen.wait(4);
    assert_eq!(seen[..4], ["first", "second", "first", "second"]);
    assert_eq!(client.get("/").status(), 200);
}
