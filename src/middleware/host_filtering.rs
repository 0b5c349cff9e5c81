//! [`HostFiltering`]: no requests for other hosts.

use falconry_features::BoxFuture;
use http::{HeaderMap, StatusCode, header};

use super::hosts::HostPatterns;
use crate::{HttpContext, Middleware, Next, Result};

const MESSAGE: &str = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
    <HTML><HEAD><TITLE>Bad Request</TITLE>\r\n\
    <META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n\
    <BODY><h2>Bad Request - Invalid Hostname</h2>\r\n\
    <hr><p>HTTP Error 400. The request hostname is invalid.</p>\r\n\
    </BODY></HTML>\r\n";

/// Which hosts [`HostFiltering`] lets pass.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostFilteringOptions {
    /// The hosts: `example.org`, `*.example.org` for what is under it, `*` for all (also written `[::]`
    /// and `0.0.0.0`). Without a port, in any case; other letters than ASCII may be written as they are.
    /// There must be one. Default: none.
    pub allowed_hosts: Vec<String>,
    /// Whether requests without a host, or with an empty one, pass. Default: true.
    pub allow_empty_hosts: bool,
    /// Whether the answer to the others has a page that tells why. Default: true.
    pub include_failure_message: bool,
}

impl Default for HostFilteringOptions {
    fn default() -> Self {
        Self { allowed_hosts: Vec::new(), allow_empty_hosts: true, include_failure_message: true }
    }
}

/// Answers 400 to requests for hosts that are not allowed, so that an application that makes links
/// from the `Host` field does not make them to where an attacker wants. The port does not matter.
///
/// A [`WebHost`](crate::WebHost) does this in front of everything if the setting `AllowedHosts` lists hosts.
///
/// ```
/// use falconry::{Pipeline, middleware::{HostFiltering, HostFilteringOptions}};
///
/// let mut options = HostFilteringOptions::default();
/// options.allowed_hosts = vec!["example.org".into(), "*.example.org".into()];
/// let app = Pipeline::new().use_(HostFiltering::new(options));
/// ```
#[derive(Clone, Debug)]
pub struct HostFiltering {
    hosts: HostPatterns,
    allow_empty_hosts: bool,
    include_failure_message: bool,
}

impl HostFiltering {
    /// The middleware with these options.
    ///
    /// # Panics
    /// If no host is allowed.
    pub fn new(options: HostFilteringOptions) -> Self {
        let HostFilteringOptions { allowed_hosts, allow_empty_hosts, include_failure_message } = options;
        assert!(!allowed_hosts.is_empty(), "host filtering needs `allowed_hosts`; all of them are \"*\"");
        Self { hosts: HostPatterns::new(allowed_hosts), allow_empty_hosts, include_failure_message }
    }

    /// What the setting `AllowedHosts` asks for; `None` if that is nothing.
    pub(crate) fn from_list(list: &str) -> Option<Self> {
        let hosts = list.split(';').map(str::trim).filter(|host| !host.is_empty());
        let allowed_hosts: Vec<String> = hosts.map(str::to_owned).collect();
        if allowed_hosts.is_empty() || HostPatterns::new(&allowed_hosts).allows_all() {
            return None;
        }
        Some(Self::new(HostFilteringOptions { allowed_hosts, ..HostFilteringOptions::default() }))
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if !host.is_empty() => {
                self.hosts.allows_all() || host.to_str().is_ok_and(|host| self.hosts.allow(host))
            }
            (_, None) => self.allow_empty_hosts,
            // Which of them counts? Whoever comes next may think otherwise.
            (_, Some(_)) => false,
        }
    }

    async fn refuse(&self, ctx: &mut HttpContext) -> Result {
        tracing::info!("a request for a host that is not allowed is refused");
        let mut response = ctx.response_mut();
        response.set_status(StatusCode::BAD_REQUEST)?;
        if self.include_failure_message {
            response.set_header(header::CONTENT_TYPE, "text/html")?;
            response.set_header(header::CONTENT_LENGTH, MESSAGE.len())?;
            response.write(MESSAGE).await?;
        }
        Ok(())
    }
}

impl Middleware for HostFiltering {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        if self.allows(ctx.request().headers()) { next.start(ctx) } else { Box::pin(self.refuse(ctx)) }
    }
}
