//! The middleware for programs behind proxies: as recorded, and where ours answers better.

mod app;
mod certificates;
mod forwarded_golden;
mod forwarded_headers;
mod host_filtering;
mod iis_golden;
mod iis_integration;
#[cfg(feature = "kestrel")]
mod kestrel;
mod method_override;
mod path_base;
