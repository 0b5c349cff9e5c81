//! The message that asks an application to stop.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{CONTENT_LENGTH, HOST},
};

use super::{
    Backend, BackendAddress, ForwardError, ForwardErrorKind, ForwardOptions, body::ForwardBody,
    connection::BackendConnection,
};

/// Asks the application of `backend` to stop: `POST {path_base}/iisintegration` with `MS-ASPNETCORE-EVENT: shutdown`
/// and the pairing token. Works on a [retired](Backend::retire) backend, too.
///
/// # Errors
/// No connection, no answer within `timeout`, or another answer than 202: the process must be stopped otherwise.
pub async fn request_shutdown(
    backend: &Backend,
    options: &ForwardOptions,
    timeout: Duration,
) -> Result<(), ForwardError> {
    let answered = tokio::time::timeout(timeout, send(backend, options)).await;
    let status = answered.map_err(|_| {
        let message = format!("the application did not answer the shutdown message in {timeout:?}");
        ForwardError::new(ForwardErrorKind::TimedOut, message)
    })??;
    if status == StatusCode::ACCEPTED {
        return Ok(());
    }
    let message = format!("the application answered the shutdown message with {status}, not with 202");
    Err(ForwardError::new(ForwardErrorKind::BadResponse, message))
}

async fn send(backend: &Backend, options: &ForwardOptions) -> Result<StatusCode, ForwardError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        let message = format!("the shutdown message did not reach the application at {}", backend.address());
        ForwardError::new(ForwardErrorKind::ConnectFailed, message).with_source(error)
    };
    let request = message(backend, options).map_err(|error| failed(error.into()))?;
    let mut connection =
        BackendConnection::open(backend.address()).await.map_err(|error| failed(error.into()))?;
    let mut response = pin!(connection.send(request));
    let response = poll_fn(|cx| {
        connection.drive(cx);
        match response.as_mut().poll(cx) {
            Poll::Ready(response) => Poll::Ready(response),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    Ok(response.map_err(|error| failed(error.into()))?.status())
}

fn message(backend: &Backend, options: &ForwardOptions) -> Result<Request<ForwardBody>, http::Error> {
    let host = match backend.address() {
        BackendAddress::Tcp(address) => address.to_string(),
        #[cfg(unix)]
        BackendAddress::Unix(_) => "localhost".to_owned(),
    };
    let path = format!("{}/iisintegration", options.path_base.trim_end_matches('/'));
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(Uri::try_from(path)?)
        .header(HOST, host)
        .header(CONTENT_LENGTH, HeaderValue::from_static("0"))
        .header("ms-aspnetcore-event", HeaderValue::from_static("shutdown"))
        .body(ForwardBody::none())?;
    if let Some(token) = &options.pairing_token {
        request.headers_mut().insert("ms-aspnetcore-token", token.clone());
    }
    Ok(request)
}
