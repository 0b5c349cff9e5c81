//! Headers of both versions, whole, cut and wrong.

use std::{io::Cursor, net::SocketAddr};

use tokio::io::AsyncReadExt;

use super::header::{Header, HeaderError};
use crate::transport::Endpoints;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Reads a header that more bytes follow, and looks that they are left.
async fn read(header: &[u8]) -> Result<Header, HeaderError> {
    let mut stream = Cursor::new([header, b"GET / HTTP/1.1"].concat());
    let read = Header::read(&mut stream).await?;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"GET / HTTP/1.1", "{header:?}");
    Ok(read)
}

async fn endpoints(header: &[u8]) -> Endpoints {
    match read(header).await {
        Ok(Header::Client(endpoints)) => endpoints,
        other => panic!("{other:?} from {header:?}"),
    }
}

fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &length, rest].concat()
}

fn address(text: &str) -> Option<SocketAddr> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn version_1_tells_addresses_of_both_families() {
    let found = endpoints(b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n").await;
    assert_eq!((found.remote, found.local), (address("192.0.2.1:56324"), address("198.51.100.2:443")));
    let found = endpoints(b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n").await;
    assert_eq!((found.remote, found.local), (address("[2001:db8::1]:1"), address("[2001:db8::2]:65535")));
}

#[tokio::test]
async fn version_2_tells_addresses_of_both_families_and_may_hold_more() {
    let v4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 4, 1, 0xbb];
    for more in [0, 1, 300, 60_000] {
        let found = endpoints(&version_2(0x21, 0x11, &[&v4[..], &vec![7; more]].concat())).await;
        assert_eq!((found.remote, found.local), (address("192.0.2.1:56324"), address("198.51.100.2:443")));
    }
    let mut v6 = [0; 36];
    (v6[0], v6[15], v6[16], v6[31], v6[33], v6[35]) = (0xfd, 1, 0xfd, 2, 80, 90);
    let found = endpoints(&version_2(0x21, 0x21, &v6)).await;
    assert_eq!((found.remote, found.local), (address("[fd00::1]:80"), address("[fd00::2]:90")));
    let found = endpoints(&version_2(0x21, 0x31, &[0; 216])).await;
    assert_eq!((found.remote, found.local), (None, None));
}

#[tokio::test]
async fn a_connection_of_the_proxy_itself_keeps_its_addresses() {
    for header in [
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY UNKNOWN ffff::1 anything at all\r\n".to_vec(),
        version_2(0x20, 0x00, &[]),
        version_2(0x20, 0x11, &[9; 12]),
        version_2(0x21, 0x00, &[9; 30]),
    ] {
        assert!(matches!(read(&header).await, Ok(Header::Own)), "{header:?}");
    }
}

#[tokio::test]
async fn wrong_headers_are_refused() {
    let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
    for header in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"PROXX TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
        b"PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n",
        b"PROXY TCP4 ::1 ::1 1 1\r\n",
        b"PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 +1\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n",
        b"PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n",
        b"PROXY TCP4 1.2.3.256 1.2.3.4 1 1\r\n",
        b"PROXY \xff\xff\xff\xff\xff\xff\xff\xff\r\n",
        long.as_bytes(),
        &version_2(0x11, 0x11, &[0; 12]),
        &version_2(0x22, 0x11, &[0; 12]),
        &version_2(0x21, 0x12, &[0; 12]),
        &version_2(0x21, 0x11, &[0; 11]),
        &version_2(0x21, 0x21, &[0; 35]),
        &version_2(0x21, 0xff, &[0; 12]),
    ] {
        assert!(matches!(read(header).await, Err(HeaderError::Malformed(_))), "{header:?}");
    }
}

#[tokio::test]
async fn a_header_that_is_cut_off_anywhere_is_refused() {
    let whole = [b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n".to_vec(), version_2(0x21, 0x11, &[1; 20])];
    for header in whole {
        for length in 0..header.len() {
            let read = Header::read(&mut &header[..length]).await;
            assert!(matches!(read, Err(HeaderError::Io(_))), "{length} bytes of {header:?}: {read:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_become_a_header_is_refused_without_waiting_for_more() {
    // The writing end stays open: waiting would be for ever.
    let (mut client, mut server) = tokio::io::duplex(64);
    tokio::io::AsyncWriteExt::write_all(&mut client, b"G").await.unwrap();
    assert!(matches!(Header::read(&mut server).await, Err(HeaderError::Malformed(_))));
}

#[tokio::test]
async fn any_bytes_are_read_without_panic() {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    const PIECES: &[u8] = b"\x21\x11\x00\x0c TCP6UNKNOWN:.0123456789abf\r\n\xff";
    for _ in 0..20_000 {
        let start = [SIGNATURE, b"PROXY TCP4 ", b"PROXY ", b""][random() % 4];
        let rest: Vec<u8> = (0..random() % 64).map(|_| PIECES[random() % PIECES.len()]).collect();
        let _ = Header::read(&mut &*[start, &rest].concat()).await;
    }
}
