//! An application over the bare contract that notes how it is called.

use std::sync::Arc;

use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpResponseFeature, Processed,
};

use crate::journal::Journal;

/// Runs `handler` over the bare contract and notes the steps.
pub(super) struct Recorder<F> {
    pub(super) seen: Journal<String>,
    pub(super) refuses: fn(&FeatureCollection) -> bool,
    pub(super) handler: F,
}

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

pub(super) type Handler =
    for<'a> fn(Journal<String>, &'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>>;

impl HttpApplication for Recorder<Handler> {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        self.seen.push("create");
        if (self.refuses)(&features) {
            return Err("no context for this one".into());
        }
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let (seen, handler) = (self.seen.clone(), self.handler);
        Box::pin(async move {
            seen.push("process");
            let result = handler(seen, context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(
        &self,
        mut context: Box<dyn HostContext>,
        error: Option<&BoxError>,
    ) -> FeatureCollection {
        self.seen.push(error.map_or_else(|| "dispose".to_owned(), |error| format!("dispose: {error}")));
        std::mem::take(context.features_mut())
    }
}

pub(super) fn record(handler: Handler) -> (Journal<String>, Arc<dyn HttpApplication>) {
    let seen = Journal::new();
    (seen.clone(), Arc::new(Recorder { seen, refuses: |_| false, handler }))
}

pub(super) fn response(features: &mut FeatureCollection) -> Result<&mut dyn HttpResponseFeature, BoxError> {
    Ok(features.required_mut::<dyn HttpResponseFeature>()?)
}

pub(super) fn on_starting(
    features: &mut FeatureCollection,
    seen: &Journal<String>,
    name: &str,
) -> Result<(), BoxError> {
    let (seen, name) = (seen.clone(), name.to_owned());
    Ok(response(features)?.on_starting(Box::new(move |_| {
        Box::pin(async move {
            seen.push(name);
            Ok(())
        })
    }))?)
}

pub(super) fn on_completed(
    features: &mut FeatureCollection,
    seen: &Journal<String>,
    name: &str,
) -> Result<(), BoxError> {
    let (seen, name) = (seen.clone(), name.to_owned());
    response(features)?.on_completed(Box::new(move || {
        Box::pin(async move {
            seen.push(name);
            Ok(())
        })
    }));
    Ok(())
}
