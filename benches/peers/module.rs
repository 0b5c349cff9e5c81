//! The module's forwarding behind Kestrel, with its defaults; the address of the backend is the first argument.

use std::{env, error::Error, net::SocketAddr, sync::Arc};

use falconry::{HttpContext, Result, WebHost};
use falconry_benches::{announce, runtime};
use falconry_module::forward::{Backend, BackendAddress, ForwardOptions, forward, pages};

/// What every request shares.
struct Front {
    backend: Backend,
    options: ForwardOptions,
}

fn main() -> Result<(), Box<dyn Error>> {
    let backend: SocketAddr = env::args().nth(1).ok_or("which backend?")?.parse()?;
    runtime().block_on(serve(backend))
}

async fn serve(backend: SocketAddr) -> Result<(), Box<dyn Error>> {
    let front = Arc::new(Front {
        backend: Backend::new(BackendAddress::Tcp(backend)),
        options: ForwardOptions::default(),
    });
    let host = WebHost::builder()
        .server_named("kestrel")
        .urls("http://127.0.0.1:0")
        .suppress_status_messages(true)
        .build(Answer(front))?;
    host.start().await?;
    let address = host.addresses().first().cloned().unwrap_or_default();
    announce(address.trim_start_matches("http://").parse()?);
    std::future::pending().await
}

struct Answer(Arc<Front>);

impl falconry::Handler for Answer {
    fn handle<'b>(&'b self, ctx: &'b mut HttpContext) -> falconry::features::BoxFuture<'b, Result> {
        Box::pin(async move {
            let Front { backend, options } = &*self.0;
            if let Err(error) = forward(ctx.features_mut(), backend, options).await {
                pages::answer_error(ctx.features_mut(), &error).await?;
            }
            Ok(())
        })
    }
}
