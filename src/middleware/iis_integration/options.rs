//! [`IisOptions`].

/// How a program behaves behind the module (the ASP.NET Core Module of IIS, or falconry's own), which starts it,
/// tells it a port and a pairing token, and passes requests on.
///
/// A [`WebHost`](crate::WebHost) knows by the environment that a module has started it: all three of
///
/// | variable | or | is |
/// |---|---|---|
/// | `ASPNETCORE_PORT` | `PORT` | where the module expects the program, on 127.0.0.1 |
/// | `ASPNETCORE_APPL_PATH` | `APPL_PATH` | the path under which the module shows the program |
/// | `ASPNETCORE_TOKEN` | `TOKEN` | the secret that the module's requests carry |
///
/// are there and not empty (`DOTNET_` and `FALCONRY_` will do for `ASPNETCORE_`; a name with a prefix wins
/// over one without). It then listens there and nowhere else, and puts in front of the application:
///
/// * the path base;
/// * [`ForwardedHeaders`](crate::middleware::ForwardedHeaders) for address and scheme;
/// * the check of the token: a request without it is answered 400. The application does not see it;
/// * the message with which the module stops the program: 202, and the stop begins;
/// * the client's certificate, if the module passes one on;
/// * on Windows, the user, if the module passes one on and `ASPNETCORE_IIS_HTTPAUTH` has more than `anonymous`;
/// * no limit on request bodies, which the module has: the application may set one for its requests;
/// * with `ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED=false`, no upgrades.
///
/// [`WebHostBuilder::iis_integration`](crate::WebHostBuilder::iis_integration) switches all this off.
///
/// ```
/// use falconry::WebHost;
///
/// let builder = WebHost::builder().iis_options(|options| options.forward_client_certificate = false);
/// # drop(builder);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IisOptions {
    /// Whether the client's certificate that the module passes on is that of the request. Default: true.
    pub forward_client_certificate: bool,
    /// Whether the Windows user whose token the module of IIS passes on is that of the request, as an identity of the
    /// type `Windows`; otherwise the token is closed. On Windows, with the Cargo feature `module`; falconry's own module
    /// passes none on. Default: true.
    pub automatic_authentication: bool,
}

impl Default for IisOptions {
    fn default() -> Self {
        Self { forward_client_certificate: true, automatic_authentication: true }
    }
}
