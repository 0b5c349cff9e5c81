//! The response as handlers see it.

use bytes::Bytes;
use falconry_features::{
    BoxError, BoxFuture, CookieOptions, FeatureCollection, FeatureError, HttpInformationalResponseFeature,
    HttpResponseFeature, HttpResponseTrailersFeature, PlainResponseCookies, ResponseCookiesFeature,
    complete_response, flush_response, write_response,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::Result;

const MISSING: &str = "the server offers a response feature: every server does";

/// The response, as it stands.
#[derive(Clone, Copy)]
pub struct Response<'a> {
    feature: &'a dyn HttpResponseFeature,
}

impl<'a> Response<'a> {
    pub(super) fn new(features: &'a FeatureCollection) -> Self {
        Self { feature: features.get::<dyn HttpResponseFeature>().expect(MISSING) }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.feature.status_code()
    }

    /// The fields.
    pub fn headers(&self) -> &'a HeaderMap {
        self.feature.headers()
    }

    /// True once the head is fixed.
    pub fn has_started(&self) -> bool {
        self.feature.has_started()
    }
}

impl std::fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response").field("head", self.feature.head()).finish_non_exhaustive()
    }
}

/// The response, for change and to write its body.
#[derive(Debug)]
pub struct ResponseMut<'a> {
    features: &'a mut FeatureCollection,
}

impl<'a> ResponseMut<'a> {
    pub(super) fn new(features: &'a mut FeatureCollection) -> Self {
        Self { features }
    }

    /// Changes the status code.
    ///
    /// # Errors
    /// The response has started, or the number is not 100 to 999.
    pub fn set_status<S>(&mut self, status: S) -> Result
    where
        S: TryInto<StatusCode>,
        S::Error: Into<BoxError>,
    {
        let status = status.try_into().map_err(Into::into)?;
        Ok(self.feature().set_status_code(status)?)
    }

    /// Changes the reason phrase; `None` is the standard one.
    ///
    /// # Errors
    /// The response has started, or the phrase has a control character.
    pub fn set_reason_phrase(&mut self, phrase: Option<&str>) -> Result {
        Ok(self.feature().set_reason_phrase(phrase)?)
    }

    /// The fields, for change.
    ///
    /// # Errors
    /// The response has started.
    pub fn headers_mut(&mut self) -> Result<&mut HeaderMap, FeatureError> {
        self.feature().headers_mut()
    }

    /// Sets a field, in place of those with the same name.
    ///
    /// # Errors
    /// The response has started, or name or value have characters that a field cannot have.
    pub fn set_header<N, V>(&mut self, name: N, value: V) -> Result
    where
        N: TryInto<HeaderName>,
        N::Error: Into<BoxError>,
        V: TryInto<HeaderValue>,
        V::Error: Into<BoxError>,
    {
        let name = name.try_into().map_err(Into::into)?;
        let value = value.try_into().map_err(Into::into)?;
        self.headers_mut()?.insert(name, value);
        Ok(())
    }

    /// Adds a cookie; the value is percent-encoded.
    ///
    /// # Errors
    /// The response has started, the name is no token, or an option has a character that would end it.
    pub fn append_cookie(&mut self, name: &str, value: &str, options: &CookieOptions) -> Result {
        self.with_cookies(|cookies, headers| cookies.append(headers, name, value, options))
    }

    /// Makes the client forget a cookie that was set with these options.
    ///
    /// # Errors
    /// Those of [`append_cookie`](Self::append_cookie).
    pub fn delete_cookie(&mut self, name: &str, options: &CookieOptions) -> Result {
        self.with_cookies(|cookies, headers| cookies.delete(headers, name, options))
    }

    /// The trailer fields, if the protocol and the client have a place for them.
    pub fn trailers(&mut self) -> Option<&mut dyn HttpResponseTrailersFeature> {
        self.features.get_mut()
    }

    /// Sends an interim response such as 103 ahead of the response; false if the server or the
    /// client cannot take one.
    ///
    /// # Errors
    /// The response has started, or the status is not an interim one.
    pub async fn send_informational(&mut self, status: StatusCode, headers: HeaderMap) -> Result<bool> {
        let Some(feature) = self.features.get_mut::<dyn HttpInformationalResponseFeature>() else {
            return Ok(false);
        };
        std::future::poll_fn(|cx| feature.poll_send(cx, status, &headers)).await?;
        Ok(true)
    }

    /// Registers work that runs just before the head is fixed, last registered first.
    ///
    /// # Errors
    /// The response has started.
    pub fn on_starting<F>(&mut self, callback: F) -> Result
    where
        F: for<'b> FnOnce(&'b mut FeatureCollection) -> BoxFuture<'b, Result> + Send + 'static,
    {
        Ok(self.feature().on_starting(Box::new(callback))?)
    }

    /// Registers work that runs when the response has been completed, last registered first.
    pub fn on_completed<F, Fut>(&mut self, callback: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result> + Send + 'static,
    {
        self.feature().on_completed(Box::new(move || Box::pin(callback())));
    }

    /// Fixes the head and sends it ahead of the body. Before the first write this is not needed.
    ///
    /// # Errors
    /// A starting callback failed, or the head contradicts itself.
    pub async fn start(&mut self) -> Result {
        Ok(flush_response(self.features).await?)
    }

    /// Writes to the body; waits while the server has no room.
    ///
    /// # Errors
    /// More than `Content-Length`, a status without a body, a completed response, or the client has gone.
    pub async fn write(&mut self, data: impl Into<Bytes>) -> Result {
        Ok(write_response(self.features, data.into()).await?)
    }

    /// Waits until everything written is on its way to the client.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn flush(&mut self) -> Result {
        Ok(flush_response(self.features).await?)
    }

    /// Ends the response before the handler returns.
    ///
    /// # Errors
    /// Less than `Content-Length` was written, or the client has gone.
    pub async fn complete(&mut self) -> Result {
        Ok(complete_response(self.features).await?)
    }

    fn with_cookies(
        &mut self,
        write: impl FnOnce(&dyn ResponseCookiesFeature, &mut HeaderMap) -> Result<(), FeatureError>,
    ) -> Result {
        // A cookie policy is another feature of the same collection, so it steps out meanwhile.
        let policy = self.features.take::<dyn ResponseCookiesFeature>();
        let cookies = policy.as_deref().unwrap_or(&PlainResponseCookies);
        let written = self.feature().headers_mut().and_then(|headers| write(cookies, headers));
        if let Some(policy) = policy {
            self.features.set(policy);
        }
        Ok(written?)
    }

    fn feature(&mut self) -> &mut dyn HttpResponseFeature {
        self.features.get_mut::<dyn HttpResponseFeature>().expect(MISSING)
    }
}
