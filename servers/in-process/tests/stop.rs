//! The stop of a server whose host ends its connections one by one: requests are taken until the host has closed it.

mod support;

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use falconry_features::{Deadline, Server as _};
use falconry_in_process::{InProcessServer, InProcessServerOptions, NotAccepted};
use http::Method;
use support::{App, FakeHost, request};
use tokio::runtime::Handle;

/// A started server, and how often the host was told of its stop.
async fn started() -> (InProcessServer, Arc<AtomicUsize>) {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let server = InProcessServer::new(InProcessServerOptions {
        on_stop: Some(Box::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        })),
        takes_requests_until_closed: true,
        ..InProcessServerOptions::default()
    });
    let app = App { handler: Arc::new(Box::new(|_| Box::pin(async { Ok(()) }))), catches_panics: true };
    server.start(Arc::new(app)).await.expect("the server starts");
    (server, told)
}

/// Sends a request; true if it was accepted and answered.
fn serves(server: &InProcessServer) -> bool {
    let host = FakeHost::default();
    host.lock().is_inline = true;
    match server.accept(request(Method::GET, "/"), host.clone(), &Handle::current()) {
        Ok((task, _)) => {
            task.poll_here(|| ());
            host.events().contains("write:200")
        }
        Err(refused) => {
            assert_eq!(refused, NotAccepted::Stopped);
            false
        }
    }
}

async fn is_pending(future: Pin<&mut impl Future>) -> bool {
    let mut future = future;
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn a_stop_takes_requests_until_the_host_has_closed_the_server() {
    let (server, told) = started().await;
    let mut stop = pin!(server.stop(Deadline::never()));
    assert!(is_pending(stop.as_mut()).await, "the host has not closed it");
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert!(serves(&server));
    assert!(is_pending(stop.as_mut()).await);
    server.close();
    stop.await.expect("it has stopped");
    assert!(!serves(&server));
}

#[tokio::test]
async fn a_closed_server_takes_nothing_even_while_requests_are_under_way() {
    let (server, _) = started().await;
    let mut stop = pin!(server.stop(Deadline::never()));
    assert!(is_pending(stop.as_mut()).await);
    let host = FakeHost::default();
    let accepted = server.accept(request(Method::GET, "/"), host.clone(), &Handle::current());
    let (task, _) = accepted.expect("it is taken");
    server.close();
    assert!(!serves(&server));
    assert!(is_pending(stop.as_mut()).await, "one is under way");
    host.lock().is_inline = true;
    task.poll_here(|| ());
    stop.await.expect("it has stopped");
}

#[tokio::test]
async fn what_is_aborted_when_the_server_is_closed_ends_the_stop() {
    let (server, _) = started().await;
    let mut stop = pin!(server.stop(Deadline::never()));
    let host = FakeHost::default();
    let accepted = server.accept(request(Method::GET, "/"), host.clone(), &Handle::current());
    let (task, _) = accepted.expect("it is taken");
    assert!(is_pending(stop.as_mut()).await);
    server.close();
    server.abort_all();
    task.poll_here(|| ());
    stop.await.expect("it has stopped");
    assert_eq!(host.events(), "finish");
}
