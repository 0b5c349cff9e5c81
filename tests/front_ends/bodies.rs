//! Bodies of every framing, both ways.

use falconry_conformance::contract::PseudoRandom;
use sha2::{Digest, Sha256};

use crate::front::Front;

const SIZE: usize = 300_000;

fn body() -> Vec<u8> {
    PseudoRandom::new(SIZE as u64).flatten().collect()
}

fn expected_upload(body: &[u8]) -> String {
    format!("{} {}", body.len(), data_encoding::HEXLOWER.encode(&Sha256::digest(body)))
}

pub(crate) fn echoes(front: &Front) {
    let body = body();
    let mut client = front.connect();
    for _ in 0..5 {
        let answer = client.post("/echo", &body);
        let echoed = answer.body.windows(2).position(|window| window == b"\n\n").map(|end| end + 2);
        let echoed = &answer.body[echoed.expect("an empty line")..];
        assert!(answer.status == 200 && echoed == body, "{} {}", answer.status, answer.body.len());
        let answer = client.post("/upload", &body);
        assert_eq!(answer.text(), expected_upload(&body));
    }
}

pub(crate) fn chunked_requests(front: &Front) {
    let body = body();
    let mut client = front.connect();
    for size in [1000, 70_000, SIZE] {
        client.send("POST /upload HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in body.chunks(size) {
            client.send(format!("{:x}\r\n", piece.len()));
            client.send(piece);
            client.send("\r\n");
        }
        client.send("0\r\n\r\n");
        assert_eq!(client.answer().text(), expected_upload(&body), "chunks of {size}");
    }
    // A body without data is a body, too.
    client.send("POST /upload HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(client.answer().text(), expected_upload(b""));
}

pub(crate) fn chunked_answers(front: &Front) {
    let mut client = front.connect();
    let answer = client.get(&format!("/big?size={SIZE}&chunked=1"));
    assert_eq!(answer.field("content-length"), None);
    assert!(answer.body == body(), "{} bytes came", answer.body.len());
    let answer = client.get("/stream?count=300&size=1000");
    assert_eq!(answer.body, vec![b'x'; 300_000]);
}

pub(crate) fn without_chunks(front: &Front) {
    let mut old = front.connect();
    old.send(format!("GET /big?size={SIZE}&chunked=1 HTTP/1.0\r\nHost: site.test\r\n\r\n"));
    let answer = old.answer();
    assert_eq!(answer.field("transfer-encoding"), None);
    assert!(answer.body == body(), "{} bytes came", answer.body.len());
}

/// The first part of an echo comes back before the second is sent.
pub(crate) fn streams(front: &Front) {
    let mut client = front.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    let head = client.head();
    assert_eq!(head.status, 200);
    let mut text = Vec::new();
    while !text.ends_with(b"first") {
        text.extend(client.chunk().unwrap());
    }
    client.send("6\r\nsecond\r\n0\r\n\r\n");
    let rest = client.body(&head).unwrap();
    assert_eq!(String::from_utf8_lossy(&rest), "second");
}

pub(crate) fn expects(front: &Front) {
    let mut client = front.connect();
    client.send(
        "POST /upload HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.head().status, 100);
    client.send("abc");
    assert_eq!(client.answer().text(), expected_upload(b"abc"));
}
