//! The request's body for the application.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use falconry_features::{BadHttpRequestError, RequestBody};
use http_body::Body;

use crate::abi::{Frame, Produce};

/// The body as the server reads it.
pub(super) struct ServerBody(pub(super) RequestBody);

impl Produce for ServerBody {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Frame> {
        Pin::new(&mut self.0).poll_frame(cx).map(|frame| match frame {
            None => Frame::End(None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => Frame::Data(data),
                Err(frame) => Frame::End(frame.into_trailers().ok()),
            },
            Some(Err(error)) => match BadHttpRequestError::find(&*error) {
                Some(refused) => Frame::Refused(refused.status()),
                None => Frame::Failed,
            },
        })
    }
}
