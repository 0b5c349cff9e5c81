//! Reads and writes that complete inline, late, out of order, after drop and with errors.

mod support;

use bytes::Bytes;
use falconry_features::{
    BadHttpRequestError, FeatureCollection, HttpRequestFeature, HttpResponseFeature, flush_response,
    write_response,
};
use falconry_in_process::{BodyLength, NativeRequest, OperationError, ReadResult, RequestEnd};
use http::{Method, StatusCode};
use support::{Stage, request};

fn with_body(body: BodyLength) -> NativeRequest {
    NativeRequest { body, ..request(Method::POST, "/") }
}

async fn read(features: &mut FeatureCollection) -> Result<Option<Bytes>, falconry_features::BoxError> {
    features.required_mut::<dyn HttpRequestFeature>()?.body_mut().data().await.transpose()
}

/// Echoes as it reads.
fn echo(request: NativeRequest) -> Stage {
    Stage::new(request, |features| {
        Box::pin(async move {
            while let Some(data) = read(features).await? {
                write_response(features, data).await?;
                flush_response(features).await?;
            }
            Ok(())
        })
    })
}

#[test]
fn an_answer_that_waits_for_nothing_is_one_operation() {
    let mut stage = Stage::new(request(Method::GET, "/"), |features| {
        Box::pin(async move {
            write_response(features, "Hello ".into()).await?;
            Ok(write_response(features, "World!".into()).await?)
        })
    });
    assert!(stage.poll());
    assert_eq!(stage.host.events(), "write:200:12:end");
    assert_eq!(stage.server.running_requests(), 1, "its operation is outstanding");
    stage.host.complete_write(Ok(()));
    assert_eq!(stage.host.events(), "finish");
    assert_eq!((stage.end(), stage.host.sent()), (Some(RequestEnd::Complete), "Hello World!".to_owned()));
    assert_eq!(stage.server.running_requests(), 0);
}

#[test]
fn operations_may_complete_within_the_call_that_begins_them() {
    let mut stage = echo(with_body(BodyLength::Unknown));
    {
        let mut fake = stage.host.lock();
        fake.is_inline = true;
        fake.inline_reads.push_back((b"one", Ok(ReadResult::Data)));
        fake.inline_reads.push_back((b"", Ok(ReadResult::Data)));
        fake.inline_reads.push_back((b"two", Ok(ReadResult::LastData)));
    }
    stage.poll_here();
    assert_eq!(stage.host.events(), "read write:200:3 read read write:3 write:0:end finish");
    assert_eq!((stage.end(), stage.host.sent()), (Some(RequestEnd::Complete), "onetwo".to_owned()));
}

#[test]
fn nothing_is_read_that_nobody_asks_for() {
    let mut stage = Stage::new(with_body(BodyLength::Known(5)), |features| {
        Box::pin(async move { Ok(write_response(features, "no".into()).await?) })
    });
    stage.host.lock().is_inline = true;
    assert!(stage.poll());
    assert_eq!(stage.host.events(), "write:200:2:end finish");
}

#[test]
fn a_read_waits_for_its_completion_and_is_one_at_a_time() {
    let mut stage = echo(NativeRequest { full_duplex: true, ..with_body(BodyLength::Known(4)) });
    assert!(!stage.poll());
    assert!(!stage.poll());
    assert_eq!(stage.host.events(), "read");
    assert!(!stage.is_woken());
    stage.host.complete_read(b"abcd", Ok(ReadResult::Data));
    assert!(!stage.poll_if_woken());
    assert_eq!(stage.host.events(), "write:200:4");
    stage.host.complete_write(Ok(()));
    assert!(!stage.poll_if_woken());
    assert_eq!(stage.host.events(), "read");
    stage.host.complete_read(b"", Ok(ReadResult::End(None)));
    assert!(stage.poll_if_woken());
    assert_eq!(stage.host.events(), "write:0:end");
}

