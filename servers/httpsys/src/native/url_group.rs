//! Url groups: prefixes, and what applies to them.

use std::{
    any::Any,
    ffi::c_void,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::HANDLE,
    Networking::HttpServer::{
        HTTP_AUTH_EX_FLAG_CAPTURE_CREDENTIAL, HTTP_BINDING_INFO, HTTP_CHANNEL_BIND_INFO,
        HTTP_CONNECTION_LIMIT_INFO, HTTP_PROPERTY_FLAGS, HTTP_QOS_SETTING_INFO,
        HTTP_SERVER_AUTHENTICATION_INFO, HTTP_STATE_INFO, HTTP_TIMEOUT_LIMIT_INFO,
        HttpAuthenticationHardeningMedium, HttpEnabledStateActive, HttpEnabledStateInactive,
        HttpQosSettingTypeConnectionLimit, HttpServerAuthenticationProperty, HttpServerBindingProperty,
        HttpServerChannelBindProperty, HttpServerDelegationProperty,
        HttpServerExtendedAuthenticationProperty, HttpServerQosProperty, HttpServerStateProperty,
        HttpServerTimeoutsProperty,
    },
};

use super::{check, queue::NativeQueue, wide::wide};
use crate::{
    bindings::HttpApi,
    driver::{
        AuthenticationInfo, DriverFuture, RequestQueue, TimeoutLimits, UrlGroup, UrlGroupProperty, Win32Error,
    },
};

/// The bit of `HTTP_PROPERTY_FLAGS` that says that there is a value.
const PRESENT: HTTP_PROPERTY_FLAGS = HTTP_PROPERTY_FLAGS { _bitfield: 1 };
const ABSENT: HTTP_PROPERTY_FLAGS = HTTP_PROPERTY_FLAGS { _bitfield: 0 };

/// The flags of extended authentication that there are.
const EX_FLAGS: u32 = HTTP_AUTH_EX_FLAG_CAPTURE_CREDENTIAL
    | windows_sys::Win32::Networking::HttpServer::HTTP_AUTH_EX_FLAG_ENABLE_KERBEROS_CREDENTIAL_CACHING;

/// `HTTP_URL_GROUP_ID`.
#[derive(Debug)]
pub(super) struct NativeUrlGroup {
    api: Arc<HttpApi>,
    id: u64,
    is_closed: AtomicBool,
}

impl NativeUrlGroup {
    pub(super) fn new(api: Arc<HttpApi>, session: u64) -> Result<Self, Win32Error> {
        let mut id = 0;
        // SAFETY: the number is written before the function returns.
        check(unsafe { (api.create_url_group)(session, &mut id, 0) })?;
        Ok(Self { api, id, is_closed: AtomicBool::new(false) })
    }

    fn close_now(&self) -> Result<(), Win32Error> {
        if self.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        // SAFETY: takes any number.
        check(unsafe { (self.api.close_url_group)(self.id) })
    }

    fn set<T>(&self, property: i32, value: &T) -> Result<(), Win32Error> {
        let value = ptr::from_ref(value).cast::<c_void>();
        // SAFETY: `T` is the structure of the property, and is read before the function returns.
        check(unsafe { (self.api.set_url_group_property)(self.id, property, value, size_of::<T>() as u32) })
    }

    fn set_any(&self, property: &UrlGroupProperty) -> Result<(), Win32Error> {
        match property {
            UrlGroupProperty::Binding(Some(queue)) => with_handle(queue, |handle| {
                let binding = HTTP_BINDING_INFO { Flags: PRESENT, RequestQueueHandle: handle };
                self.set(HttpServerBindingProperty, &binding)
            }),
            UrlGroupProperty::Binding(None) => {
                let binding = HTTP_BINDING_INFO { Flags: ABSENT, RequestQueueHandle: ptr::null_mut() };
                self.set(HttpServerBindingProperty, &binding)
            }
            UrlGroupProperty::Enabled(is_enabled) => {
                let state = if *is_enabled { HttpEnabledStateActive } else { HttpEnabledStateInactive };
                self.set(HttpServerStateProperty, &HTTP_STATE_INFO { Flags: PRESENT, State: state })
            }
            UrlGroupProperty::MaxConnections(max) => self.set_max_connections(*max),
            UrlGroupProperty::Timeouts(timeouts) => {
                self.set(HttpServerTimeoutsProperty, &native_timeouts(timeouts))
            }
            UrlGroupProperty::Authentication(info) => self.set_authentication(info),
            UrlGroupProperty::ChannelBindHardening => {
                let binding = HTTP_CHANNEL_BIND_INFO {
                    Hardening: HttpAuthenticationHardeningMedium,
                    ..Default::default()
                };
                self.set(HttpServerChannelBindProperty, &binding)
            }
            UrlGroupProperty::Delegation { queue, is_set } => with_handle(queue, |handle| {
                let flags = if *is_set { PRESENT } else { ABSENT };
                let binding = HTTP_BINDING_INFO { Flags: flags, RequestQueueHandle: handle };
                self.set(HttpServerDelegationProperty, &binding)
            }),
        }
    }

