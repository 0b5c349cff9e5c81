//! The contract app: one program that every server runs and every suite talks to.
//!
//! All answers stream; none holds a whole request. Unknown paths are 404.
//!
//! | route | answer |
//! |---|---|
//! | `GET /` | 200 `text/plain` `Hello World!` with its length |
//! | any `/echo` | `method=`, `target=` and `length=` lines, an empty line, then the request's body as it comes |
//! | any `/fields` | the request's fields, `name: value` a line, in arrival order |
//! | `GET /info` | what the server tells of request, connection and itself, as JSON |
//! | `GET /big?size=N` | N pseudo-random bytes, the same for the same N; `&chunked=1` leaves the length out |
//! | any `/upload` | `<bytes> <sha256 hex>` of the body |
//! | `GET /stream?count=N&size=S&delay_ms=D` | N flushed chunks of S bytes, D ms apart |
//! | any `/trailers` | the body, then `x-count`, `x-sha256` and the request's trailers as `x-echo-*` |
//! | `GET /status/N` | status N, with a body where it may have one |
//! | `GET /throw`, `/throw-late`, `/abort` | fails before the response starts, after it started, or aborts |
//! | `GET /wait?ms=N` | answers after N ms; a client that left first is counted in `/info`'s `aborted` |
//! | `GET /early-hints` | 103 with a `Link` field where the server can, then 200 |
//! | `GET /ws` | WebSocket echo of text and binary messages, sub-protocol `echo` if offered; 426 without a handshake |
//! | `POST /limits?max_body=N` | sets the request's own body limit, then as `/upload` |

mod bodies;
mod echo;
mod ends;
mod info;
mod query;
mod status;
mod web_socket;

use std::sync::{Arc, OnceLock, atomic::AtomicU64};

use falconry::{Handler, HostError, HttpContext, Pipeline, Result, WebHostBuilder};
use falconry_features::{BoxFuture, CancellationToken};
use http::{HeaderValue, Method, StatusCode, header};

pub use self::bodies::PseudoRandom;

/// The contract app, for any server.
///
/// ```
/// let pipeline: falconry::Pipeline = falconry_conformance::contract::app();
/// ```
pub fn app() -> Pipeline {
    Pipeline::new().run(Contract::default())
}

/// The contract app, whose `/info` gives the name of the server once `server` has been set.
pub fn app_on(server: Arc<OnceLock<String>>) -> Pipeline {
    Pipeline::new().run(Contract { server, ..Contract::default() })
}

/// The same; open WebSockets are closed with 1001 once `stopping` fires.
pub fn app_until(server: Arc<OnceLock<String>>, stopping: CancellationToken) -> Pipeline {
    let web_socket = web_socket::Route::new(Some(stopping));
    Pipeline::new().run(Contract { server, web_socket, ..Contract::default() })
}

/// Runs the contract app on a web host until that is stopped: what programs and libraries of it do.
///
/// # Errors
/// As `WebHost::run`.
///
/// ```no_run
/// # async fn example() -> Result<(), falconry::HostError> {
/// use falconry::WebHost;
/// use falconry_conformance::contract;
///
/// contract::run(WebHost::builder().args(std::env::args())).await
/// # }
/// ```
pub async fn run(builder: WebHostBuilder) -> Result<(), HostError> {
    let server = Arc::new(OnceLock::new());
    let stopping = builder.lifetime().stopping().clone();
    let host = builder.build(app_until(Arc::clone(&server), stopping))?;
    server.get_or_init(|| host.server_name().to_owned());
    host.run_until_stopped().await
}

#[derive(Debug, Default)]
struct Contract {
    server: Arc<OnceLock<String>>,
    /// Requests to `/wait` whose client left first.
    aborted: Arc<AtomicU64>,
    web_socket: web_socket::Route,
}

impl Contract {
    async fn route(&self, ctx: &mut HttpContext) -> Result {
        let path = ctx.request().path().to_owned();
        match path.as_str() {
            "/echo" => return echo::echo(ctx).await,
            "/fields" => return info::fields(ctx).await,
            "/upload" => return bodies::upload(ctx).await,
            "/trailers" => return echo::trailers(ctx).await,
            "/limits" => return bodies::limits(ctx).await,
            // A WebSocket over HTTP/2 is a CONNECT (RFC 8441).
            "/ws" => return self.web_socket.handle(ctx).await,
            _ => {}
        }
        let status = path.strip_prefix("/status/");
        let is_known = status.is_some()
            || matches!(
                path.as_str(),
                "/" | "/info"
                    | "/big"
                    | "/stream"
                    | "/throw"
                    | "/throw-late"
                    | "/abort"
                    | "/wait"
                    | "/early-hints"
            );
        if !is_known {
            return answer(ctx, StatusCode::NOT_FOUND, "there is nothing here\n").await;
        }
        if !matches!(*ctx.request().method(), Method::GET | Method::HEAD) {
            ctx.response_mut().set_header(header::ALLOW, "GET, HEAD")?;
            return answer(ctx, StatusCode::METHOD_NOT_ALLOWED, "this resource answers GET and HEAD\n").await;
        }
        match (path.as_str(), status) {
            (_, Some(number)) => status::status(ctx, number).await,
            ("/info", _) => info::info(ctx, self).await,
            ("/big", _) => bodies::big(ctx).await,
            ("/stream", _) => bodies::stream(ctx).await,
            ("/throw", _) => Err("thrown before the response started, as asked".into()),
            ("/throw-late", _) => ends::throw_late(ctx).await,
            ("/abort", _) => ends::abort(ctx),
            ("/wait", _) => ends::wait(ctx, &self.aborted).await,
            ("/early-hints", _) => status::early_hints(ctx).await,
            _ => answer(ctx, StatusCode::OK, "Hello World!").await,
        }
    }
}

impl Handler for Contract {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(self.route(ctx))
    }
}

/// A short text with its length.
async fn answer(ctx: &mut HttpContext, status: StatusCode, text: impl Into<String>) -> Result {
    let text = text.into();
    let mut response = ctx.response_mut();
    response.set_status(status)?;
    plain_text(ctx)?;
    let mut response = ctx.response_mut();
    response.set_header(header::CONTENT_LENGTH, HeaderValue::from(text.len()))?;
    response.write(text).await
}

fn plain_text(ctx: &mut HttpContext) -> Result {
    ctx.response_mut().set_header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))
}
