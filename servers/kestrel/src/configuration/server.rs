//! The switches of the server, and `Transport`.

use falconry_features::ServerError;

use super::{section::Section, settings::Settings};
use crate::SocketTransportOptions;

/// What is set of the switches.
pub(super) struct Switches {
    add_server_header: Option<bool>,
    allow_alternate_schemes: Option<bool>,
    allow_host_header_override: Option<bool>,
    allow_response_header_compression: Option<bool>,
}

impl Switches {
    pub(super) fn read(root: &Section<'_>) -> Result<Self, ServerError> {
        let flag = |name| root.child(name).flag();
        Ok(Self {
            add_server_header: flag("AddServerHeader")?,
            allow_alternate_schemes: flag("AllowAlternateSchemes")?,
            allow_host_header_override: flag("AllowHostHeaderOverride")?,
            allow_response_header_compression: flag("AllowResponseHeaderCompression")?,
        })
    }

    pub(super) fn apply(self, settings: &mut Settings) {
        let set = |option: &mut bool, value: Option<bool>| *option = value.unwrap_or(*option);
        set(&mut settings.add_server_header, self.add_server_header);
        set(&mut settings.allow_alternate_schemes, self.allow_alternate_schemes);
        set(&mut settings.allow_host_header_override, self.allow_host_header_override);
        set(&mut settings.allow_response_header_compression, self.allow_response_header_compression);
    }
}

pub(super) fn read_transport(
    section: &Section<'_>,
    transport: &mut SocketTransportOptions,
) -> Result<(), ServerError> {
    let set = |name: &str| section.child(name);
    transport.backlog = set("Backlog").number()?.unwrap_or(transport.backlog);
    transport.no_delay = set("NoDelay").flag()?.unwrap_or(transport.no_delay);
    transport.accept_sockets = set("AcceptSockets").number()?.unwrap_or(transport.accept_sockets);
    section.warn_of_unknown();
    Ok(())
}
