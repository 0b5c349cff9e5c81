//! Kestrel as a whole: what only shows with real clients, many connections and much data.

mod configuration;
mod endpoints;
mod memory;
mod reload;
mod reload_files;
mod stop;
mod support;
