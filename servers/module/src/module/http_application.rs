//! The module as what servers run.

use falconry_features::{BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, Processed};

use super::Module;

impl HttpApplication for Module {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        Ok(Box::new(Context { features }))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let module = self.clone();
        Box::pin(async move {
            let result = module.handle(context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(&self, mut context: Box<dyn HostContext>, _: Option<&BoxError>) -> FeatureCollection {
        std::mem::take(context.features_mut())
    }
}

struct Context {
    features: FeatureCollection,
}

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.features
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.features
    }
}
