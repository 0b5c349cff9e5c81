//! Clients and applications that break off half way.

use crate::front::Front;

const CLIENTS: usize = 20;

pub(crate) fn bodies(front: &Front) {
    for number in 1..=CLIENTS {
        let mut client = front.connect();
        client.send("POST /upload HTTP/1.1\r\nHost: site.test\r\nContent-Length: 600000\r\n\r\n");
        client.send(vec![b'x'; 300_000]);
        // It must have come to Kestrel before the client leaves.
        front.witness().wait_for_begins("/upload", number);
    }
    front.witness().wait_for_aborts("/upload", CLIENTS);
    front.assert_alive();
}

/// Where no length says how much is missing.
pub(crate) fn chunks(front: &Front) {
    let mut client = front.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("{:x}\r\n", 200_000));
    client.send(vec![b'x'; 100_000]);
    front.witness().wait_for_begins("/echo", 1);
    drop(client);
    front.witness().wait_for_aborts("/echo", 1);
    front.assert_alive();
}

pub(crate) fn answers(front: &Front) {
    for _ in 0..CLIENTS {
        let mut client = front.connect();
        client.send("GET /stream?count=100000&size=16000 HTTP/1.1\r\nHost: site.test\r\n\r\n");
        assert_eq!(client.head().status, 200);
        // HAProxy 2.6 opens the window of a connection only when it passes on data, never for what it drops.
        client.chunk().unwrap();
    }
    front.witness().wait_for_aborts("/stream", CLIENTS);
    front.assert_alive();
}

/// The application fails in the middle of an answer: the client must not take what came for all.
pub(crate) fn broken_answers(front: &Front) {
    let mut client = front.connect();
    client.send("GET /throw-late HTTP/1.1\r\nHost: site.test\r\n\r\n");
    // A proxy that has not sent the head yet may make an error of it, or send nothing at all.
    if let Some(head) = client.try_head() {
        match head.status {
            200 => drop(client.body(&head).expect_err("the end of the answer came")),
            status => assert_eq!(status, 502),
        }
    }
    front.assert_alive();
}
