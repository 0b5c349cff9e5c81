//! What a message transport can carry: for protocols on top of WebSockets and their like.

use std::sync::{Mutex, PoisonError};

use crate::{Feature, FeatureError};

/// Which message formats the connection can carry, and which one is in use. Connection level.
pub trait TransferFormatFeature: Feature {
    /// True if the connection can carry `format`.
    fn supports(&self, format: TransferFormat) -> bool;

    /// The format in use.
    fn active_format(&self) -> TransferFormat;

    /// Changes the format in use.
    ///
    /// # Errors
    /// Not supported: the connection cannot carry it.
    fn set_active_format(&self, format: TransferFormat) -> Result<(), FeatureError>;
}

/// A message format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransferFormat {
    /// Any bytes.
    Binary,
    /// UTF-8 text.
    #[default]
    Text,
}

/// The plain [`TransferFormatFeature`].
///
/// ```
/// use falconry_features::{PlainTransferFormat, TransferFormat, TransferFormatFeature};
///
/// let transport = PlainTransferFormat::new(&[TransferFormat::Text]);
/// assert!(transport.set_active_format(TransferFormat::Binary).unwrap_err().is_not_supported());
/// ```
#[derive(Debug)]
pub struct PlainTransferFormat {
    supported: Vec<TransferFormat>,
    active: Mutex<TransferFormat>,
}

impl PlainTransferFormat {
    /// A connection that can carry `supported`; the first is in use.
    pub fn new(supported: &[TransferFormat]) -> Self {
        let active = supported.first().copied().unwrap_or_default();
        Self { supported: supported.to_vec(), active: Mutex::new(active) }
    }
}

impl TransferFormatFeature for PlainTransferFormat {
    fn supports(&self, format: TransferFormat) -> bool {
        self.supported.contains(&format)
    }

    fn active_format(&self) -> TransferFormat {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_active_format(&self, format: TransferFormat) -> Result<(), FeatureError> {
        if !self.supports(format) {
            return Err(FeatureError::not_supported(format!(
                "this connection cannot carry {format:?}, only {:?}",
                self.supported
            )));
        }
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = format;
        Ok(())
    }
}
