//! From an address to the endpoint that it stands for.

use std::net::SocketAddr;

use falconry_features::ServerError;

use super::{BindingAddress, host::Host};
use crate::options::ListenEndpoint;

impl BindingAddress {
    /// Where this address makes the server listen. Nothing is bound, and no name is looked up.
    ///
    /// # Errors
    /// It has a path base, it is `localhost` with port 0, or a named pipe on a system without them.
    pub fn resolve(&self) -> Result<ListenEndpoint, ServerError> {
        if !self.path_base().is_empty() {
            return Err(ServerError::address(format!(
                "the address '{}' has the path '{}', but a server listens to all paths: leave it out and put the \
                 application under that path with the path base middleware",
                self.to_string().escape_debug(),
                self.path_base().escape_debug()
            )));
        }
        let port = self.port();
        let endpoint = match self.parsed_host() {
            Host::Any(_) => ListenEndpoint::AnyIp { port },
            Host::Ipv4(address, _) => ListenEndpoint::Ip(SocketAddr::from((*address, port))),
            Host::Ipv6(address, _) => {
                let mut address = *address;
                address.set_port(port);
                ListenEndpoint::Ip(address.into())
            }
            Host::Localhost(name) => ListenEndpoint::Localhost { name: name.clone(), port },
            Host::Pipe(name) => ListenEndpoint::NamedPipe(name.clone()),
            Host::Unix(path) => ListenEndpoint::Unix(path.clone()),
        };
        endpoint.validate()?;
        Ok(endpoint)
    }
}
