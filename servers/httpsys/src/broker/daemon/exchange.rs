//! One request between the driver and the process that has received it.

use std::{future::poll_fn, sync::Arc};

use bytes::Bytes;
use falconry_features::Cancelled;
use tokio::sync::mpsc;

use crate::{
    broker::wire::{Frame, FrameKind, MAX_CONTENT, Outbox, decode_body, decode_response},
    driver::{RequestHandle, SendEntityBody, SendResponse, Win32Error},
};

/// A send under way; the first poll takes it out.
enum Sending {
    Response(Option<SendResponse>),
    EntityBody(Option<SendEntityBody>),
}

/// Does what the process asks for, until it lets the request go or has gone itself.
pub(super) async fn run(
    handle: Arc<dyn RequestHandle>,
    number: u64,
    mut frames: mpsc::Receiver<Frame>,
    outbox: &Outbox,
) {
    let mut reading: Option<usize> = None;
    let mut sending: Option<Sending> = None;
    let mut watching: Option<Cancelled> = None;
    loop {
        tokio::select! {
            frame = frames.recv() => {
                let Some(frame) = frame else { return };
                match frame.kind {
                    FrameKind::Read => reading = frame.code().map(|limit| (limit as usize).clamp(1, MAX_CONTENT)),
                    FrameKind::Response => match decode_response(frame.content) {
                        Ok(response) if sending.is_none() => sending = Some(Sending::Response(Some(response))),
                        _ => sent(outbox, number, Err(Win32Error::INVALID_PARAMETER)),
                    },
                    FrameKind::EntityBody => match decode_body(frame.content) {
                        Ok(body) if sending.is_none() => sending = Some(Sending::EntityBody(Some(body))),
                        _ => sent(outbox, number, Err(Win32Error::INVALID_PARAMETER)),
                    },
                    FrameKind::Cancel => cancel(&*handle, frame.code()),
                    FrameKind::Watch => watching = Some(handle.disconnected().cancelled()),
                    FrameKind::Release => return,
                    // Those are the broker's to send.
                    _ => return cancel(&*handle, None),
                }
            }
            read = read(&*handle, reading.unwrap_or(1), outbox), if reading.is_some() => {
                reading = None;
                outbox.send(match read {
                    Ok(data) => Frame::new(FrameKind::Body, number, data),
                    Err(error) => Frame::with_code(FrameKind::BodyEnd, number, error.code()),
                });
            }
            result = poll_fn(|cx| poll_sending(&*handle, cx, &mut sending)), if sending.is_some() => {
                sending = None;
                sent(outbox, number, result);
            }
            () = gone(&mut watching), if watching.is_some() => {
                watching = None;
                outbox.send(Frame::new(FrameKind::Gone, number, Vec::new()));
            }
        }
    }
}

/// Reads once there is room for what that gives.
async fn read(handle: &dyn RequestHandle, limit: usize, outbox: &Outbox) -> Result<Bytes, Win32Error> {
    outbox.room().await;
    poll_fn(|cx| handle.poll_receive_entity_body(cx, limit)).await
}

fn poll_sending(
    handle: &dyn RequestHandle,
    cx: &mut std::task::Context<'_>,
    sending: &mut Option<Sending>,
) -> std::task::Poll<Result<(), Win32Error>> {
    match sending {
        Some(Sending::Response(response)) => handle.poll_send_response(cx, response),
        Some(Sending::EntityBody(body)) => handle.poll_send_entity_body(cx, body),
        None => std::task::Poll::Pending,
    }
}

async fn gone(watching: &mut Option<Cancelled>) {
    if let Some(gone) = watching {
        gone.await;
    }
}

fn cancel(handle: &dyn RequestHandle, stream_error: Option<u32>) {
    if let Some(code) = stream_error {
        // Without it the stream ends by the driver's own code.
        let _ = handle.set_stream_error(code);
    }
    // The client may have been faster.
    let _ = handle.cancel();
}

fn sent(outbox: &Outbox, number: u64, result: Result<(), Win32Error>) {
    let code = result.err().map_or(0, Win32Error::code);
    outbox.send(Frame::with_code(FrameKind::Sent, number, code));
}
