//! Sending a file without reading it into the process.

use std::path::Path;

use super::{HttpResponseBodyFeature, start_response};
use crate::{BoxFuture, Feature, FeatureCollection, FeatureError, Key};

/// Sends a file from the disk to the client, by the system's shortest way.
///
/// Offered where the server has such a way (HTTP.sys, IIS, a plaintext socket). Where it is absent
/// the file is read and written like any other data; the facade does that.
///
/// ```
/// use falconry_features::{
///     BoxFuture, FeatureError, HttpResponseBodyFeature, HttpSendFileFeature, file_range,
/// };
/// use std::path::Path;
///
/// struct InMemory(Vec<u8>);
///
/// impl HttpSendFileFeature for InMemory {
///     fn send_file<'a>(
///         &'a mut self,
///         _body: &'a mut dyn HttpResponseBodyFeature,
///         _path: &'a Path,
///         offset: u64,
///         count: Option<u64>,
///     ) -> BoxFuture<'a, Result<(), FeatureError>> {
///         Box::pin(async move { file_range(self.0.len() as u64, offset, count).map(drop) })
///     }
/// }
/// ```
pub trait HttpSendFileFeature: Feature {
    /// Sends `count` bytes (`None`: up to the end) of the file from `offset` on. They count as
    /// written to the body. Applications call [`send_file`], which starts the response first and hands over its `body`:
    /// a server whose way leads through it writes there.
    ///
    /// # Errors
    /// Out of range: the range lies outside the file. IO: the file cannot be read. Otherwise those
    /// of [`HttpResponseBodyFeature::poll_write`](crate::HttpResponseBodyFeature::poll_write).
    fn send_file<'a>(
        &'a mut self,
        body: &'a mut dyn HttpResponseBodyFeature,
        path: &'a Path,
        offset: u64,
        count: Option<u64>,
    ) -> BoxFuture<'a, Result<(), FeatureError>>;
}

/// Starts the response if need be and sends a file through [`HttpSendFileFeature`].
///
/// # Errors
/// Not supported: the server has no such feature; then read the file and write it. Otherwise those
/// of [`start_response`] and of the feature.
pub async fn send_file(
    features: &mut FeatureCollection,
    path: &Path,
    offset: u64,
    count: Option<u64>,
) -> Result<(), FeatureError> {
    if !features.contains_own::<dyn HttpSendFileFeature>() {
        return Err(FeatureError::not_supported(
            "this server has no way of its own to send a file; read it and write it to the response",
        ));
    }
    start_response(features).await?;
    features.required_mut::<dyn HttpResponseBodyFeature>()?;
    let (feature, body) = features
        .get_many_mut::<(Key<dyn HttpSendFileFeature>, Key<dyn HttpResponseBodyFeature>)>()
        .expect("both have just been found");
    feature.send_file(body, path, offset, count).await
}

/// How many bytes of a file of `length` bytes are meant by `offset` and `count` (`None`: up to the
/// end).
///
/// ```
/// use falconry_features::file_range;
///
/// assert_eq!(file_range(10, 4, None).unwrap(), 6);
/// assert_eq!(file_range(10, 10, Some(0)).unwrap(), 0);
/// assert!(file_range(10, 4, Some(7)).unwrap_err().is_out_of_range());
/// ```
///
/// # Errors
/// Out of range: the range does not lie within the file.
pub fn file_range(length: u64, offset: u64, count: Option<u64>) -> Result<u64, FeatureError> {
    let Some(rest) = length.checked_sub(offset) else {
        return Err(FeatureError::out_of_range(format!(
            "an offset of {offset} bytes into a file of {length} bytes"
        )));
    };
    match count {
        None => Ok(rest),
        Some(count) if count <= rest => Ok(count),
        Some(count) => Err(FeatureError::out_of_range(format!(
            "{count} bytes from offset {offset} of a file of {length} bytes: {rest} are left there"
        ))),
    }
}
