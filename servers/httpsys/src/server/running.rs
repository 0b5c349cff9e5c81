//! A server that has been started, and its end.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use falconry_features::{Deadline, FeatureCollection, HttpApplication, ServerAddressesFeature, ServerError};
use tokio::task::JoinHandle;

use super::{ServerShared, accept, outstanding::Outstanding, prefixes, shared::Registered};
use crate::{
    HttpSysOptions, RequestQueueMode, UrlPrefix,
    direct::Directs,
    driver::{
        CreateQueueFlags, Driver, DriverFeature, Http503Verbosity, RequestQueue, RequestQueueOptions,
        RequestQueueProperty, ServerSession, UrlGroup, UrlGroupProperty, Win32Error,
    },
    exchange::{ExchangePool, LiveSchemes, ServerSettings},
};

/// How many requests may wait in a queue of which nothing was said.
const DEFAULT_QUEUE_LIMIT: u32 = 1000;

pub(super) struct Running {
    pub(super) shared: Arc<ServerShared>,
    pub(super) group: Arc<dyn UrlGroup>,
    pub(super) queue: Arc<dyn RequestQueue>,
    /// False if the queue was there before.
    pub(super) has_made_queue: bool,
    session: Arc<dyn ServerSession>,
    loops: Vec<JoinHandle<()>>,
    last_id: AtomicU64,
}

impl Running {
    pub(super) async fn start(
        options: &HttpSysOptions,
        driver: &Arc<dyn Driver>,
        addresses: &dyn ServerAddressesFeature,
        features: &Arc<FeatureCollection>,
        application: Arc<dyn HttpApplication>,
    ) -> Result<Self, ServerError> {
        let session = driver.create_server_session().await.map_err(|error| match driver.failure() {
            Some(failure) => ServerError::io(failure).with_source(error),
            None => refused("a server session", error),
        })?;
        let (queue, has_made_queue) = open_queue(options, &**driver).await?;
        let group = session.create_url_group().await.map_err(|error| refused("a url group", error))?;
        let shared = Arc::new(ServerShared {
            application,
            settings: Arc::new(settings(options, driver)),
            features: Arc::clone(features),
            exchanges: ExchangePool::default(),
            outstanding: Outstanding::default(),
            directs: Directs::default(),
            allow_anonymous: options.authentication.allow_anonymous,
            use_latin1_request_headers: options.use_latin1_request_headers,
            prefixes: RwLock::default(),
            stopping: AtomicBool::new(false),
        });
        let mut running = Self {
            shared,
            group,
            queue,
            has_made_queue,
            session,
            loops: Vec::new(),
            last_id: AtomicU64::new(0),
        };
        if let Err(error) = running.begin(options, addresses).await {
            running.stop(Deadline::now()).await;
            return Err(error);
        }
        Ok(running)
    }

    async fn begin(
        &mut self,
        options: &HttpSysOptions,
        addresses: &dyn ServerAddressesFeature,
    ) -> Result<(), ServerError> {
        // Before the prefixes: a request that arrives with them finds its receiver.
        let prefers_inline = options.unsafe_prefer_inline_scheduling != Some(false);
        if !(prefers_inline && accept::inline(&*self.queue, &self.shared)) {
            self.loops = accept::loops(&self.queue, &self.shared, options.max_accepts());
        }
        if options.request_queue_mode == RequestQueueMode::Attach {
            // Whoever has made the queue has said what holds for it.
            return Ok(());
        }
        self.apply(options).await?;
        for prefix in prefixes::wanted(options, addresses, self.has_made_queue)? {
            self.add(&prefix).await?;
        }
        Ok(())
    }

