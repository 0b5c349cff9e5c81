//! [`HttpSysOptions`]: what a server is made from.

mod authentication;
mod timeouts;

use falconry_features::{FeatureError, ServerError};

pub use self::{authentication::AuthenticationOptions, timeouts::TimeoutOptions};
use crate::{UrlPrefix, driver::Http503Verbosity};

/// What an HTTP.sys server is made from.
///
/// ```
/// use falconry_httpsys::{Http503Verbosity, HttpSysOptions, RequestQueueMode};
///
/// let mut options = HttpSysOptions::default();
/// options.add_prefix("http://localhost:5005/app")?;
/// options.set_request_queue_name("app".to_owned())?.set_request_queue_limit(200)?;
/// options.request_queue_mode = RequestQueueMode::CreateOrAttach;
/// options.http_503_verbosity = Http503Verbosity::Limited;
/// assert!(options.set_request_queue_limit(0).unwrap_err().is_out_of_range());
/// # Ok::<(), falconry_features::FeatureError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpSysOptions {
    /// Whether the queue is made or one that is there is used. Default: [`RequestQueueMode::Create`].
    pub request_queue_mode: RequestQueueMode,

    /// Who may open the queue, as a security descriptor of Windows in its textual form (SDDL). Only for a new queue.
    /// Default: `None`, the system's own.
    pub request_queue_security_descriptor: Option<String>,

    /// How clients' certificates are got. Default: [`ClientCertificateMethod::AllowCertificate`].
    pub client_certificate_method: ClientCertificateMethod,

    /// Whether the driver may keep responses that say how long they are fresh. Default: true.
    pub enable_response_caching: bool,

    /// Which users are asked for. Default: none.
    pub authentication: AuthenticationOptions,

    /// How long clients are waited for. Default: the system's.
    pub timeouts: TimeoutOptions,

    /// Whether writing to a client that has gone is an error; else it has no effect, and the request is aborted.
    /// Default: false.
    pub throw_write_exceptions: bool,

    /// Whether the driver may keep what is written for a while, for applications that write little at a time.
    /// Default: false.
    pub enable_kernel_response_buffering: bool,

    /// How the driver says that it cannot take a request. Default: [`Http503Verbosity::Basic`], a reset of the
    /// connection.
    pub http_503_verbosity: Http503Verbosity,

    /// Whether applications run where their requests arrive, in the place of tasks of their own. `None`: where that costs
    /// nobody anything, which is the portable driver in the same process. Default: `None`.
    pub unsafe_prefer_inline_scheduling: Option<bool>,

    /// Whether the fields of requests are Latin-1; else they stay as they came. Default: false.
    pub use_latin1_request_headers: bool,

    prefixes: Vec<UrlPrefix>,
    request_queue_name: Option<String>,
    max_accepts: usize,
    max_connections: Option<i64>,
    request_queue_limit: u32,
    max_request_body_size: Option<u64>,
}

/// Whether a request queue is made, or one that is there is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RequestQueueMode {
    /// Makes it; one with the same name is an error.
    #[default]
    Create = 0,
    /// Uses one that is there. It is set up by who made it: prefixes and other options have no effect.
    Attach = 1,
    /// Makes it, or uses one that is there. Prefixes and the options of the url group have effect in both cases.
    CreateOrAttach = 2,
}

/// How the certificate of a client is got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientCertificateMethod {
    /// It is not.
    NoCertificate = 0,
    /// What the handshake brought.
    #[default]
    AllowCertificate = 1,
    /// The client is asked when the application wants it, on HTTP/1 and where the driver can.
    AllowRenegotiation = 2,
}

impl HttpSysOptions {
    /// Adds a prefix.
    ///
    /// # Errors
    /// It is none; see [`UrlPrefix`].
    pub fn add_prefix(&mut self, prefix: &str) -> Result<&mut Self, FeatureError> {
        let prefix = prefix.parse()?;
        if !self.prefixes.contains(&prefix) {
            self.prefixes.push(prefix);
        }
        Ok(self)
    }

    /// Takes a prefix back; false if it was not there.
    pub fn remove_prefix(&mut self, prefix: &UrlPrefix) -> bool {
        let before = self.prefixes.len();
        self.prefixes.retain(|other| other != prefix);
        self.prefixes.len() < before
    }

    /// Forgets all prefixes.
    pub fn clear_prefixes(&mut self) -> &mut Self {
        self.prefixes.clear();
        self
    }

