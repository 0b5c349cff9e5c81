//! Many connections, and few.

use std::collections::BTreeSet;

use crate::front::Front;

const PARALLEL: usize = 200;
const IN_TURN: usize = 30;

/// All wait inside of the application at once.
pub(crate) fn parallel(front: &Front) {
    let mut clients: Vec<_> = (0..PARALLEL).map(|_| front.connect()).collect();
    for client in &mut clients {
        client.send("GET /wait?ms=500 HTTP/1.1\r\nHost: site.test\r\n\r\n");
    }
    for client in &mut clients {
        assert_eq!(client.answer().text(), "waited 500 ms\n");
    }
    // And at once again on the same connections, with bodies.
    let body = vec![b'x'; 10_000];
    for client in &mut clients {
        client.send("POST /upload HTTP/1.1\r\nHost: site.test\r\nContent-Length: 10000\r\n\r\n");
    }
    for client in &mut clients {
        client.send(&body);
    }
    for client in &mut clients {
        let text = client.answer().text();
        assert!(text.starts_with("10000 "), "{text}");
    }
}

/// A connection may not be free again when the next client comes; far fewer than one for each there must be.
const FEW: usize = IN_TURN / 3;

/// Requests of different clients, one after the other, share connections to Kestrel.
pub(crate) fn reuse(front: &Front) {
    let ids: BTreeSet<String> = (0..IN_TURN).map(|_| connection_id(&mut front.connect())).collect();
    assert!(ids.len() <= FEW, "{IN_TURN} requests took {} connections: {ids:?}", ids.len());
}

pub(crate) fn keep_alive(front: &Front) {
    let mut client = front.connect();
    let ids: BTreeSet<String> = (0..IN_TURN).map(|_| connection_id(&mut client)).collect();
    assert!(ids.len() <= FEW, "{IN_TURN} requests took {} connections: {ids:?}", ids.len());
}

fn connection_id(client: &mut crate::client::Client) -> String {
    let info = client.get("/info").json();
    info["connection_id"].as_str().unwrap_or_else(|| panic!("no connection in {info}")).to_owned()
}
