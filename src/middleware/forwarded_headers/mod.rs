//! What proxies say about the client's connection: `X-Forwarded-For`, `-Host`, `-Proto`, `-Prefix`.

mod fields;
mod middleware;
mod network;
mod options;
mod parse;
mod walk;

pub use self::{
    fields::ForwardedFields, middleware::ForwardedHeaders, network::IpNetwork,
    options::ForwardedHeadersOptions,
};
