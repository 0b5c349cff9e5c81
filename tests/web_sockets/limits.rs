//! Sizes.

use falconry::WebSocketOptions;
use tokio::io::AsyncWriteExt;

use super::{
    app::Site,
    peer::{BINARY, FIN, Peer},
};

async fn site() -> Site {
    let mut options = WebSocketOptions::default();
    options.max_message_size = 1000;
    Site::echo(options).await.0
}

#[tokio::test]
async fn a_message_at_the_limit_is_taken() {
    let site = site().await;
    let mut peer = Peer::open(&site).await;
    peer.frame(BINARY, &[7; 1000]).await;
    peer.expect(BINARY, &[7; 1000]).await;
    site.stop().await;
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_before_it_has_come() {
    let site = site().await;
    let mut peer = Peer::open(&site).await;
    // Nothing but the header: 1001 bytes are announced.
    peer.write(&[BINARY, 0x80 | 126, 3, 233, 1, 2, 3, 4]).await;
    assert_eq!(peer.next_close().await.0, 1009);
    site.stop().await;
}

#[tokio::test]
async fn a_length_that_no_memory_holds_is_refused() {
    let site = site().await;
    for length in [u64::MAX, 1 << 63, u64::MAX >> 1] {
        let mut peer = Peer::open(&site).await;
        peer.write(&[&[BINARY, 0xff][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat()).await;
        assert_eq!(peer.next_close().await.0, 1009, "{length:#x}");
    }
    site.stop().await;
}

#[tokio::test]
async fn fragments_that_are_too_much_together_are_refused_and_the_client_learns_why() {
    let site = site().await;
    let mut peer = Peer::open(&site).await;
    peer.frame(BINARY & !FIN, &[1; 600]).await;
    // The client does not look up before it has sent much more than sockets hold.
    for _ in 0..2000 {
        peer.frame(0, &[2; 600]).await;
    }
    assert_eq!(peer.next_close().await.0, 1009);
    peer.stream.shutdown().await.unwrap();
    peer.expect_end().await;
    site.stop().await;
}
