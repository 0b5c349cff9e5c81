//! What the records do not hold: limits, errors, warnings, and what code and configuration say of each other.

mod endpoints;
mod limits;
mod messages;

use falconry_features::ServerError;

use super::*;

/// Options from such settings, each `key=value`.
fn options(settings: &[&str]) -> Result<KestrelServerOptions, ServerError> {
    let mut options = KestrelServerOptions::default();
    options.configure(configuration(settings))?;
    Ok(options)
}

fn configuration(settings: &[&str]) -> KestrelConfiguration {
    let settings = settings.iter().map(|setting| setting.split_once('=').expect("key=value"));
    KestrelConfiguration::new(settings).with_sources(|_| Some("app.json".into()))
}

fn error(settings: &[&str]) -> String {
    options(settings).unwrap_err().to_string()
}
