//! Sessions and url groups of the portable driver.

use std::{
    fmt,
    sync::{Arc, Mutex, Weak},
};

use falconry_features::{CancellationToken, Deadline};
use tokio::task::JoinHandle;

use super::{Kernel, connections::GroupConnections, lock, port::Retirement, queue::Queue, ready};
use crate::{
    UrlPrefix,
    driver::{
        AuthenticationInfo, DriverFuture, RequestQueue, ServerSession, TimeoutLimits, UrlGroup,
        UrlGroupProperty, Win32Error,
    },
};

/// A session: it waits for the ends of the listeners that its groups were the last to use.
#[derive(Debug)]
pub(super) struct Session {
    kernel: Arc<Kernel>,
    shared: Arc<SessionShared>,
    groups: Mutex<Vec<Weak<GroupHandle>>>,
}

#[derive(Debug, Default)]
pub(super) struct SessionShared {
    retirements: Mutex<Vec<JoinHandle<()>>>,
    /// Connections without a use end at once.
    ends: CancellationToken,
}

impl Session {
    pub(super) fn new(kernel: Arc<Kernel>) -> Self {
        Self { kernel, shared: Arc::default(), groups: Mutex::default() }
    }
}

impl SessionShared {
    /// Lets the connections of listeners that nobody uses any more end in good order.
    fn retire(&self, retirement: Retirement) {
        let deadline = Deadline::on(self.ends.clone(), None);
        lock(&self.retirements).push(tokio::spawn(retirement.run(deadline)));
    }
}

impl ServerSession for Session {
    fn create_url_group(&self) -> DriverFuture<'_, Arc<dyn UrlGroup>> {
        let group = Arc::new(GroupHandle {
            kernel: Arc::clone(&self.kernel),
            session: Arc::clone(&self.shared),
            group: Group::detached(),
            prefixes: Mutex::default(),
        });
        lock(&self.groups).push(Arc::downgrade(&group));
        let group: Arc<dyn UrlGroup> = group;
        ready(Ok(group))
    }

    fn close(&self, deadline: Deadline) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            let groups: Vec<_> = lock(&self.groups).drain(..).collect();
            for group in groups.iter().filter_map(Weak::upgrade) {
                group.close().await?;
            }
            let retirements: Vec<_> = lock(&self.shared.retirements).drain(..).collect();
            let all_ended = async {
                for retirement in retirements {
                    // One that panicked has ended, too.
                    let _ = retirement.await;
                }
            };
            let mut all_ended = std::pin::pin!(all_ended);
            if deadline.limit(&mut all_ended).await.is_none() {
                self.shared.ends.cancel();
                all_ended.await;
            }
            Ok(())
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.ends.cancel();
    }
}

/// What requests see of a group.
#[derive(Debug)]
pub(super) struct Group {
    settings: Mutex<Arc<Settings>>,
    pub(super) connections: GroupConnections,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) queue: Option<Arc<Queue>>,
    pub(super) is_enabled: bool,
    pub(super) max_connections: Option<u32>,
    pub(super) timeouts: TimeoutLimits,
    pub(super) authentication: AuthenticationInfo,
    /// How many queues requests may be delegated to.
    pub(super) delegates: usize,
}

impl Group {
    /// A group that is bound to no queue.
    pub(super) fn detached() -> Arc<Self> {
        let settings = Settings {
            queue: None,
            is_enabled: true,
            max_connections: None,
            timeouts: TimeoutLimits::default(),
            authentication: AuthenticationInfo::default(),
            delegates: 0,
        };
        Arc::new(Self { settings: Mutex::new(Arc::new(settings)), connections: GroupConnections::default() })
    }

    /// What holds for a request that arrives now.
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&lock(&self.settings))
    }

    /// The queue, if all that holds for a request of the group is to be given to it.
    pub(super) fn plain_queue<T>(&self, look: impl FnOnce(&Queue) -> Option<T>) -> Option<T> {
        let settings = lock(&self.settings);
        let is_plain = settings.is_enabled
            && settings.max_connections.is_none()
            && settings.authentication.schemes.is_empty()
            && settings.delegates == 0;
        if is_plain { look(settings.queue.as_deref()?) } else { None }
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(Arc::make_mut(&mut lock(&self.settings)));
    }
}

/// A group in the hands of its server.
#[derive(Debug)]
struct GroupHandle {
    kernel: Arc<Kernel>,
    session: Arc<SessionShared>,
    group: Arc<Group>,
    prefixes: Mutex<Vec<UrlPrefix>>,
}

