//! Responses through the broker are those of the driver in the same process, byte for byte.

use std::{
    future::poll_fn,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
};

use bytes::Bytes;
use falconry::{Handler, HttpContext, Result};
use falconry_features::{BoxFuture, Deadline, Server, send_file};

use falconry_httpsys::{
    BrokerDriver, PortableDriver,
    driver::{Driver, RequestQueueOptions, SendFlags, SendResponse, UrlGroupProperty},
};

use super::support::{OwnBroker, Place, serve};
use crate::support::{LIMIT, Site, free_port};

/// More than goes into one frame of the protocol.
const LARGE: usize = 700_000;

/// Answers in the way that the path names.
#[derive(Clone)]
struct Responds {
    file: PathBuf,
}

impl Handler for Responds {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let path = ctx.request().path().to_owned();
            let large = || pattern(LARGE);
            if let Some(status) = path.strip_prefix("/status/") {
                ctx.response_mut().set_status(status.parse::<u16>().unwrap_or(500))?;
                return Ok(());
            }
            match &*path {
                "/small-known" => {
                    ctx.response_mut().set_header("content-length", "5")?;
                    ctx.response_mut().write("small").await
                }
                "/small" => ctx.response_mut().write("small").await,
                "/large-known" => {
                    ctx.response_mut().set_header("content-length", LARGE.to_string())?;
                    ctx.response_mut().write(large()).await
                }
                "/large" => ctx.response_mut().write(large()).await,
                // More pieces than a frame can count, if it counts them.
                "/pieces" => {
                    for _ in 0..70_000 {
                        ctx.response_mut().write("x").await?;
                    }
                    Ok(())
                }
                "/flushed" => {
                    ctx.response_mut().write("one").await?;
                    ctx.response_mut().flush().await?;
                    ctx.response_mut().write("two").await
                }
                "/file" => send_file(ctx.features_mut(), &self.file, 3, None).await.map_err(Into::into),
                "/fields" => {
                    ctx.response_mut().headers_mut()?.append("set-cookie", "a=1".parse().expect("a value"));
                    ctx.response_mut().headers_mut()?.append("set-cookie", "b=2".parse().expect("a value"));
                    ctx.response_mut().set_header("x-long", "y".repeat(20_000))?;
                    ctx.response_mut().set_header("connection", "close")?;
                    ctx.response_mut().write("fields").await
                }
                "/fails" => Err("as it should".into()),
                "/fails-late" => {
                    ctx.response_mut().write("begun").await?;
                    ctx.response_mut().flush().await?;
                    Err("as it should".into())
                }
                _ => Ok(()),
            }
        })
    }
}

fn pattern(length: usize) -> String {
    (0..=u8::MAX).cycle().map(|byte| char::from(b'a' + byte % 26)).take(length).collect()
}

/// All that a server answers to these bytes, until it closes; without the time, and with the chunks of a chunked body as
/// one, since their sizes are the writer's choice.
fn answers(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("the request can be sent");
    let mut all = Vec::new();
    let end = match stream.read_to_end(&mut all) {
        Ok(_) => "",
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => "",
        Err(error) => panic!("{request}: {error}"),
    };
    let all = String::from_utf8_lossy(&all);
    let lines: Vec<_> =
        all.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("date:")).collect();
    format!("{}{end}", unchunked(&lines.join("\r\n")))
}

/// The responses with the data of each chunked body in one line.
fn unchunked(text: &str) -> String {
    const CHUNKED: &str = "transfer-encoding: chunked";
    let Some((before, mut rest)) = text.split_once(CHUNKED) else { return text.to_owned() };
    let Some((fields, after)) = rest.split_once("\r\n\r\n") else { return text.to_owned() };
    rest = after;
    let mut body = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 || more.len() < size + 2 {
            body.push_str(&format!("[{size}]"));
            rest = more;
            break;
        }
        body.push_str(&more[..size]);
        rest = &more[size + 2..];
    }
    format!("{before}{CHUNKED}{fields}\r\n\r\n{body}{}", unchunked(rest))
}

