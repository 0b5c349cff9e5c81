//! Files that the driver reads by itself.

use std::{future::poll_fn, path::Path, sync::Arc};

use falconry_features::{BoxFuture, FeatureError, HttpResponseBodyFeature, HttpSendFileFeature};

use crate::{driver::DataChunk, exchange::ExchangeShared, file::open};

/// Hands files to the driver. What they send counts as written, which the server learns of the length.
#[derive(Debug)]
pub(super) struct HttpSysSendFile {
    shared: Arc<ExchangeShared>,
}

impl HttpSysSendFile {
    pub(super) fn new(shared: Arc<ExchangeShared>) -> Self {
        Self { shared }
    }
}

impl HttpSendFileFeature for HttpSysSendFile {
    fn send_file<'a>(
        &'a mut self,
        _body: &'a mut dyn HttpResponseBodyFeature,
        path: &'a Path,
        offset: u64,
        count: Option<u64>,
    ) -> BoxFuture<'a, Result<(), FeatureError>> {
        Box::pin(async move {
            let (file, length) = open(path, offset, count)?;
            if length == 0 || !self.shared.count_file(length)? {
                return Ok(());
            }
            let mut chunk = Some(DataChunk::File { file, offset, length });
            poll_fn(|cx| self.shared.poll_write_file(cx, &mut chunk)).await?;
            poll_fn(|cx| self.shared.poll_flush(cx)).await
        })
    }
}