    fn set_max_connections(&self, max: Option<u32>) -> Result<(), Win32Error> {
        // The API's way to say that there is no limit.
        let mut limit =
            HTTP_CONNECTION_LIMIT_INFO { Flags: PRESENT, MaxConnections: max.unwrap_or(u32::MAX) };
        let setting = HTTP_QOS_SETTING_INFO {
            QosType: HttpQosSettingTypeConnectionLimit,
            QosSetting: ptr::from_mut(&mut limit).cast(),
        };
        self.set(HttpServerQosProperty, &setting)
    }

    fn set_authentication(&self, info: &AuthenticationInfo) -> Result<(), Win32Error> {
        let native = HTTP_SERVER_AUTHENTICATION_INFO {
            Flags: PRESENT,
            AuthSchemes: info.schemes.bits(),
            ReceiveMutualAuth: info.receives_mutual_auth,
            ExFlags: info.ex_flags & EX_FLAGS as u8,
            ..Default::default()
        };
        let property = match native.ExFlags {
            0 => HttpServerAuthenticationProperty,
            _ => HttpServerExtendedAuthenticationProperty,
        };
        self.set(property, &native)
    }
}

impl UrlGroup for NativeUrlGroup {
    fn add_url<'a>(&'a self, url: &'a str, context: u64) -> DriverFuture<'a, ()> {
        Box::pin(async move {
            // SAFETY: the text ends with 0 and is read before the function returns.
            check(unsafe { (self.api.add_url_to_url_group)(self.id, wide(url).as_ptr(), context, 0) })
        })
    }

    fn remove_url<'a>(&'a self, url: &'a str) -> DriverFuture<'a, ()> {
        Box::pin(async move {
            // SAFETY: as above.
            match check(unsafe { (self.api.remove_url_from_url_group)(self.id, wide(url).as_ptr(), 0) }) {
                Err(Win32Error::FILE_NOT_FOUND) => Err(Win32Error::NOT_FOUND),
                other => other,
            }
        })
    }

    fn set_property(&self, property: UrlGroupProperty) -> DriverFuture<'_, ()> {
        Box::pin(async move { self.set_any(&property) })
    }

    fn is_registered_for<'a>(
        &'a self,
        url: &'a str,
        queue: &'a Arc<dyn RequestQueue>,
    ) -> DriverFuture<'a, bool> {
        Box::pin(async move {
            // A system without the function knows of no other.
            let Some(find) = self.api.find_url_group_id else { return Ok(false) };
            let mut id = 0;
            let url = wide(url);
            // SAFETY: the text ends with 0, the queue is open, and the number is written before the function returns.
            let found = with_handle(queue, |handle| Ok(unsafe { find(url.as_ptr(), handle, &mut id) }))?;
            Ok(found == 0)
        })
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async { self.close_now() })
    }
}

impl Drop for NativeUrlGroup {
    fn drop(&mut self) {
        // Closing the session has closed it, too, perhaps.
        let _ = self.close_now();
    }
}

fn with_handle<R>(
    queue: &Arc<dyn RequestQueue>,
    work: impl FnOnce(HANDLE) -> Result<R, Win32Error>,
) -> Result<R, Win32Error> {
    let queue: &dyn Any = queue.as_ref();
    let queue = queue.downcast_ref::<NativeQueue>().ok_or(Win32Error::INVALID_PARAMETER)?;
    queue.handle().with(work)?
}

/// 0 stands for the system's default.
fn native_timeouts(timeouts: &TimeoutLimits) -> HTTP_TIMEOUT_LIMIT_INFO {
    let seconds =
        |limit: Option<Duration>| limit.map_or(0, |limit| u16::try_from(limit.as_secs()).unwrap_or(u16::MAX));
    HTTP_TIMEOUT_LIMIT_INFO {
        Flags: PRESENT,
        EntityBody: seconds(timeouts.entity_body),
        DrainEntityBody: seconds(timeouts.drain_entity_body),
        RequestQueue: seconds(timeouts.request_queue),
        IdleConnection: seconds(timeouts.idle_connection),
        HeaderWait: seconds(timeouts.header_wait),
        MinSendRate: timeouts.min_send_bytes_per_second.unwrap_or(0),
    }
}
