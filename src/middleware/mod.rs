//! Middleware for programs behind proxies and below paths.
//!
//! | middleware | does |
//! |---|---|
//! | [`ForwardedHeaders`] | takes address, scheme, host and path base of the client from what known proxies say |
//! | [`HostFiltering`] | refuses requests for other hosts |
//! | [`PathBase`] | moves a path to the path base |
//! | [`HttpMethodOverride`] | other methods for clients that can only GET and POST |
//! | [`CertificateForwarding`] | takes the client's certificate from a field that the proxy sets |
//!
//! A [`WebHost`](crate::WebHost) puts in front of the application what its configuration asks for:
//!
//! | key | what |
//! |---|---|
//! | `AllowedHosts` | [`HostFiltering`] for this `;` list, unless it is empty or has `*` |
//! | `ForwardedHeaders_Enabled` | `true`: [`ForwardedHeaders`] [from everybody](ForwardedHeadersOptions::trusting_everybody) |
//! | `PORT`, `APPL_PATH`, `TOKEN` | the application's side of the module: see [`IisOptions`] |

mod certificate;
mod certificate_forwarding;
mod forwarded_headers;
mod host_filtering;
mod hosts;
mod iis_integration;
mod method_override;
mod path_base;
mod path_text;
mod punycode;

pub(crate) use self::iis_integration::{IisIntegration, ModuleEnvironment};
pub use self::{
    certificate_forwarding::{CertificateForwarding, CertificateForwardingOptions},
    forwarded_headers::{ForwardedFields, ForwardedHeaders, ForwardedHeadersOptions, IpNetwork},
    host_filtering::{HostFiltering, HostFilteringOptions},
    iis_integration::IisOptions,
    method_override::HttpMethodOverride,
    path_base::PathBase,
};
