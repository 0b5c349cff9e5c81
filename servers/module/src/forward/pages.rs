//! What the client sees when the application does not answer.

use std::borrow::Cow;

use bytes::Bytes;
use falconry_features::{FeatureCollection, FeatureError, HttpResponseFeature, write_response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
};

use super::ForwardError;

/// A status with IIS's sub status, what it means and what may have caused it.
///
/// ```
/// use falconry_module::forward::pages::ErrorPage;
///
/// let page = ErrorPage::bad_gateway().with_detail("connection refused by <127.0.0.1:5001>");
/// assert_eq!(page.code(), "502.3");
/// assert!(page.html().contains("refused by &lt;127.0.0.1:5001&gt;"));
/// ```
#[derive(Clone, Debug)]
pub struct ErrorPage {
    status: StatusCode,
    sub_status: u16,
    title: &'static str,
    causes: &'static [&'static str],
    detail: Option<String>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// The page that says what happened.
    Own,
    /// Nothing (`disableStartUpErrorPage`).
    None,
    /// Another page, such as `app_offline.htm`.
    Other(Bytes),
}

impl ErrorPage {
    /// 502.3: the application did not answer, or not with HTTP.
    pub fn bad_gateway() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            3,
            "Bad Gateway",
            &[
                "The application closed the connection, or did not accept it.",
                "The application took longer to answer than the request timeout allows.",
                "The application answered with something that is no valid HTTP response.",
            ],
        )
    }

    /// 502.5: no process of the application could be started, or it is not started again for a while because it
    /// failed too often.
    pub fn process_start_failure() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            5,
            "Out-Of-Process Startup Failure",
            &[
                "The application process failed to start.",
                "The application process started but then stopped.",
                "The application process started but failed to listen on the configured port.",
            ],
        )
    }

    /// 503: the application is being stopped, or is offline.
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            0,
            "Service Unavailable",
            &["The application is offline.", "The application is shutting down."],
        )
    }

    /// 500.0: the configuration is invalid, or the application's library could not be loaded.
    pub fn load_failure() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            0,
            "In-Process Handler Load Failure",
            &[
                "The configuration of the module is invalid.",
                "The application's library could not be loaded.",
            ],
        )
    }

    /// 500.30: the in-process application failed while it started.
    pub fn in_process_start_failure() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            30,
            "In-Process Startup Failure",
            &[
                "The application failed to start.",
                "The application started but then stopped.",
                "The application panicked during its start.",
            ],
        )
    }

    /// 500.31: what the application depends on is not installed.
    pub fn dependencies_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            31,
            "Failed to Find Dependencies",
            &["A library that the application needs is not installed on this machine."],
        )
    }

    /// 500.32: the application is built for another kind of machine.
    pub fn wrong_architecture() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            32,
            "Failed to Load Library",
            &["The application is built for another processor or operating system than the module."],
        )
    }

    /// 500.33: the application's library is not one that can run in the module.
    pub fn request_handler_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            33,
            "Request Handler Load Failure",
            &["The application's library does not offer what the module runs."],
        )
    }

    /// 500.34: applications in and out of process in one place.
    pub fn mixed_hosting_models() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            34,
            "Mixed Hosting Models Not Supported",
            &["An application in the same module is configured with another hosting model."],
        )
    }

    /// 500.35: two applications in one process.
    pub fn several_in_process_applications() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            35,
            "Multiple In-Process Applications in Same Process",
            &["Another application already runs in the process of the module."],
        )
    }

    /// 500.36: the part of the module that forwards requests could not be loaded.
    pub fn out_of_process_handler_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            36,
            "Out-Of-Process Handler Load Failure",
            &["The part of the module that forwards requests is missing."],
        )
    }

    /// 500.37: the application did not start in time.
    pub fn start_timeout() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            37,
            "Failed to Start Within Startup Time Limit",
            &["The application took longer to start than the startup time limit allows."],
        )
    }

    /// 500.38: the file of the application is not there.
    pub fn application_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            38,
            "Application Not Found",
            &["The file of the application was not found."],
        )
    }

    /// The page that belongs to a request that could not be forwarded.
    pub fn of(error: &ForwardError) -> Self {
        let status = error.status();
        match status {
            StatusCode::BAD_GATEWAY => Self::bad_gateway(),
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(),
            _ => Self::new(status, 0, status.canonical_reason().unwrap_or("Error"), &[]),
        }
    }

    /// The same page with what was captured of the cause, for developers: it may tell secrets.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same status without a page (`disableStartUpErrorPage`).
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.content = Content::None;
        self
    }

    /// The same status with another page, in HTML.
    #[must_use]
    pub fn with_content(mut self, html: impl Into<Bytes>) -> Self {
        self.content = Content::Other(html.into());
        self
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// IIS's sub status; 0 is none.
    pub fn sub_status(&self) -> u16 {
        self.sub_status
    }

    /// Both, as `502.3`.
    pub fn code(&self) -> String {
        match (self.status, self.sub_status) {
            (StatusCode::INTERNAL_SERVER_ERROR, sub) => format!("500.{sub}"),
            (status, 0) => status.as_u16().to_string(),
            (status, sub) => format!("{}.{sub}", status.as_u16()),
        }
    }

    /// The page in HTML.
    pub fn html(&self) -> String {
        let heading = format!("HTTP Error {} - {}", self.code(), self.title);
        let causes: String =
            self.causes.iter().map(|cause| format!("    <li>{}</li>\n", escape(cause))).collect();
        let causes = match causes.is_empty() {
            true => causes,
            false => format!("  <h2>Common causes of this issue</h2>\n  <ul>\n{causes}  </ul>\n"),
        };
        let detail = self.detail.as_ref().map_or_else(String::new, |detail| {
            format!("  <h2>Details</h2>\n  <pre>{}</pre>\n", escape(detail))
        });
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <title>{heading}</title>\n\
             </head>\n<body>\n  <h1>{heading}</h1>\n{causes}{detail}</body>\n</html>\n"
        )
    }

    const fn new(
        status: StatusCode,
        sub_status: u16,
        title: &'static str,
        causes: &'static [&'static str],
    ) -> Self {
        Self { status, sub_status, title, causes, detail: None, content: Content::Own }
    }

    fn body(&self) -> Bytes {
        match &self.content {
            Content::Own => self.html().into(),
            Content::None => Bytes::new(),
            Content::Other(html) => html.clone(),
        }
    }
}

/// Answers a request whose response has not started.
///
/// # Errors
/// Invalid state: the response has started. Aborted: the client has gone.
pub async fn answer(features: &mut FeatureCollection, page: ErrorPage) -> Result<(), FeatureError> {
    let body = page.body();
    let head = features.required_mut::<dyn HttpResponseFeature>()?.head_mut()?;
    head.status = page.status;
    head.reason = None;
    head.headers = headers(&page, body.len());
    if body.is_empty() { Ok(()) } else { write_response(features, body).await }
}

/// Answers a request that could not be forwarded. Does nothing if its response had started, or the client is gone.
///
/// # Errors
/// As [`answer`].
pub async fn answer_error(
    features: &mut FeatureCollection,
    error: &ForwardError,
) -> Result<(), FeatureError> {
    if error.has_started() {
        return Ok(());
    }
    let page = ErrorPage::of(error);
    // The causes are the module's, not the client's.
    let page = if page.status.is_server_error() { page } else { page.without_content() };
    answer(features, page).await
}

fn headers(page: &ErrorPage, length: usize) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_LENGTH, length.into());
    if length > 0 {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if page.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    headers
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped.into()
}