/// Reads and writes at the same time.
fn both(request: NativeRequest) -> Stage {
    Stage::new(request, |features| {
        Box::pin(async move {
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            let mut data = std::pin::pin!(body.data());
            // The read is begun, and the application does not wait for it.
            let first = std::future::poll_fn(|cx| std::task::Poll::Ready(data.as_mut().poll(cx))).await;
            assert!(first.is_pending());
            write_response(features, "early".into()).await?;
            flush_response(features).await?;
            let data = data.await.ok_or("the body is empty")??;
            Ok(write_response(features, data).await?)
        })
    })
}

#[test]
fn a_host_with_one_operation_has_its_read_cancelled_for_a_write() {
    let mut stage = both(with_body(BodyLength::Unknown));
    assert!(!stage.poll());
    // The write goes first: both were wanted before anything was begun.
    assert_eq!(stage.host.events(), "write:200:5");
    stage.host.complete_write(Ok(()));
    assert_eq!(stage.host.events(), "read");
    assert!(!stage.poll_if_woken());
    stage.host.complete_read(b" late", Ok(ReadResult::LastData));
    assert!(stage.poll_if_woken());
    stage.host.complete_write(Ok(()));
    assert_eq!((stage.end(), stage.host.sent()), (Some(RequestEnd::Complete), "early late".to_owned()));
}

/// Begins a read, then writes when told so.
fn read_then_write(request: NativeRequest) -> (Stage, falconry_features::CancellationToken) {
    let go = falconry_features::CancellationToken::new();
    let told = go.clone();
    let stage = Stage::new(request, move |features| {
        let told = told.clone();
        Box::pin(async move {
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            let mut data = std::pin::pin!(body.data());
            let mut told = std::pin::pin!(told.cancelled());
            std::future::poll_fn(|cx| {
                assert!(data.as_mut().poll(cx).is_pending());
                told.as_mut().poll(cx)
            })
            .await;
            write_response(features, "early".into()).await?;
            flush_response(features).await?;
            let data = data.await.ok_or("the body is empty")??;
            Ok(write_response(features, data).await?)
        })
    });
    (stage, go)
}

#[test]
fn a_cancelled_read_is_begun_again_after_the_write() {
    for cancels_inline in [false, true] {
        let (mut stage, go) = read_then_write(with_body(BodyLength::Unknown));
        stage.host.lock().cancels_inline = cancels_inline;
        assert!(!stage.poll());
        assert_eq!(stage.host.events(), "read");
        go.cancel();
        assert!(!stage.poll());
        if !cancels_inline {
            assert_eq!(stage.host.events(), "cancel");
            stage.host.complete_read(b"", Err(OperationError::Cancelled));
            assert_eq!(stage.host.events(), "write:200:5");
        } else {
            assert_eq!(stage.host.events(), "cancel write:200:5");
        }
        stage.host.complete_write(Ok(()));
        assert_eq!(stage.host.events(), "read");
        assert!(!stage.poll());
        stage.host.complete_read(b" late", Ok(ReadResult::LastData));
        assert!(stage.poll());
        stage.host.complete_write(Ok(()));
        assert_eq!((stage.end(), stage.host.sent()), (Some(RequestEnd::Complete), "early late".to_owned()));
    }
}

#[test]
fn data_that_came_before_the_cancel_is_not_lost() {
    let (mut stage, go) = read_then_write(with_body(BodyLength::Unknown));
    assert!(!stage.poll());
    go.cancel();
    assert!(!stage.poll());
    assert_eq!(stage.host.events(), "read cancel");
    stage.host.complete_read(b" late", Ok(ReadResult::LastData));
    assert_eq!(stage.host.events(), "write:200:5");
    stage.host.complete_write(Ok(()));
    assert!(stage.poll());
    stage.host.complete_write(Ok(()));
    assert_eq!(stage.host.sent(), "early late");
}

#[test]
fn a_full_duplex_host_completes_in_whatever_order() {
    for read_first in [true, false] {
        let (mut stage, go) =
            read_then_write(NativeRequest { full_duplex: true, ..with_body(BodyLength::Unknown) });
        assert!(!stage.poll());
        go.cancel();
        assert!(!stage.poll());
        assert_eq!(stage.host.events(), "read write:200:5");
        if read_first {
            stage.host.complete_read(b" late", Ok(ReadResult::LastData));
            assert!(!stage.poll());
            stage.host.complete_write(Ok(()));
        } else {
            stage.host.complete_write(Ok(()));
            assert!(!stage.poll());
            stage.host.complete_read(b" late", Ok(ReadResult::LastData));
        }
        assert!(stage.poll());
        stage.host.complete_write(Ok(()));
        assert_eq!((stage.end(), stage.host.sent()), (Some(RequestEnd::Complete), "early late".to_owned()));
    }
}

