//! From what the application gives to the server's features.

use std::future::poll_fn;

use falconry_features::{
    BoxError, FeatureCollection, FeatureError, HttpInformationalResponseFeature, HttpRequestLifetimeFeature,
    HttpResetFeature, HttpResponseFeature, HttpResponseTrailersFeature, complete_response, flush_response,
    start_response, upgrade, write_response,
};
use http::HeaderMap;

use super::request;
use crate::abi::{AppTable, Frame, Stream};

/// Runs the application for one request.
pub(super) async fn serve(table: &AppTable, features: &mut FeatureCollection) -> Result<(), BoxError> {
    let mut response = request::begin(table, features)?;
    loop {
        match poll_fn(|cx| response.poll(cx)).await {
            Frame::Interim(status, headers) => {
                if let Some(feature) = features.get_mut::<dyn HttpInformationalResponseFeature>() {
                    poll_fn(|cx| feature.poll_send(cx, status, &headers)).await?;
                }
            }
            Frame::Head { head, is_upgrade } => {
                let own = features.required_mut::<dyn HttpResponseFeature>()?.head_mut()?;
                *own = std::sync::Arc::unwrap_or_clone(head);
                if is_upgrade {
                    response.upgraded(Stream::new(upgrade(features).await?));
                } else {
                    start_response(features).await?;
                }
            }
            Frame::Data(data) => write_response(features, data).await?,
            Frame::Flush => flush_response(features).await?,
            Frame::End(trailers) => complete(features, trailers).await?,
            Frame::Done => return Ok(()),
            Frame::Aborted(error_code) => {
                abort(features, error_code);
                return Ok(());
            }
            Frame::Refused(_) | Frame::Failed => return Err("the application failed".into()),
        }
    }
}

async fn complete(features: &mut FeatureCollection, trailers: Option<HeaderMap>) -> Result<(), FeatureError> {
    if let (Some(trailers), Some(feature)) = (trailers, features.get_mut::<dyn HttpResponseTrailersFeature>())
    {
        *feature.trailers_mut()? = trailers;
    }
    complete_response(features).await
}

fn abort(features: &FeatureCollection, error_code: Option<u32>) {
    match (error_code, features.get::<dyn HttpResetFeature>()) {
        (Some(error_code), Some(feature)) => feature.reset(error_code),
        _ => {
            if let Some(lifetime) = features.get::<dyn HttpRequestLifetimeFeature>() {
                lifetime.abort();
            }
        }
    }
}
