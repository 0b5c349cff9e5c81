//! What the client sees when the application does not answer.

mod answer;
mod html;
mod kinds;

use bytes::Bytes;
use http::StatusCode;

pub use self::answer::{answer, answer_error};
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
