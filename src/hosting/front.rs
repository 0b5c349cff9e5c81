//! What the configuration puts in front of the application.

use std::sync::Arc;

use super::{ApplicationLifetime, Configuration, ConfigurationError};
use crate::{
    Handler, Pipeline,
    middleware::{
        ForwardedFields, ForwardedHeaders, ForwardedHeadersOptions, HostFiltering, IisIntegration,
        IisOptions, ModuleEnvironment,
    },
};

/// What the configuration puts in front of the application, and says about its address.
#[derive(Debug)]
pub(super) struct Front {
    host_filtering: Option<HostFiltering>,
    trusts_forwarded_headers: bool,
    module: Option<ModuleEnvironment>,
}

impl Front {
    /// `module` is what the environment says; it counts unless the integration is switched off, and
    /// then decides where the server listens.
    pub(super) fn new(
        configuration: &mut Configuration,
        module: Result<Option<ModuleEnvironment>, ConfigurationError>,
    ) -> Result<Self, ConfigurationError> {
        let is_integrated = configuration.flag("iisIntegration")?.unwrap_or(true);
        let module = if is_integrated { module? } else { None };
        if let Some(module) = &module {
            // Nobody would find the program anywhere else.
            configuration.set("urls", module.url());
            configuration.set("preferHostingUrls", "true");
        }
        Ok(Self {
            host_filtering: configuration.filled("AllowedHosts").and_then(HostFiltering::from_list),
            trusts_forwarded_headers: configuration.flag("ForwardedHeaders_Enabled")?.unwrap_or_default(),
            module,
        })
    }

    /// The handler with all this in front of it, outermost first.
    pub(super) fn before(
        self,
        handler: impl Handler,
        options: IisOptions,
        lifetime: &ApplicationLifetime,
    ) -> Arc<dyn Handler> {
        let Self { host_filtering, trusts_forwarded_headers, module } = self;
        if host_filtering.is_none() && !trusts_forwarded_headers && module.is_none() {
            return Arc::new(handler);
        }
        let mut pipeline = Pipeline::new();
        if let Some(host_filtering) = host_filtering {
            pipeline = pipeline.use_(host_filtering);
        }
        if trusts_forwarded_headers {
            pipeline = pipeline.use_(ForwardedHeaders::new(ForwardedHeadersOptions::trusting_everybody()));
        }
        if let Some(module) = module {
            pipeline = pipeline.use_(module.path_base());
            // Once is enough: each takes a value of its own.
            if !trusts_forwarded_headers {
                pipeline = pipeline.use_(ForwardedHeaders::new(of_module()));
            }
            pipeline = pipeline.use_(IisIntegration::new(module, options, lifetime.clone()));
        }
        Arc::new(pipeline.run(handler))
    }
}

/// The module says address and scheme, from this machine.
fn of_module() -> ForwardedHeadersOptions {
    ForwardedHeadersOptions {
        forwarded_headers: ForwardedFields::FOR | ForwardedFields::PROTO,
        ..ForwardedHeadersOptions::default()
    }
}
