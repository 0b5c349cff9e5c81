//! Whether an encrypted response may be compressed.

use crate::Feature;

/// Says whether the response to a request over HTTPS may be compressed: compressing a secret
/// together with what an attacker chose gives the secret away (CRIME, BREACH). Set by middleware.
pub trait HttpsCompressionFeature: Feature {
    /// What was decided. Default: [`HttpsCompressionMode::Default`].
    fn mode(&self) -> HttpsCompressionMode;

    /// Decides.
    fn set_mode(&mut self, mode: HttpsCompressionMode);
}

/// What [`HttpsCompressionFeature`] decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpsCompressionMode {
    /// As the compression middleware is set.
    #[default]
    Default,
    /// Do not compress.
    DoNotCompress,
    /// Compress: the response has no secret.
    Compress,
}

/// The plain [`HttpsCompressionFeature`].
///
/// ```
/// use falconry_features::{HttpsCompressionFeature, HttpsCompressionMode, PlainHttpsCompression};
///
/// let mut compression = PlainHttpsCompression::default();
/// compression.set_mode(HttpsCompressionMode::DoNotCompress);
/// assert_eq!(compression.mode(), HttpsCompressionMode::DoNotCompress);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainHttpsCompression {
    /// What was decided.
    pub mode: HttpsCompressionMode,
}

impl HttpsCompressionFeature for PlainHttpsCompression {
    fn mode(&self) -> HttpsCompressionMode {
        self.mode
    }

    fn set_mode(&mut self, mode: HttpsCompressionMode) {
        self.mode = mode;
    }
}
