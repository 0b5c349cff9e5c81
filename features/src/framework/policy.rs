//! What middleware decided about the request: time, consent, forgery.

use crate::{BoxError, CancellationToken, Feature};

/// The time limit of the request. Set by the request timeout middleware.
///
/// ```
/// use falconry_features::{FeatureCollection, HttpRequestTimeoutFeature};
///
/// fn take_your_time(features: &FeatureCollection) {
///     if let Some(timeout) = features.get::<dyn HttpRequestTimeoutFeature>() {
///         timeout.disable_timeout();
///     }
/// }
/// take_your_time(&FeatureCollection::new());
/// ```
pub trait HttpRequestTimeoutFeature: Feature {
    /// Fires when the request has run out of time.
    fn request_timeout_token(&self) -> CancellationToken;

    /// Removes the limit, if it has not been reached.
    fn disable_timeout(&self);
}

/// Whether the client agreed to cookies that the application could do without. Set by the cookie
/// policy middleware.
///
/// ```
/// use falconry_features::{FeatureCollection, TrackingConsentFeature};
///
/// fn may_track(features: &FeatureCollection) -> bool {
///     features.get::<dyn TrackingConsentFeature>().is_none_or(|consent| consent.can_track())
/// }
/// assert!(may_track(&FeatureCollection::new()));
/// ```
pub trait TrackingConsentFeature: Feature {
    /// True if consent is asked for at all.
    fn is_consent_needed(&self) -> bool;

    /// True if the client has given it.
    fn has_consent(&self) -> bool;

    /// True if it is not needed or has been given.
    fn can_track(&self) -> bool {
        !self.is_consent_needed() || self.has_consent()
    }

    /// Notes the consent, in a cookie of the response.
    fn grant_consent(&mut self);

    /// Takes the consent back and deletes the cookie.
    fn withdraw_consent(&mut self);

    /// The text of the cookie, for scripts that set it themselves.
    fn create_consent_cookie(&self) -> String;
}

/// Whether the request brought a valid antiforgery token. Set by the antiforgery middleware.
pub trait AntiforgeryValidationFeature: Feature {
    /// True if it did.
    fn is_valid(&self) -> bool {
        self.error().is_none()
    }

    /// Why it is not valid.
    fn error(&self) -> Option<&BoxError>;
}

/// The plain [`AntiforgeryValidationFeature`].
///
/// ```
/// use falconry_features::{AntiforgeryValidation, AntiforgeryValidationFeature};
///
/// assert!(AntiforgeryValidation::default().is_valid());
/// assert!(!AntiforgeryValidation { error: Some("no token".into()) }.is_valid());
/// ```
#[derive(Debug, Default)]
pub struct AntiforgeryValidation {
    /// Why the token is not valid.
    pub error: Option<BoxError>,
}

impl AntiforgeryValidationFeature for AntiforgeryValidation {
    fn error(&self) -> Option<&BoxError> {
        self.error.as_ref()
    }
}
