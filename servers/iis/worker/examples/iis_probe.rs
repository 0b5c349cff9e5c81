//! An application that shows what IIS has beyond the contract app, and that starts and ends as a test says.
//!
//! `FALCONRY_PROBE` says how it starts: `fails`, `hangs`, or not at all. Every answer is text.

use std::sync::OnceLock;

use falconry::{ApplicationLifetime, HttpContext, Result, WebHost};
use falconry_features::{
    BoxError, ConnectionLifetimeNotificationFeature, HttpAuthenticationFeature, HttpResetFeature,
    HttpResponseTrailersFeature, HttpSysRequestInfoFeature, HttpSysRequestTimingFeature,
    IisEnvironmentFeature, ServerVariablesFeature, TlsConnectionFeature, TlsHandshakeFeature, flush_response,
};

static LIFETIME: OnceLock<ApplicationLifetime> = OnceLock::new();

falconry::export_app!(run);

async fn run() -> std::result::Result<(), BoxError> {
    match std::env::var("FALCONRY_PROBE").as_deref() {
        Ok("fails") => return Err("it was told to fail".into()),
        Ok("hangs") => std::future::pending().await,
        _ => {}
    }
    let builder = WebHost::builder();
    LIFETIME.get_or_init(|| builder.lifetime().clone());
    Ok(builder.build(answer)?.run_until_stopped().await?)
}

async fn answer(ctx: &mut HttpContext) -> Result<()> {
    let path = ctx.request().path().to_owned();
    let text = match path.as_str() {
        "/stop" => {
            LIFETIME.get().inspect(|lifetime| lifetime.stop_application());
            "stopping".to_owned()
        }
        "/variable" => variable(ctx)?,
        "/user" => user(ctx),
        "/tls" => tls(ctx),
        "/times" => times(ctx),
        "/environment" => {
            format!("{:?}", ctx.features().required::<dyn IisEnvironmentFeature>()?.environment())
        }
        "/folder" => std::env::current_dir()?.display().to_string(),
        "/features" => features(ctx),
        "/trailers" => trailers(ctx)?,
        "/close" => close(ctx)?,
        "/reset" => return reset(ctx),
        "/abort-late" => {
            ctx.response_mut().write("begun").await?;
            flush_response(ctx.features_mut()).await?;
            ctx.abort();
            return Ok(());
        }
        _ => format!("{path} of {}", ctx.request().path_base()),
    };
    // Trailers come only behind a body of unknown length.
    if path != "/trailers" {
        ctx.response_mut().set_header("content-length", text.len().to_string())?;
    }
    ctx.response_mut().write(text).await
}

/// `?name=N[&value=V]`: sets the variable if there is a value, and tells what it is then.
fn variable(ctx: &mut HttpContext) -> Result<String> {
    let (name, value) = (parameter(ctx, "name").unwrap_or_default(), parameter(ctx, "value"));
    let variables = ctx.features_mut().required_mut::<dyn ServerVariablesFeature>()?;
    if let Some(value) = value {
        variables.set_server_variable(&name, &value)?;
    }
    Ok(variables.server_variable(&name)?.map_or_else(|| "none".to_owned(), |value| value.into_owned()))
}

fn user(ctx: &HttpContext) -> String {
    let user = ctx.features().get::<dyn HttpAuthenticationFeature>().and_then(|feature| feature.user());
    let Some(identity) = user.and_then(|user| user.identities().first()) else { return "nobody".to_owned() };
    format!(
        "{} by {}",
        identity.name().unwrap_or_default(),
        identity.authentication_type().unwrap_or_default()
    )
}

fn tls(ctx: &HttpContext) -> String {
    let certificate =
        ctx.features().get::<dyn TlsConnectionFeature>().and_then(|tls| tls.client_certificate());
    let handshake = ctx.features().get::<dyn TlsHandshakeFeature>();
    let protocol = handshake.and_then(|handshake| handshake.protocol());
    let certificate = certificate.map(|certificate| String::from_utf8_lossy(certificate.der()).into_owned());
    format!("{} {protocol:?} {certificate:?}", ctx.request().scheme())
}

fn times(ctx: &HttpContext) -> String {
    let kinds = ctx
        .features()
        .get::<dyn HttpSysRequestInfoFeature>()
        .map(|info| info.request_info().keys().collect());
    let kinds: Vec<_> = kinds.unwrap_or_default();
    let timing = ctx.features().get::<dyn HttpSysRequestTimingFeature>();
    format!("{kinds:?} {:?}", timing.map(|timing| timing.timestamps().to_vec()))
}

fn features(ctx: &HttpContext) -> String {
    let mut names: Vec<_> = ctx.features().iter().map(|entry| entry.name()).collect();
    names.sort_unstable();
    names.join(" ")
}

fn trailers(ctx: &mut HttpContext) -> Result<String> {
    let trailers = ctx.features_mut().required_mut::<dyn HttpResponseTrailersFeature>()?;
    trailers.trailers_mut()?.insert("x-sum", "42".parse()?);
    Ok("before trailers".to_owned())
}

fn close(ctx: &HttpContext) -> Result<String> {
    ctx.features().required::<dyn ConnectionLifetimeNotificationFeature>()?.request_close();
    Ok("closing".to_owned())
}

fn reset(ctx: &HttpContext) -> Result<()> {
    let code = parameter(ctx, "code").and_then(|code| code.parse().ok()).unwrap_or_default();
    ctx.features().required::<dyn HttpResetFeature>()?.reset(code);
    Ok(())
}

/// The parameter of the query, not decoded.
fn parameter(ctx: &HttpContext, name: &str) -> Option<String> {
    let query = ctx.request().query_string().trim_start_matches('?').to_owned();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
