//! HTTP.sys on the host's settings.

use falconry_features::{FeatureError, Server, ServerError};
use falconry_httpsys::{
    AuthenticationSchemes, Http503Verbosity, HttpSysOptions, HttpSysServer, RequestQueueMode, TimeoutOptions,
};
use std::time::Duration;

use super::{Configuration, ConfigurationError};

/// Sets options of the HTTP.sys server.
pub(super) type ConfigureHttpSys = Box<dyn FnOnce(&mut HttpSysOptions) + Send>;

/// The driver that the configuration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DriverName {
    Native,
    Portable,
    Broker,
}

/// Makes the server. The configuration comes first, so that code has the last word.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `HttpSys:Driver` | `native`, `portable` or `broker` | broker if there is one, else native on Windows, else portable |
/// | `HttpSys:Broker` | the socket of `falconry-httpsysd`, which the server attaches to | none |
/// | `HttpSys:RequestQueueName` | the name of the queue | none |
/// | `HttpSys:RequestQueueMode` | `Create`, `Attach` or `CreateOrAttach` | Create |
/// | `HttpSys:RequestQueueLimit`, `HttpSys:MaxConnections`, `HttpSys:MaxAccepts`, `HttpSys:MaxRequestBodySize` | as the options of the same name | theirs |
/// | `HttpSys:Http503Verbosity` | `Basic`, `Limited` or `Full` | Basic |
/// | `HttpSys:EnableResponseCaching`, `HttpSys:ThrowWriteExceptions` | as the options of the same name | theirs |
/// | `HttpSys:Authentication:Schemes` | `Basic`, `NTLM`, `Negotiate`, `Kerberos`, with `,` between them | none |
/// | `HttpSys:Authentication:AllowAnonymous` | whether requests without a user reach the application | true |
/// | `HttpSys:Timeouts:EntityBody`, `DrainEntityBody`, `RequestQueue`, `IdleConnection`, `HeaderWait` | seconds | 120 |
/// | `HttpSys:Timeouts:MinSendBytesPerSecond` | bytes per second | 150 |
pub(super) fn build(
    configuration: &Configuration,
    configure: Vec<ConfigureHttpSys>,
) -> Result<Box<dyn Server>, ServerError> {
    let section = configuration.section("HttpSys");
    let mut options = HttpSysOptions::default();
    apply(&section, &mut options)?;
    configure.into_iter().for_each(|configure| configure(&mut options));
    let drivers =
        [("native", DriverName::Native), ("portable", DriverName::Portable), ("broker", DriverName::Broker)];
    let socket = section.filled("Broker");
    let default = match socket {
        Some(_) => DriverName::Broker,
        None if cfg!(windows) => DriverName::Native,
        None => DriverName::Portable,
    };
    let driver = section.one_of("Driver", &drivers).map_err(wrong)?.unwrap_or(default);
    Ok(match driver {
        DriverName::Native => Box::new(HttpSysServer::new(options)?),
        DriverName::Portable => Box::new(HttpSysServer::portable(options)),
        DriverName::Broker => through_broker(options, socket)?,
    })
}

#[cfg(unix)]
fn through_broker(options: HttpSysOptions, socket: Option<&str>) -> Result<Box<dyn Server>, ServerError> {
    let Some(socket) = socket else {
        return Err(ServerError::options("HttpSys:Driver is broker: HttpSys:Broker must name its socket"));
    };
    let driver = falconry_httpsys::BrokerDriver::new(socket);
    Ok(Box::new(HttpSysServer::with_driver(options, driver)))
}

#[cfg(not(unix))]
fn through_broker(_options: HttpSysOptions, _socket: Option<&str>) -> Result<Box<dyn Server>, ServerError> {
    Err(ServerError::platform(
        "the broker needs unix sockets, which this system lacks; HTTP.sys itself shares ports between processes",
    ))
}

