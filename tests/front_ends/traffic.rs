//! Ordinary traffic.

use crate::front::Front;

/// Longer than any buffer of a proxy.
const LARGE: usize = 3_000_000;

pub(crate) fn answers(front: &Front) {
    let mut client = front.connect();
    let answer = client.get("/");
    assert_eq!((answer.status, answer.text()), (200, "Hello World!".to_owned()));
    assert_eq!(answer.field("content-type"), Some("text/plain"));
    assert_eq!(answer.field("content-length"), Some("12"));
    client.send("HEAD / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    assert_eq!(client.head().status, 200);
    // Nothing came behind that head: the next answer begins where it must.
    let answer = client.get(&format!("/big?size={LARGE}"));
    let expected: Vec<u8> =
        falconry_conformance::contract::PseudoRandom::new(LARGE as u64).flatten().collect();
    assert!(answer.status == 200 && answer.body == expected, "{} {}", answer.status, answer.body.len());
    assert_eq!(client.get("/status/204").status, 204);
    assert_eq!(client.get("/status/404").status, 404);
}

pub(crate) fn requests(front: &Front) {
    let mut client = front.connect();
    let answer = client.get("/info?a=b%20c&d=%2F");
    let info = answer.json();
    assert_eq!((&info["path"], &info["query"]), (&"/info".into(), &"?a=b%20c&d=%2F".into()), "{info}");
    assert_eq!(info["host"], "site.test", "{info}");
    let protocol = match front.front_end.backend {
        crate::proxies::Backend::Http1 => "HTTP/1.1",
        crate::proxies::Backend::Http2 => "HTTP/2",
    };
    assert_eq!(info["protocol"], protocol, "{info}");
    client.send(
        "GET /fields HTTP/1.1\r\nHost: site.test\r\nCookie: a=b; c=d\r\nX-Long: {}\r\nAccept: */*\r\n\r\n"
            .replace("{}", &"x".repeat(3000)),
    );
    let fields = client.answer().text();
    for line in ["cookie: a=b; c=d\n", "accept: */*\n", &format!("x-long: {}\n", "x".repeat(3000))] {
        assert!(fields.contains(line), "{line} is not in {fields}");
    }
    client.send("DELETE /echo HTTP/1.1\r\nHost: site.test\r\n\r\n");
    assert!(client.answer().text().starts_with("method=DELETE\ntarget=/echo\n"));
}

pub(crate) fn errors(front: &Front) {
    assert_eq!(front.connect().get("/throw").status, 500);
    // A proxy makes an error of the end of a connection or a stream, or ends its client's connection, too.
    let mut aborted = front.connect();
    aborted.send("GET /abort HTTP/1.1\r\nHost: site.test\r\n\r\n");
    assert!(aborted.try_head().is_none_or(|head| head.status / 100 == 5));
    let answer = front.connect().get("/nowhere");
    assert_eq!((answer.status, answer.text()), (404, "there is nothing here\n".to_owned()));
    front.assert_alive();
}
