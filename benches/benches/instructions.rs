//! What the contract costs for each request, in instructions: `cargo xtask instructions`.
//!
//! No server and no system is part of it: features are plain structs, and what the application writes is dropped.

#![allow(missing_docs, unused_qualifications, reason = "the macros of the harness write such code")]

use std::{
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry::{HostingApplication, HttpContext, Next, Pipeline, Result, features::*};
use gungraun::{library_benchmark, library_benchmark_group, main};
use http::{HeaderMap, Method};

/// Takes everything at once.
struct Nowhere;

impl ResponseSink for Nowhere {
    fn poll_head(
        &mut self,
        _: &mut Context<'_>,
        head: &ResponseHead,
        framing: BodyFraming,
    ) -> Poll<Result<(), FeatureError>> {
        black_box((head, framing));
        Poll::Ready(Ok(()))
    }

    fn poll_data(&mut self, _: &mut Context<'_>, data: &mut Bytes) -> Poll<Result<(), FeatureError>> {
        black_box(std::mem::take(data));
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FeatureError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_end(&mut self, _: &mut Context<'_>, _: Option<&HeaderMap>) -> Poll<Result<(), FeatureError>> {
        Poll::Ready(Ok(()))
    }
}

/// What a server has at hand when a request comes on a connection that has had one already.
struct Ready {
    application: HostingApplication,
    features: FeatureCollection,
}

impl Ready {
    fn new(pipeline: Pipeline) -> Self {
        let application = HostingApplication::new(pipeline);
        let features = run(&application, filled(FeatureCollection::new()));
        Self { application, features: filled(features) }
    }
}

/// With the features of a new request.
fn filled(mut features: FeatureCollection) -> FeatureCollection {
    features.set::<dyn HttpRequestFeature>(Box::new(PlainRequest::default()));
    features.set::<dyn HttpResponseFeature>(Box::new(PlainResponse::default()));
    features.set::<dyn HttpResponseBodyFeature>(Box::new(PlainResponseBody::new(Method::GET, Nowhere)));
    features
}

fn run(application: &dyn HttpApplication, features: FeatureCollection) -> FeatureCollection {
    let outcome = pin!(run_request(application, features)).poll(&mut Context::from_waker(Waker::noop()));
    match outcome {
        Poll::Ready(RequestOutcome { features: Some(features), error: None, .. }) => features,
        _ => panic!("the request is answered at once"),
    }
}

async fn hello(ctx: &mut HttpContext) -> Result {
    ctx.response_mut().write("Hello World!").await
}

async fn pass(ctx: &mut HttpContext, next: Next<'_>) -> Result {
    next.run(ctx).await
}

fn alone() -> Ready {
    Ready::new(Pipeline::new().run(hello))
}

fn behind_three() -> Ready {
    Ready::new(Pipeline::new().use_fn(pass).use_fn(pass).use_fn(pass).run(hello))
}

#[library_benchmark]
#[bench::alone(alone())]
#[bench::behind_three(behind_three())]
fn request(ready: Ready) -> FeatureCollection {
    run(&ready.application, black_box(ready.features))
}

#[library_benchmark]
#[bench::three(alone())]
fn look_up(mut ready: Ready) -> Ready {
    let features = &mut ready.features;
    black_box(features.get::<dyn HttpRequestFeature>().is_some());
    black_box(features.get_mut::<dyn HttpResponseFeature>().is_some());
    black_box(features.get_mut::<dyn HttpResponseBodyFeature>().is_some());
    ready
}

library_benchmark_group!(name = contract; benchmarks = request, look_up);

main!(library_benchmark_groups = contract);
