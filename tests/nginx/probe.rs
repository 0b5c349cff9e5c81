//! An application with what the contract app has not: for the tests of the nginx module.

use falconry::{
    HostError, HttpContext, Pipeline, Result, WebHost,
    features::{ServerVariablesFeature, TlsApplicationProtocolFeature},
};

falconry::export_app!(run);

async fn run() -> std::result::Result<(), HostError> {
    let app = Pipeline::new()
        .map("/panic", |branch| branch.run(panics))
        .map("/panic-late", |branch| branch.run(panics_late))
        .map("/variable", |branch| branch.run(variable))
        .map("/alpn", |branch| branch.run(alpn))
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

/// `?NAME`
async fn environment(ctx: &mut HttpContext) -> Result<()> {
    let name = ctx.request().query_string().trim_start_matches('?').to_owned();
    ctx.response_mut().write(std::env::var(name).unwrap_or_default()).await
}

/// The worker that answers.
async fn process(ctx: &mut HttpContext) -> Result<()> {
    ctx.response_mut().write(std::process::id().to_string()).await
}
