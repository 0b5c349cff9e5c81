//! The body of the response on its way to the client.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry_features::{HttpResponseTrailersFeature, flush_response, write_response};
use http_body::{Body, Frame};
use hyper::body::Incoming;

use super::Exchange;
use crate::forward::{ForwardError, fields, trailers};

/// What is done to the response.
enum Step {
    Write(Bytes),
    Flush,
}

impl Exchange<'_> {
    /// Copies the body of the response; how many bytes it had.
    pub(super) async fn stream(&mut self, mut incoming: Incoming) -> Result<u64, ForwardError> {
        let mut bytes = 0;
        let mut is_flushed = false;
        while !incoming.is_end_stream() {
            let at_hand = poll_fn(|cx| Poll::Ready(self.poll_frame(cx, &mut incoming))).await;
            let frame = match at_hand {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if !is_flushed {
                        // The backend takes its time; the client shall have what there is.
                        self.has_started = true;
                        self.while_driving(Step::Flush).await?;
                        is_flushed = true;
                    }
                    poll_fn(|cx| match self.poll_frame(cx, &mut incoming) {
                        Poll::Ready(frame) => Poll::Ready(Ok(frame)),
                        Poll::Pending => self.poll_given_up(cx).map(Err),
                    })
                    .await?
                }
            };
            match frame {
                None => break,
                Some(Err(error)) => {
                    // What the backend has sent is on its way, whatever came of it then.
                    if self.has_started && !is_flushed {
                        self.while_driving(Step::Flush).await?;
                    }
                    return Err(self.failed(error));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        bytes += data.len() as u64;
                        is_flushed = false;
                        self.while_driving(Step::Write(data)).await?;
                        self.has_started = true;
                    }
                    Err(frame) => self.set_trailers(frame),
                },
            }
        }
        Ok(bytes)
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &mut Incoming,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // Asking for data is what makes the connection read it.
        if let Poll::Ready(frame) = Pin::new(&mut *incoming).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        self.drive(cx);
        Pin::new(incoming).poll_frame(cx)
    }

    /// Writes or flushes; while the client makes that wait, the request's body goes on.
    async fn while_driving(&mut self, step: Step) -> Result<(), ForwardError> {
        let mut has_waited = false;
        let done = {
            let (features, connection) = (&mut *self.features, &mut self.connection);
            let mut step = pin!(async move {
                match step {
                    Step::Write(data) => write_response(features, data).await,
                    Step::Flush => flush_response(features).await,
                }
            });
            poll_fn(|cx| {
                let done = step.as_mut().poll(cx);
                if done.is_pending() {
                    has_waited = true;
                    if let Some(connection) = connection {
                        connection.drive(cx);
                    }
                }
                done
            })
            .await
        };
        if has_waited && let Some(connection) = &mut self.connection {
            // That was the client's time.
            connection.start_timer(self.options.request_timeout);
        }
        done.map_err(|error| self.front_failed(error))
    }

    fn set_trailers(&mut self, frame: Frame<Bytes>) {
        let Ok(mut sent) = frame.into_trailers() else { return };
        trailers::retain_forwardable(&mut sent, &self.nominated);
        if let Some(feature) = self.features.get_mut::<dyn HttpResponseTrailersFeature>()
            && let Ok(trailers) = feature.trailers_mut()
        {
            fields::append_all(trailers, sent);
        }
    }
}
