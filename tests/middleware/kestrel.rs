//! The middleware over sockets.

use falconry::{WebHost, WebHostBuilder, features::Deadline};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::app::Witness;

const TOKEN: &str = "MS-ASPNETCORE-TOKEN: t\r\n";

fn builder<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> WebHostBuilder {
    let builder = WebHost::builder().environment_variables(variables).server_named("kestrel");
    builder.content_root(env!("CARGO_TARGET_TMPDIR")).suppress_status_messages(true)
}

fn behind_module() -> WebHostBuilder {
    let module = [("ASPNETCORE_PORT", "0"), ("ASPNETCORE_APPL_PATH", "/app"), ("ASPNETCORE_TOKEN", "t")];
    builder(module.into_iter().chain([("ASPNETCORE_URLS", "http://127.0.0.2:0")]))
}

async fn connect(host: &WebHost) -> TcpStream {
    TcpStream::connect(host.addresses()[0].trim_start_matches("http://")).await.unwrap()
}

/// Sends a request and reads its answer to the end.
async fn exchange(client: &mut TcpStream, fields: &str) -> String {
    let request = format!("GET /app/x HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = read_to(client, "\r\n\r\n").await;
    let length = answer
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    match length {
        Some(length) => {
            let mut body = vec![0; length];
            client.read_exact(&mut body).await.unwrap();
            answer.push_str(&String::from_utf8(body).unwrap());
        }
        None => answer.push_str(&read_to(client, "0\r\n\r\n").await),
    }
    answer
}

async fn read_to(client: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push(char::from(client.read_u8().await.unwrap()));
    }
    text
}

#[tokio::test]
async fn the_modules_address_wins_over_all_others() {
    let builder = behind_module().kestrel(|options| {
        options.listen(([127, 0, 0, 3], 0).into());
    });
    let host = builder.urls("http://127.0.0.4:0").build(Witness::default().handler()).unwrap();
    host.start().await.unwrap();
    let addresses = host.addresses();
    assert!(addresses.len() == 1 && addresses[0].starts_with("http://127.0.0.1:"), "{addresses:?}");
    host.stop(Deadline::now()).await.unwrap();
}

#[tokio::test]
async fn what_one_request_forwards_is_gone_with_the_next_of_its_connection() {
    let witness = Witness::default();
    let host = behind_module().build(witness.handler()).unwrap();
    host.start().await.unwrap();
    let mut client = connect(&host).await;
    let own = format!("127.0.0.1|{}", client.local_addr().unwrap().port());
    let fields =
        "X-Forwarded-For: 1.1.1.1:9\r\nX-Forwarded-Proto: https\r\nMS-ASPNETCORE-CLIENTCERT: MAMCAQA=\r\n";
    exchange(&mut client, &format!("{TOKEN}{fields}")).await;
    let first = witness.take().unwrap();
    assert_eq!((first.remote.as_str(), first.scheme.as_str(), first.is_tls), ("1.1.1.1|9", "https", true));
    assert_eq!((first.path_base.as_str(), first.path.as_str()), ("/app", "/x"));
    exchange(&mut client, TOKEN).await;
    let second = witness.take().unwrap();
    assert_eq!((second.remote, second.scheme.as_str(), second.is_tls), (own, "http", false));
    host.stop(Deadline::now()).await.unwrap();
}

#[tokio::test]
async fn behind_the_module_the_server_has_no_limit_on_bodies_of_its_own() {
    let witness = Witness::default();
    let builder = behind_module().kestrel(|options| {
        options.limits.set_max_request_body_size(5);
    });
    let host = builder.build(witness.handler()).unwrap();
    host.start().await.unwrap();
    exchange(&mut connect(&host).await, TOKEN).await;
    assert_eq!(witness.take().unwrap().max_body, None);
    host.stop(Deadline::now()).await.unwrap();
}

#[tokio::test]
async fn without_web_sockets_no_request_of_a_connection_can_be_upgraded() {
    let witness = Witness::default();
    let module = [("PORT", "0"), ("APPL_PATH", "/"), ("TOKEN", "t"), ("IIS_WEBSOCKETS_SUPPORTED", "False")];
    let host = builder(module).build(witness.handler()).unwrap();
    host.start().await.unwrap();
    let mut client = connect(&host).await;
    for _ in 0..2 {
        exchange(&mut client, TOKEN).await;
        assert!(!witness.take().unwrap().can_upgrade);
    }
    assert!(exchange(&mut client, "").await.starts_with("HTTP/1.1 400 "));
    host.stop(Deadline::now()).await.unwrap();
}
