//! Why a malformed request was refused.

use crate::{BadHttpRequestError, Feature};

/// Tells why the server refused the request, to whoever still looks at it: the log, the completed
/// callbacks, a diagnostics page. Kestrel (`IBadRequestExceptionFeature` in ASP.NET Core).
///
/// ```
/// use falconry_features::{BadHttpRequestError, BadHttpRequestFeature};
///
/// #[derive(Default)]
/// struct Refusal(Option<BadHttpRequestError>);
///
/// impl BadHttpRequestFeature for Refusal {
///     fn error(&self) -> Option<&BadHttpRequestError> {
///         self.0.as_ref()
///     }
/// }
/// assert!(Refusal::default().error().is_none());
/// ```
pub trait BadHttpRequestFeature: Feature {
    /// The rule that the request broke, with the status it was answered with; `None` if it is sound.
    fn error(&self) -> Option<&BadHttpRequestError>;
}