#[test]
fn writes_above_the_credit_wait_for_the_host() {
    const CHUNK: usize = 100 * 1024;
    let mut stage = Stage::new(request(Method::GET, "/"), |features| {
        Box::pin(async move {
            for _ in 0..20 {
                write_response(features, vec![b'x'; CHUNK].into()).await?;
            }
            Ok(())
        })
    });
    let mut outstanding = 0;
    while !stage.poll() {
        let waiting: usize = {
            let fake = stage.host.lock();
            fake.write.iter().flat_map(|write| write.chunks()).map(Bytes::len).sum()
        };
        outstanding = outstanding.max(waiting);
        stage.host.complete_write(Ok(()));
    }
    assert!(outstanding <= 256 * 1024 + CHUNK, "{outstanding} bytes in one operation");
    while stage.host.lock().write.is_some() {
        stage.host.complete_write(Ok(()));
    }
    let sent = stage.host.lock().sent.len();
    assert_eq!((stage.end(), sent), (Some(RequestEnd::Complete), 20 * CHUNK));
}

#[test]
fn a_body_over_its_limit_is_not_even_read() {
    let mut stage = echo(NativeRequest { max_body_size: Some(3), ..with_body(BodyLength::Known(4)) });
    stage.host.lock().is_inline = true;
    assert!(stage.poll());
    assert_eq!(stage.host.events(), "write:413:0:end finish");
}

#[test]
fn a_refused_body_is_answered_with_the_status_of_the_refusal() {
    let mut stage = echo(with_body(BodyLength::Unknown));
    assert!(!stage.poll());
    let refusal = BadHttpRequestError::new(StatusCode::REQUEST_TIMEOUT, "too slow");
    stage.host.complete_read(b"", Err(OperationError::Refused(refusal)));
    assert!(stage.poll_if_woken());
    assert_eq!(stage.host.events(), "read write:408:0:end");
}

#[test]
fn a_body_shorter_than_its_length_is_an_error() {
    let mut stage = echo(with_body(BodyLength::Known(9)));
    assert!(!stage.poll());
    stage.host.complete_read(b"", Ok(ReadResult::End(None)));
    assert!(stage.poll_if_woken());
    assert_eq!(stage.host.events(), "read write:400:0:end");
}

#[test]
fn what_is_read_when_the_application_has_ended_is_drained_first() {
    let mut stage = Stage::new(with_body(BodyLength::Unknown), |features| {
        Box::pin(async move {
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            let mut data = std::pin::pin!(body.data());
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                assert!(data.as_mut().poll(cx).is_pending());
                polls += 1;
                if polls == 2 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
            Ok(())
        })
    });
    assert!(!stage.poll());
    assert!(stage.poll());
    assert_eq!(stage.host.events(), "read cancel");
    stage.host.complete_read(b"", Err(OperationError::Cancelled));
    assert_eq!(stage.host.events(), "write:200:0:end");
    stage.host.complete_write(Ok(()));
    assert_eq!(stage.end(), Some(RequestEnd::Complete));
}

#[test]
fn the_head_can_be_changed_until_something_is_written() {
    let mut stage = Stage::new(request(Method::GET, "/"), |features| {
        Box::pin(async move {
            features.required_mut::<dyn HttpResponseFeature>()?.set_status_code(StatusCode::CREATED)?;
            flush_response(features).await?;
            assert!(features.required::<dyn HttpResponseFeature>()?.has_started());
            Ok(())
        })
    });
    assert!(!stage.poll());
    assert_eq!(stage.host.events(), "write:201:0");
    stage.host.complete_write(Ok(()));
    assert!(stage.poll_if_woken());
    assert_eq!(stage.host.events(), "write:0:end");
}
