//! Files on a connection of Kestrel.

use std::{future::poll_fn, path::Path};

use falconry_features::{BoxFuture, FeatureError, HttpResponseBodyFeature, HttpSendFileFeature};

use crate::file::{FileReader, open};

/// Reads files away from the task of the connection, as the driver does it, and writes them to the body.
#[derive(Debug)]
pub(super) struct DirectSendFile;

impl HttpSendFileFeature for DirectSendFile {
    fn send_file<'a>(
        &'a mut self,
        body: &'a mut dyn HttpResponseBodyFeature,
        path: &'a Path,
        offset: u64,
        count: Option<u64>,
    ) -> BoxFuture<'a, Result<(), FeatureError>> {
        Box::pin(async move {
            let (file, length) = open(path, offset, count)?;
            let mut reader = FileReader::new(file, offset, length);
            while let Some(mut piece) = poll_fn(|cx| reader.poll(cx)).await.map_err(|error| {
                FeatureError::io(format!("{} cannot be read", path.display())).with_source(error)
            })? {
                poll_fn(|cx| body.poll_write(cx, &mut piece)).await?;
            }
            poll_fn(|cx| body.poll_flush(cx)).await
        })
    }
}
