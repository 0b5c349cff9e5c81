//! A library for the module's worker that fails as it is asked to.

use std::time::Duration;

use falconry::{HttpContext, Result, WebHost};

async fn run() -> std::result::Result<(), String> {
    match std::env::var("PROBE").as_deref() {
        Ok("fail") => return Err("the probe does not start, as it was asked to".to_owned()),
        Ok("panic") => panic!("the probe panics, as it was asked to"),
        Ok("abort") => std::process::abort(),
        Ok("hang") => std::future::pending().await,
        _ => {}
    }
    WebHost::run(serve).await.map_err(|error| error.to_string())
}

async fn serve(ctx: &mut HttpContext) -> Result<()> {
    let path = ctx.request().path().to_owned();
    match path.as_str() {
        "/process" => ctx.response_mut().write(std::process::id().to_string()).await,
        "/crash" => std::process::abort(),
        "/panic" => panic!("the secret reason of the panic"),
        "/panic-late" => {
            ctx.response_mut().write("begun").await?;
            ctx.response_mut().flush().await?;
            panic!("the secret reason of the panic")
        }
        // Timers and tasks are of the library's own runtime, whoever polls.
        "/runtime" => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let spawned = tokio::spawn(async { "spawned" }).await?;
            ctx.response_mut().write(spawned).await
        }
        _ => ctx.response_mut().write("probe").await,
    }
}

falconry::export_app!(run);