/// Receives a request on a driver, without a server, and answers it by one send of `length` bytes.
async fn send_whole(driver: &dyn Driver, address: SocketAddr, length: usize) {
    let session = driver.create_server_session().await.expect("a session");
    let group = session.create_url_group().await.expect("a group");
    let queue = driver.create_request_queue(RequestQueueOptions::default()).await.expect("a queue");
    group.set_property(UrlGroupProperty::Binding(Some(Arc::clone(&queue)))).await.expect("a binding");
    group.add_url(&format!("http://{address}/"), 1).await.expect("a prefix");
    let client = tokio::task::spawn_blocking(move || {
        answers(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    });
    let received = queue.receive().await.expect("a request");
    let chunks = Bytes::from(pattern(length)).into();
    let mut response = Some(SendResponse { flags: SendFlags::DISCONNECT, chunks, ..SendResponse::default() });
    poll_fn(|cx| received.handle.poll_send_response(cx, &mut response)).await.expect("it is sent");
    drop(received);
    let answer = client.await.expect("an answer");
    assert!(answer.contains(&format!("content-length: {length}\r\n")), "{}: {answer:.300}", driver.name());
    assert!(answer.ends_with(&pattern(length)), "{}", driver.name());
}

#[test]
fn a_whole_response_has_its_length_however_many_frames_it_takes() {
    let place = Place::new("whole");
    let broker = OwnBroker::start(&place.socket());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for length in [5, LARGE] {
        for driver in [&BrokerDriver::new(place.socket()) as &dyn Driver, &PortableDriver::new()] {
            let address = ([127, 0, 0, 1], free_port()).into();
            let sent = async { tokio::time::timeout(LIMIT, send_whole(driver, address, length)).await };
            runtime.block_on(sent).expect("in time");
        }
    }
    broker.die();
}

#[test]
fn a_response_through_the_broker_is_the_one_of_the_driver_in_the_same_process() {
    let place = Place::new("responses");
    let file = place.0.join("file.txt");
    std::fs::write(&file, pattern(LARGE)).expect("the file can be written");
    let responds = Responds { file };
    let broker = OwnBroker::start(&place.socket());
    let (runtime, server, through) = serve(&place.socket(), responds.clone());
    let prefixes = ["http://127.0.0.1:0/"];
    let inline = Site::new().serve(&prefixes, |_| {}, responds.clone());
    let tasks = Site::new().serve(
        &prefixes,
        |options| options.unsafe_prefer_inline_scheduling = Some(false),
        responds,
    );

    let targets = [
        "/small-known",
        "/small",
        "/large-known",
        "/large",
        "/pieces",
        "/flushed",
        "/file",
        "/empty",
        "/fields",
        "/fails",
        "/fails-late",
        "/status/204",
        "/status/304",
        "/status/205",
        "/status/404",
        "/status/500",
    ];
    let heads = [
        "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "HTTP/1.0\r\nHost: x\r\n\r\n",
        "HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\nGET /small HTTP/1.0\r\n\r\n",
        "HTTP/1.1\r\nHost: x\r\n\r\nGET /small-known HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ];
    let mut differ = Vec::new();
    for target in targets {
        for (method, head) in ["GET", "HEAD"].into_iter().flat_map(|method| heads.map(|head| (method, head)))
        {
            let request = format!("{method} {target} {head}");
            let [wanted, inner, outer] =
                [inline.address(), tasks.address(), through].map(|address| answers(address, &request));
            assert!(wanted.starts_with("HTTP/1."), "{request}: {wanted}");
            for (name, got) in [("in tasks", inner), ("through the broker", outer)] {
                if got != wanted {
                    differ.push(format!("{request:?}: {name}: {got:.400?} and not {wanted:.400?}"));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    runtime.block_on(server.stop(Deadline::now())).expect("a stop");
    broker.die();
}
