//! What the driver knows of a request beyond HTTP.

use std::collections::BTreeMap;

use bytes::Bytes;
use falconry_features::{HttpSysRequestInfoFeature, HttpSysRequestTimingFeature, RequestTimingType};

use crate::driver::Timestamps;

/// The pieces of information.
#[derive(Debug, Default)]
pub(crate) struct NativeInfo(BTreeMap<u32, Bytes>);

impl NativeInfo {
    pub(super) fn fill(&mut self, info: BTreeMap<u32, Bytes>) {
        if !(info.is_empty() && self.0.is_empty()) {
            self.0 = info;
        }
    }
}

impl HttpSysRequestInfoFeature for NativeInfo {
    fn request_info(&self) -> &BTreeMap<u32, Bytes> {
        &self.0
    }
}

/// The times.
#[derive(Debug)]
pub(super) struct NativeTiming {
    timestamps: Timestamps,
    frequency: u64,
}

impl NativeTiming {
    pub(super) fn fill(&mut self, timestamps: Timestamps, frequency: u64) {
        (self.timestamps, self.frequency) = (timestamps, frequency);
    }
}

impl Default for NativeTiming {
    fn default() -> Self {
        Self { timestamps: [0; RequestTimingType::ALL.len()], frequency: 0 }
    }
}

impl HttpSysRequestTimingFeature for NativeTiming {
    fn timestamps(&self) -> &[i64] {
        &self.timestamps
    }

    fn frequency(&self) -> u64 {
        self.frequency
    }
}
