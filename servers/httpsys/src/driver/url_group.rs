//! Server sessions and url groups.

use std::{any::Any, fmt, ops::BitOr, sync::Arc, time::Duration};

use falconry_features::Deadline;

use super::{DriverFuture, RequestQueue};

/// A session: what url groups belong to. Dropping the last handle closes it.
pub trait ServerSession: Any + Send + Sync + fmt::Debug {
    /// Makes an empty group, bound to no queue. `HttpCreateUrlGroup`.
    fn create_url_group(&self) -> DriverFuture<'_, Arc<dyn UrlGroup>>;

    /// Closes the session with its groups. `HttpCloseServerSession`. Where the driver itself listens, connections that
    /// nobody else has a use for may end in good order until `deadline`.
    fn close(&self, deadline: Deadline) -> DriverFuture<'_, ()>;
}

/// A group of prefixes. Dropping the last handle closes it.
pub trait UrlGroup: Any + Send + Sync + fmt::Debug {
    /// Registers `url` (`scheme://host:port/path/`); its requests come with `context`. `HttpAddUrlToUrlGroup`.
    ///
    /// # Errors
    /// [`ALREADY_EXISTS`](super::Win32Error::ALREADY_EXISTS): registered, here or elsewhere.
    /// [`ACCESS_DENIED`](super::Win32Error::ACCESS_DENIED): the user may not.
    /// [`SHARING_VIOLATION`](super::Win32Error::SHARING_VIOLATION): the port belongs to another program.
    /// [`INVALID_PARAMETER`](super::Win32Error::INVALID_PARAMETER): no prefix.
    fn add_url<'a>(&'a self, url: &'a str, context: u64) -> DriverFuture<'a, ()>;

    /// Takes a prefix back. `HttpRemoveUrlFromUrlGroup`.
    ///
    /// # Errors
    /// [`NOT_FOUND`](super::Win32Error::NOT_FOUND): it is not of this group.
    fn remove_url<'a>(&'a self, url: &'a str) -> DriverFuture<'a, ()>;

    /// Changes a property. `HttpSetUrlGroupProperty`.
    fn set_property(&self, property: UrlGroupProperty) -> DriverFuture<'_, ()>;

    /// True if `url` is registered by somebody whose group is bound to `queue`. `HttpFindUrlGroupId`.
    fn is_registered_for<'a>(
        &'a self,
        url: &'a str,
        queue: &'a Arc<dyn RequestQueue>,
    ) -> DriverFuture<'a, bool>;

    /// Closes the group; its prefixes go. `HttpCloseUrlGroup`.
    fn close(&self) -> DriverFuture<'_, ()>;
}

/// `HTTP_SERVER_PROPERTY` of a url group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UrlGroupProperty {
    /// The queue that takes the requests; `None`: they are answered by 503 (`HttpServerBindingProperty`).
    Binding(Option<Arc<dyn RequestQueue>>),
    /// False: requests are answered by 503 (`HttpServerStateProperty`). Default: true.
    Enabled(bool),
    /// How many connections it may have (`HttpServerQosProperty`); `None` is no limit.
    MaxConnections(Option<u32>),
    /// `HttpServerTimeoutsProperty`.
    Timeouts(TimeoutLimits),
    /// `HttpServerAuthenticationProperty`, or `HttpServerExtendedAuthenticationProperty` where
    /// [`AuthenticationInfo::ex_flags`] says something.
    Authentication(AuthenticationInfo),
    /// Channel binding at the level `medium` (`HttpServerChannelBindProperty`).
    ChannelBindHardening,
    /// The queue that requests are delegated to, opened for that (`HttpServerDelegationProperty`); `None` unsets it.
    Delegation {
        /// The queue.
        queue: Arc<dyn RequestQueue>,
        /// True: set; false: unset.
        is_set: bool,
    },
}

/// `HTTP_TIMEOUT_LIMIT_INFO`. `None` is the system's default (2 minutes; 150 bytes per second). Whole seconds up to
/// 65535.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeoutLimits {
    /// For the body of a request to arrive.
    pub entity_body: Option<Duration>,
    /// For what is left of a body after the response.
    pub drain_entity_body: Option<Duration>,
    /// For a request to be taken from the queue.
    pub request_queue: Option<Duration>,
    /// For a connection without a request.
    pub idle_connection: Option<Duration>,
    /// For the head of a request.
    pub header_wait: Option<Duration>,
    /// How slowly a response may be taken, in bytes per second; [`u32::MAX`] is no minimum.
    pub min_send_bytes_per_second: Option<u32>,
}

/// `HTTP_SERVER_AUTHENTICATION_INFO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationInfo {
    /// The schemes.
    pub schemes: AuthenticationSchemes,
    /// `ReceiveMutualAuth`.
    pub receives_mutual_auth: bool,
    /// `HTTP_AUTH_EX_FLAG_ENABLE_KERBEROS_CREDENTIAL_CACHING` (1) and `HTTP_AUTH_EX_FLAG_CAPTURE_CREDENTIAL` (2).
    pub ex_flags: u8,
}

/// The schemes of authentication, as HTTP.sys options name them.
///
/// ```
/// use falconry_httpsys::AuthenticationSchemes;
///
/// let schemes = AuthenticationSchemes::NTLM | AuthenticationSchemes::NEGOTIATE;
/// assert!(schemes.contains(AuthenticationSchemes::NTLM));
/// assert_eq!(schemes.challenges().collect::<Vec<_>>(), ["Negotiate", "NTLM"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthenticationSchemes(u32);

impl AuthenticationSchemes {
    /// None.
    pub const NONE: Self = Self(0);
    /// Basic (RFC 7617).
    pub const BASIC: Self = Self(1);
    /// NTLM.
    pub const NTLM: Self = Self(4);
    /// Negotiate (RFC 4559).
    pub const NEGOTIATE: Self = Self(8);
    /// Kerberos.
    pub const KERBEROS: Self = Self(16);

    /// True if all schemes of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number, as .NET numbers them.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The schemes with this number.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & 0b11101)
    }

    /// What a 401 says in `WWW-Authenticate`, one each, the strongest first.
    pub fn challenges(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (Self::KERBEROS, "Kerberos"),
            (Self::NEGOTIATE, "Negotiate"),
            (Self::NTLM, "NTLM"),
            (Self::BASIC, "Basic"),
        ];
        all.into_iter().filter(move |(scheme, _)| self.contains(*scheme)).map(|(_, name)| name)
    }
}

impl BitOr for AuthenticationSchemes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
