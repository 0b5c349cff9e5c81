//! The settings of the whole server that may change while it runs.

use crate::{KestrelServerLimits, KestrelServerOptions, options::merge};

/// Limits and switches: what new connections go by.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) limits: KestrelServerLimits,
    pub(super) add_server_header: bool,
    pub(super) allow_alternate_schemes: bool,
    pub(super) allow_host_header_override: bool,
    pub(super) allow_response_header_compression: bool,
}

/// The settings before a configuration and with it: tells what code has set afterwards.
#[derive(Clone)]
pub(crate) struct Layers {
    before: Settings,
    configured: Settings,
}

impl Settings {
    /// Those that the options have now.
    pub(super) fn of(options: &KestrelServerOptions) -> Self {
        Self {
            limits: options.limits.clone(),
            add_server_header: options.add_server_header,
            allow_alternate_schemes: options.allow_alternate_schemes,
            allow_host_header_override: options.allow_host_header_override,
            allow_response_header_compression: options.allow_response_header_compression,
        }
    }

    fn apply(self, options: &mut KestrelServerOptions) {
        options.limits = self.limits;
        options.add_server_header = self.add_server_header;
        options.allow_alternate_schemes = self.allow_alternate_schemes;
        options.allow_host_header_override = self.allow_host_header_override;
        options.allow_response_header_compression = self.allow_response_header_compression;
    }

    /// `now`, except where these settings differ from `before`: that was set on purpose.
    fn merge(&self, before: &Self, now: &Self) -> Self {
        Self {
            limits: self.limits.merge(&before.limits, &now.limits),
            add_server_header: merge(
                &self.add_server_header,
                &before.add_server_header,
                &now.add_server_header,
            ),
            allow_alternate_schemes: merge(
                &self.allow_alternate_schemes,
                &before.allow_alternate_schemes,
                &now.allow_alternate_schemes,
            ),
            allow_host_header_override: merge(
                &self.allow_host_header_override,
                &before.allow_host_header_override,
                &now.allow_host_header_override,
            ),
            allow_response_header_compression: merge(
                &self.allow_response_header_compression,
                &before.allow_response_header_compression,
                &now.allow_response_header_compression,
            ),
        }
    }
}

impl Layers {
    /// What a configuration begins with: the settings from before an earlier one, whose keys may be gone.
    pub(super) fn base(options: &KestrelServerOptions) -> Settings {
        match &options.layers {
            Some(earlier) => earlier.before.clone(),
            None => Settings::of(options),
        }
    }

    /// Gives the options the settings of a configuration. What code has set since an earlier one stays.
    pub(super) fn apply(before: Settings, configured: Settings, options: &mut KestrelServerOptions) -> Self {
        let settings = match &options.layers {
            Some(earlier) => Settings::of(options).merge(&earlier.configured, &configured),
            None => configured.clone(),
        };
        settings.apply(options);
        Self { before, configured }
    }
}
