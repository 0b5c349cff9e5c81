//! An application with what the contract app has not: for the tests of the nginx module.

use falconry::{
    HostError, HttpContext, Pipeline, Result, WebHost,
    features::{ServerAddressesFeature, ServerVariablesFeature, TlsApplicationProtocolFeature},
};
use http::{
    HeaderValue,
    header::{CONTENT_LENGTH, HeaderName},
};

falconry::export_app!(run);

async fn run() -> std::result::Result<(), HostError> {
    let app = Pipeline::new()
        .map("/panic", |branch| branch.run(panics))
        .map("/panic-late", |branch| branch.run(panics_late))
        .map("/variable", |branch| branch.run(variable))
        .map("/alpn", |branch| branch.run(alpn))
        .map("/addresses", |branch| branch.run(addresses))
        .map("/length-and-trailers", |branch| branch.run(length_and_trailers))
        .map("/environment", |branch| branch.run(environment))
        .run(process);
    WebHost::run(app).await
}

async fn panics(_ctx: &mut HttpContext) -> Result<()> {
    panic!("a panic on purpose");
}

async fn panics_late(ctx: &mut HttpContext) -> Result<()> {
    ctx.response_mut().write("beginning").await?;
    ctx.response_mut().flush().await?;
    panic!("a late panic on purpose");
}

/// `?NAME`
async fn variable(ctx: &mut HttpContext) -> Result<()> {
    let name = ctx.request().query_string().trim_start_matches('?').to_owned();
    let variables = ctx.features().required::<dyn ServerVariablesFeature>()?;
    let value = variables.server_variable(&name)?.unwrap_or_default().into_owned();
    ctx.response_mut().write(value).await
}

async fn alpn(ctx: &mut HttpContext) -> Result<()> {
    let tls = ctx.features().required::<dyn TlsApplicationProtocolFeature>()?;
    let protocol = String::from_utf8_lossy(tls.application_protocol()).into_owned();
    ctx.response_mut().write(protocol).await
}

/// What the server listens on.
async fn addresses(ctx: &mut HttpContext) -> Result<()> {
    let addresses = ctx.features().required::<dyn ServerAddressesFeature>()?.addresses().join(" ");
    ctx.response_mut().write(addresses).await
}

/// A length that is known ahead, and a trailer.
async fn length_and_trailers(ctx: &mut HttpContext) -> Result<()> {
    let mut response = ctx.response_mut();
    response.headers_mut()?.insert(CONTENT_LENGTH, HeaderValue::from_static("5"));
    response.write("hello").await?;
    if let Some(trailers) = response.trailers() {
        let name = HeaderName::from_static("x-after");
        trailers.trailers_mut()?.insert(name, HeaderValue::from_static("all"));
    }
    Ok(())
}

/// `?NAME`
async fn environment(ctx: &mut HttpContext) -> Result<()> {
    let name = ctx.request().query_string().trim_start_matches('?').to_owned();
    ctx.response_mut().write(std::env::var(name).unwrap_or_default()).await
}

/// The worker that answers.
async fn process(ctx: &mut HttpContext) -> Result<()> {
    ctx.response_mut().write(std::process::id().to_string()).await
}