impl GroupHandle {
    async fn add(&self, url: &str, context: u64) -> Result<(), Win32Error> {
        let prefix: UrlPrefix = url.parse().map_err(|_| Win32Error::INVALID_PARAMETER)?;
        self.kernel.ports.add(&self.kernel, prefix.clone(), context, &self.group).await?;
        lock(&self.prefixes).push(prefix);
        Ok(())
    }

    async fn remove(&self, prefix: &UrlPrefix) -> Result<(), Win32Error> {
        let position = lock(&self.prefixes).iter().position(|other| other == prefix);
        let Some(position) = position else { return Err(Win32Error::NOT_FOUND) };
        lock(&self.prefixes).remove(position);
        if let Some(retirement) = self.kernel.ports.remove(prefix).await {
            self.session.retire(retirement);
        }
        self.kernel.cache.forget(prefix);
        Ok(())
    }

    fn bind(&self, queue: Option<Arc<dyn RequestQueue>>) -> Result<(), Win32Error> {
        let queue = queue.map(|queue| Queue::of(&queue).ok_or(Win32Error::INVALID_PARAMETER)).transpose()?;
        self.group.change(|settings| settings.queue = queue);
        Ok(())
    }
}

impl UrlGroup for GroupHandle {
    fn add_url<'a>(&'a self, url: &'a str, context: u64) -> DriverFuture<'a, ()> {
        Box::pin(self.add(url, context))
    }

    fn remove_url<'a>(&'a self, url: &'a str) -> DriverFuture<'a, ()> {
        Box::pin(async move {
            let prefix: UrlPrefix = url.parse().map_err(|_| Win32Error::INVALID_PARAMETER)?;
            self.remove(&prefix).await
        })
    }

    fn set_property(&self, property: UrlGroupProperty) -> DriverFuture<'_, ()> {
        let change = |change: &dyn Fn(&mut Settings)| self.group.change(|settings| change(settings));
        match property {
            UrlGroupProperty::Binding(queue) => return ready(self.bind(queue)),
            UrlGroupProperty::Enabled(is_enabled) => change(&|settings| settings.is_enabled = is_enabled),
            UrlGroupProperty::MaxConnections(max) => change(&|settings| settings.max_connections = max),
            UrlGroupProperty::Authentication(info) => change(&|settings| settings.authentication = info),
            UrlGroupProperty::Timeouts(timeouts) => {
                change(&|settings| settings.timeouts = timeouts);
                // Those of the connection are the listeners' to keep.
                return Box::pin(async move {
                    let prefixes = lock(&self.prefixes).clone();
                    self.kernel.ports.refresh(&self.kernel, &prefixes).await;
                    Ok(())
                });
            }
            UrlGroupProperty::Delegation { queue, is_set } => {
                if Queue::of(&queue).is_none() {
                    return ready(Err(Win32Error::INVALID_PARAMETER));
                }
                change(&|settings| {
                    settings.delegates = match is_set {
                        true => settings.delegates + 1,
                        false => settings.delegates.saturating_sub(1),
                    }
                });
            }
            // It binds Windows authentication to TLS, and there is none.
            UrlGroupProperty::ChannelBindHardening => return ready(Err(Win32Error::NOT_SUPPORTED)),
        }
        ready(Ok(()))
    }

    fn is_registered_for<'a>(
        &'a self,
        url: &'a str,
        queue: &'a Arc<dyn RequestQueue>,
    ) -> DriverFuture<'a, bool> {
        Box::pin(async move {
            let prefix: UrlPrefix = url.parse().map_err(|_| Win32Error::INVALID_PARAMETER)?;
            let queue = Queue::of(queue).ok_or(Win32Error::INVALID_PARAMETER)?;
            let group = self.kernel.ports.group_of(&prefix).await;
            let bound = group.and_then(|group| group.settings().queue.clone());
            Ok(bound.is_some_and(|bound| Arc::ptr_eq(&bound, &queue)))
        })
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            let prefixes = lock(&self.prefixes).clone();
            for prefix in prefixes {
                // Somebody else may be at it, too.
                let _ = self.remove(&prefix).await;
            }
            self.group.change(|settings| settings.queue = None);
            Ok(())
        })
    }
}

impl Drop for GroupHandle {
    /// A group that nobody has closed takes its prefixes with it.
    fn drop(&mut self) {
        let prefixes = std::mem::take(&mut *lock(&self.prefixes));
        if prefixes.is_empty() {
            return;
        }
        let (kernel, session) = (Arc::clone(&self.kernel), Arc::clone(&self.session));
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            for prefix in prefixes {
                if let Some(retirement) = kernel.ports.remove(&prefix).await {
                    session.retire(retirement);
                }
                kernel.cache.forget(&prefix);
            }
        });
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("is_enabled", &self.is_enabled).finish_non_exhaustive()
    }
}
