//! Why an application is not in its worker: from the worker's exit code to the page.

use crate::{forward::pages::ErrorPage, keeper::Exit, process::StartErrorKind};

/// What a worker adds to IIS's sub status for its exit code.
const BASE: u8 = 150;

/// Why a worker has no application. Its number is the sub status of 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "in-process"), allow(dead_code, reason = "what workers say"))]
pub(super) enum Failure {
    /// The library cannot be loaded.
    Load = 0,
    /// It failed while it started.
    Start = 30,
    /// It is built for another version of the interface, or another kind of machine.
    Version = 32,
    /// It does not export the table.
    NoTable = 33,
}

impl Failure {
    const ALL: [Self; 4] = [Self::Load, Self::Start, Self::Version, Self::NoTable];

    /// The worker's exit code.
    pub(super) fn exit_code(self) -> u8 {
        BASE + self as u8
    }

    fn of(exit: Exit) -> Option<Self> {
        let Exit::Code(code) = exit else { return None };
        Self::ALL.into_iter().find(|failure| i32::from(failure.exit_code()) == code)
    }
}

/// Whether a worker said that the application cannot run in it: another would say the same.
pub(crate) fn is_refusal(exit: Exit) -> bool {
    Failure::of(exit).is_some()
}

/// The page for an application whose worker did not start.
pub(crate) fn start_failure(kind: &StartErrorKind) -> ErrorPage {
    match kind {
        StartErrorKind::NoProgram(_) => ErrorPage::application_missing(),
        StartErrorKind::TimedOut(_) => ErrorPage::start_timeout(),
        // In IIS, an application pool that fails too often is switched off.
        StartErrorKind::RapidFail | StartErrorKind::Retired => ErrorPage::unavailable(),
        StartErrorKind::Exited(exit) => match Failure::of(*exit) {
            Some(Failure::Load) => ErrorPage::load_failure(),
            Some(Failure::Version) => ErrorPage::wrong_architecture(),
            Some(Failure::NoTable) => ErrorPage::request_handler_missing(),
            Some(Failure::Start) | None => ErrorPage::in_process_start_failure(),
        },
        StartErrorKind::System(_)
        | StartErrorKind::NoWorker
        | StartErrorKind::BadPort(_)
        | StartErrorKind::PortTaken(..)
        | StartErrorKind::BadToken
        | StartErrorKind::NoPort => ErrorPage::load_failure(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Failure, is_refusal, start_failure};
    use crate::{keeper::Exit, process::StartErrorKind};

    #[test]
    fn each_failure_has_its_page() {
        let exited = |failure: Failure| StartErrorKind::Exited(Exit::Code(failure.exit_code().into()));
        for (kind, code) in [
            (exited(Failure::Load), "500.0"),
            (exited(Failure::Start), "500.30"),
            (exited(Failure::Version), "500.32"),
            (exited(Failure::NoTable), "500.33"),
            (StartErrorKind::Exited(Exit::Code(1)), "500.30"),
            (StartErrorKind::Exited(Exit::Signal(6)), "500.30"),
            (StartErrorKind::TimedOut(Duration::ZERO), "500.37"),
            (StartErrorKind::NoProgram("x".into()), "500.38"),
            (StartErrorKind::NoWorker, "500.0"),
            (StartErrorKind::RapidFail, "503"),
        ] {
            assert_eq!(start_failure(&kind).code(), code, "{kind}");
        }
        assert!(is_refusal(Exit::Code(182)) && !is_refusal(Exit::Code(1)) && !is_refusal(Exit::Signal(30)));
    }
}
