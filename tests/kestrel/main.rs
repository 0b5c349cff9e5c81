//! Kestrel as a whole: what only shows with real clients, many connections and much data.

mod configuration;
mod connection_middleware;
mod endpoints;
mod inherited;
mod limits;
mod memory;
mod proxy_protocol;
mod reload;
mod reload_files;
mod stop;
mod support;