    /// Names the queue, so that other processes can use it. Up to 260 characters; `None` is a queue of this server
    /// alone. Default: `None`.
    ///
    /// # Errors
    /// Out of range: too long.
    pub fn set_request_queue_name(
        &mut self,
        name: impl Into<Option<String>>,
    ) -> Result<&mut Self, FeatureError> {
        let name = name.into();
        if let Some(length) = name.as_ref().map(|name| name.chars().count()).filter(|length| *length > 260) {
            return Err(FeatureError::out_of_range(format!(
                "a name of {length} characters for the request queue: it may have 260"
            )));
        }
        self.request_queue_name = name;
        Ok(self)
    }

    /// How many requests are waited for at once, 1 or more. Default: 5 for each processor.
    ///
    /// # Errors
    /// Out of range: 0.
    pub fn set_max_accepts(&mut self, count: usize) -> Result<&mut Self, FeatureError> {
        if count == 0 {
            return Err(FeatureError::out_of_range("max_accepts is 0: nothing would ever be received"));
        }
        self.max_accepts = count;
        Ok(self)
    }

    /// How many connections the prefixes may have; -1 is no limit, `None` the system's own. Default: `None`.
    ///
    /// # Errors
    /// Out of range: below -1, or more than the system can count.
    pub fn set_max_connections(&mut self, count: impl Into<Option<i64>>) -> Result<&mut Self, FeatureError> {
        let count = count.into();
        if let Some(count) = count.filter(|count| !(-1..=i64::from(u32::MAX)).contains(count)) {
            return Err(FeatureError::out_of_range(format!(
                "max_connections is {count}: it must be from -1, which is no limit, to {}",
                u32::MAX
            )));
        }
        self.max_connections = count;
        Ok(self)
    }

    /// How many requests may wait in the queue, 1 or more. Default: 1000.
    ///
    /// # Errors
    /// Out of range: 0.
    pub fn set_request_queue_limit(&mut self, count: u32) -> Result<&mut Self, FeatureError> {
        if count == 0 {
            return Err(FeatureError::out_of_range("request_queue_limit is 0: it must be at least 1"));
        }
        self.request_queue_limit = count;
        Ok(self)
    }

    /// How long a request's body may be, in bytes; `None` is no limit. Default: 30,000,000.
    pub fn set_max_request_body_size(&mut self, bytes: impl Into<Option<u64>>) -> &mut Self {
        self.max_request_body_size = bytes.into();
        self
    }

    /// The prefixes.
    pub fn prefixes(&self) -> &[UrlPrefix] {
        &self.prefixes
    }

    /// The name of the queue.
    pub fn request_queue_name(&self) -> Option<&str> {
        self.request_queue_name.as_deref()
    }

    /// How many requests are waited for at once.
    pub fn max_accepts(&self) -> usize {
        self.max_accepts
    }

    /// How many connections the prefixes may have.
    pub fn max_connections(&self) -> Option<i64> {
        self.max_connections
    }

    /// How many requests may wait in the queue.
    pub fn request_queue_limit(&self) -> u32 {
        self.request_queue_limit
    }

    /// How long a request's body may be, in bytes.
    pub fn max_request_body_size(&self) -> Option<u64> {
        self.max_request_body_size
    }

    /// Judges what can only be judged together.
    pub(crate) fn validate(&self) -> Result<(), ServerError> {
        if self.request_queue_mode == RequestQueueMode::Attach && self.request_queue_name.is_none() {
            return Err(ServerError::options(
                "request_queue_mode is Attach, but there is no request_queue_name to attach to",
            ));
        }
        Ok(())
    }
}

impl Default for HttpSysOptions {
    fn default() -> Self {
        Self {
            request_queue_mode: RequestQueueMode::default(),
            request_queue_security_descriptor: None,
            client_certificate_method: ClientCertificateMethod::default(),
            enable_response_caching: true,
            authentication: AuthenticationOptions::default(),
            timeouts: TimeoutOptions::default(),
            throw_write_exceptions: false,
            enable_kernel_response_buffering: false,
            http_503_verbosity: Http503Verbosity::default(),
            unsafe_prefer_inline_scheduling: None,
            use_latin1_request_headers: false,
            prefixes: Vec::new(),
            request_queue_name: None,
            max_accepts: 5 * std::thread::available_parallelism().map_or(1, Into::into),
            max_connections: None,
            request_queue_limit: 1000,
            max_request_body_size: Some(30_000_000),
        }
    }
}