fn apply(section: &Configuration, options: &mut HttpSysOptions) -> Result<(), ServerError> {
    if let Some(name) = section.filled("RequestQueueName") {
        options.set_request_queue_name(name.to_owned()).map_err(refused)?;
    }
    let modes = [
        ("Create", RequestQueueMode::Create),
        ("Attach", RequestQueueMode::Attach),
        ("CreateOrAttach", RequestQueueMode::CreateOrAttach),
    ];
    if let Some(mode) = section.one_of("RequestQueueMode", &modes).map_err(wrong)? {
        options.request_queue_mode = mode;
    }
    let verbosities = [
        ("Basic", Http503Verbosity::Basic),
        ("Limited", Http503Verbosity::Limited),
        ("Full", Http503Verbosity::Full),
    ];
    if let Some(verbosity) = section.one_of("Http503Verbosity", &verbosities).map_err(wrong)? {
        options.http_503_verbosity = verbosity;
    }
    if let Some(limit) = section.parsed("RequestQueueLimit", "a number of requests").map_err(wrong)? {
        options.set_request_queue_limit(limit).map_err(refused)?;
    }
    if let Some(max) =
        section.parsed::<i64>("MaxConnections", "a number of connections, or -1").map_err(wrong)?
    {
        options.set_max_connections(max).map_err(refused)?;
    }
    if let Some(count) = section.parsed("MaxAccepts", "a number of requests").map_err(wrong)? {
        options.set_max_accepts(count).map_err(refused)?;
    }
    if let Some(bytes) = section.parsed::<u64>("MaxRequestBodySize", "a number of bytes").map_err(wrong)? {
        options.set_max_request_body_size(bytes);
    }
    if let Some(enable) = section.flag("EnableResponseCaching").map_err(wrong)? {
        options.enable_response_caching = enable;
    }
    if let Some(throw) = section.flag("ThrowWriteExceptions").map_err(wrong)? {
        options.throw_write_exceptions = throw;
    }
    apply_authentication(&section.section("Authentication"), options)?;
    apply_timeouts(&section.section("Timeouts"), &mut options.timeouts)
}

fn apply_authentication(section: &Configuration, options: &mut HttpSysOptions) -> Result<(), ServerError> {
    for name in section.filled("Schemes").unwrap_or_default().split(',').map(str::trim) {
        let scheme = match name.to_ascii_lowercase().as_str() {
            "" | "none" => continue,
            "basic" => AuthenticationSchemes::BASIC,
            "ntlm" => AuthenticationSchemes::NTLM,
            "negotiate" => AuthenticationSchemes::NEGOTIATE,
            "kerberos" => AuthenticationSchemes::KERBEROS,
            _ => return Err(wrong(section.refuse("Schemes", "Basic, NTLM, Negotiate, Kerberos or None"))),
        };
        options.authentication.schemes = options.authentication.schemes | scheme;
    }
    if let Some(allow) = section.flag("AllowAnonymous").map_err(wrong)? {
        options.authentication.allow_anonymous = allow;
    }
    Ok(())
}

fn apply_timeouts(section: &Configuration, timeouts: &mut TimeoutOptions) -> Result<(), ServerError> {
    type Set = fn(&mut TimeoutOptions, Duration) -> Result<&mut TimeoutOptions, FeatureError>;
    let times: [(&str, Set); 5] = [
        ("EntityBody", TimeoutOptions::set_entity_body),
        ("DrainEntityBody", TimeoutOptions::set_drain_entity_body),
        ("RequestQueue", TimeoutOptions::set_request_queue),
        ("IdleConnection", TimeoutOptions::set_idle_connection),
        ("HeaderWait", TimeoutOptions::set_header_wait),
    ];
    for (key, set) in times {
        if let Some(seconds) = section.parsed(key, "a whole number of seconds").map_err(wrong)? {
            set(timeouts, Duration::from_secs(seconds)).map_err(refused)?;
        }
    }
    if let Some(rate) = section.parsed("MinSendBytesPerSecond", "a number of bytes").map_err(wrong)? {
        timeouts.set_min_send_bytes_per_second(rate).map_err(refused)?;
    }
    Ok(())
}

fn wrong(error: ConfigurationError) -> ServerError {
    ServerError::options(error.to_string())
}

fn refused(error: FeatureError) -> ServerError {
    ServerError::options(error.to_string())
}
