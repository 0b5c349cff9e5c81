//! The parts of a request, as the application sees them.

use http::{Method, Version};

use crate::{Capability::*, connect::Request, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "request";

pub(super) const TRIALS: &[Trial] = &[];