    /// Sets what is not as it is by itself.
    async fn apply(&self, options: &HttpSysOptions) -> Result<(), ServerError> {
        if let Some(max) = options.max_connections() {
            self.set(UrlGroupProperty::MaxConnections(u32::try_from(max).ok())).await?;
        }
        if self.has_made_queue && options.request_queue_limit() != DEFAULT_QUEUE_LIMIT {
            self.set_queue(RequestQueueProperty::Length(options.request_queue_limit())).await?;
        }
        if self.has_made_queue && options.http_503_verbosity != Http503Verbosity::Basic {
            self.set_queue(RequestQueueProperty::Verbosity503(options.http_503_verbosity)).await?;
        }
        if !options.authentication.schemes.is_empty() {
            self.set(UrlGroupProperty::Authentication(options.authentication.info())).await?;
        }
        if options.timeouts.limits() != Default::default() {
            self.set(UrlGroupProperty::Timeouts(options.timeouts.limits())).await?;
        }
        self.set(UrlGroupProperty::Binding(Some(Arc::clone(&self.queue)))).await
    }

    pub(super) async fn set(&self, property: UrlGroupProperty) -> Result<(), ServerError> {
        let what = format!("{property:?}");
        self.group.set_property(property).await.map_err(|error| refused(&what, error))
    }

    pub(super) async fn set_queue(&self, property: RequestQueueProperty) -> Result<(), ServerError> {
        self.queue.set_property(property).await.map_err(|error| refused(&format!("{property:?}"), error))
    }

    /// Registers a prefix. One that another process has registered for the same queue is fine.
    pub(super) async fn add(&self, prefix: &UrlPrefix) -> Result<UrlPrefix, ServerError> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        // Its requests may come before the registration returns.
        let registered = match prefix.port() {
            0 => None,
            _ => Some(prefix.clone()),
        };
        if let Some(prefix) = &registered {
            self.note(id, prefix);
        }
        match prefixes::register(&*self.group, prefix, id).await {
            Ok(prefix) => {
                tracing::info!(%prefix, "RegisteringPrefix: listening on a prefix");
                if registered.is_none() {
                    self.note(id, &prefix);
                }
                Ok(prefix)
            }
            Err(error) => {
                if error.is_address_in_use() && !self.has_made_queue && self.is_ours(prefix).await {
                    return Ok(prefix.clone());
                }
                self.forget(|registered| registered.id == id);
                Err(error)
            }
        }
    }

    /// Takes a prefix back; false if it was not there.
    pub(super) async fn remove(&self, prefix: &UrlPrefix) -> bool {
        let known = self.prefixes().contains(prefix);
        if known {
            tracing::info!(%prefix, "UnregisteringPrefix: stop listening on a prefix");
            if let Err(error) = self.group.remove_url(prefix.as_str()).await {
                tracing::debug!(%error, %prefix, "the prefix had gone already");
            }
            self.forget(|registered| *registered.prefix == *prefix);
        }
        known
    }

    pub(super) fn prefixes(&self) -> Vec<UrlPrefix> {
        let prefixes = self.shared.prefixes.read().unwrap_or_else(PoisonError::into_inner);
        prefixes.iter().map(|registered| UrlPrefix::clone(&registered.prefix)).collect()
    }

    pub(super) fn group(&self) -> Arc<dyn UrlGroup> {
        Arc::clone(&self.group)
    }

    /// Takes no more requests, waits for those under way, and gives up what is left at the deadline.
    pub(super) async fn stop(self, deadline: Deadline) {
        for prefix in self.prefixes() {
            // First: where nobody else listens, connections end with what is under way.
            if let Err(error) = self.group.remove_url(prefix.as_str()).await {
                tracing::debug!(%error, %prefix, "the prefix had gone already");
            }
        }
        self.shared.stopping.store(true, Ordering::Release);
        let count = self.shared.outstanding.count();
        if count > 0 {
            tracing::info!(count, "WaitingForRequestsToDrain: stopping, waiting for requests to drain");
        }
        if deadline.limit(self.shared.outstanding.all_ended()).await.is_none() {
            tracing::info!(
                count = self.shared.outstanding.count(),
                "StopCancelled: not all requests have ended"
            );
            self.shared.exchanges.abort_all();
            self.shared.directs.abort_all();
        }
        // Detached: what still arrives is answered by 503.
        if let Err(error) = self.group.set_property(UrlGroupProperty::Binding(None)).await {
            tracing::debug!(%error, "the url group could not be detached");
        }
        self.queue.set_inline_receiver(None);
        let closed = [self.queue.close().await, self.group.close().await, self.session.close(deadline).await];
        for error in closed.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "CloseUrlGroupError: the driver could not close what it has opened");
        }
        self.loops.iter().for_each(JoinHandle::abort);
        self.shared.exchanges.close();
    }

    fn note(&self, id: u64, prefix: &UrlPrefix) {
        let mut prefixes = self.shared.prefixes.write().unwrap_or_else(PoisonError::into_inner);
        prefixes.push(Registered { id, prefix: Arc::new(prefix.clone()) });
    }

    fn forget(&self, which: impl Fn(&Registered) -> bool) {
        let mut prefixes = self.shared.prefixes.write().unwrap_or_else(PoisonError::into_inner);
        prefixes.retain(|registered| !which(registered));
    }

    async fn is_ours(&self, prefix: &UrlPrefix) -> bool {
        self.group.is_registered_for(prefix.as_str(), &self.queue).await.unwrap_or_default()
    }
}

fn settings(options: &HttpSysOptions, driver: &Arc<dyn Driver>) -> ServerSettings {
    ServerSettings {
        driver: Arc::clone(driver),
        schemes: LiveSchemes::new(options.authentication.schemes),
        client_certificate_method: options.client_certificate_method,
        automatic_authentication: options.authentication.automatic_authentication,
        enable_response_caching: options.enable_response_caching,
        throw_write_exceptions: options.throw_write_exceptions,
        buffers_responses: options.enable_kernel_response_buffering,
        max_request_body_size: options.max_request_body_size(),
        driver_frames: driver.is_feature_supported(DriverFeature::ResponseFraming),
        can_go_away: AtomicBool::new(driver.is_feature_supported(DriverFeature::GoAway)),
    }
}

/// Makes the queue or opens it; true if it is new.
async fn open_queue(
    options: &HttpSysOptions,
    driver: &dyn Driver,
) -> Result<(Arc<dyn RequestQueue>, bool), ServerError> {
    let name = options.request_queue_name();
    let open = |flags| {
        driver.create_request_queue(RequestQueueOptions {
            name: name.map(str::to_owned),
            flags,
            security_descriptor: options
                .request_queue_security_descriptor
                .clone()
                .filter(|_| flags == CreateQueueFlags::Create),
        })
    };
    let shown = name.unwrap_or("without a name");
    let mode = options.request_queue_mode;
    let flags = match mode {
        RequestQueueMode::Attach => CreateQueueFlags::OpenExisting,
        RequestQueueMode::Create | RequestQueueMode::CreateOrAttach => CreateQueueFlags::Create,
    };
    let opened = match open(flags).await {
        Ok(queue) => Ok((queue, flags == CreateQueueFlags::Create)),
        Err(Win32Error::ALREADY_EXISTS) if mode == RequestQueueMode::CreateOrAttach => {
            tracing::info!(
                queue = shown,
                "AttachedToQueue: the queue is there already; some options do not apply"
            );
            open(CreateQueueFlags::OpenExisting).await.map(|queue| (queue, false))
        }
        Err(error) => Err(error),
    };
    opened.map_err(|error| {
        let failure = match error {
            Win32Error::ALREADY_EXISTS => ServerError::address_in_use(format!(
                "the request queue '{shown}' exists already; attach to it, or choose another name"
            )),
            Win32Error::FILE_NOT_FOUND => ServerError::options(format!(
                "the request queue '{shown}' could not be found; start the server that makes it first"
            )),
            Win32Error::ACCESS_DENIED => ServerError::options(format!(
                "the request queue '{shown}' may not be opened: another user has made it; run as that user, or choose \
                 another name"
            )),
            Win32Error::INVALID_NAME => {
                ServerError::options(format!("the name of the request queue '{shown}' is invalid"))
            }
            _ => return refused("the request queue", error),
        };
        failure.with_source(error)
    })
}

fn refused(what: &str, error: Win32Error) -> ServerError {
    ServerError::io(format!("HTTP.sys refused {what}")).with_source(error)
}
