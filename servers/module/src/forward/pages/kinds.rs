//! The pages that IIS has for an application that does not answer.

use http::StatusCode;

use super::ErrorPage;

impl ErrorPage {
    /// 502.3: the application did not answer, or not with HTTP.
    pub fn bad_gateway() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            3,
            "Bad Gateway",
            &[
                "The application closed the connection, or did not accept it.",
                "The application took longer to answer than the request timeout allows.",
                "The application answered with something that is no valid HTTP response.",
            ],
        )
    }

    /// 502.5: no process of the application could be started, or it is not started again for a while because it
    /// failed too often.
    pub fn process_start_failure() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            5,
            "Out-Of-Process Startup Failure",
            &[
                "The application process failed to start.",
                "The application process started but then stopped.",
                "The application process started but failed to listen on the configured port.",
            ],
        )
    }

    /// 503: the application is being stopped, or is offline.
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            0,
            "Service Unavailable",
            &["The application is offline.", "The application is shutting down."],
        )
    }

    /// 500.0: the configuration is invalid, or the application's library could not be loaded.
    pub fn load_failure() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            0,
            "In-Process Handler Load Failure",
            &[
                "The configuration of the module is invalid.",
                "The application's library could not be loaded.",
            ],
        )
    }

    /// 500.30: the in-process application failed while it started.
    pub fn in_process_start_failure() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            30,
            "In-Process Startup Failure",
            &[
                "The application failed to start.",
                "The application started but then stopped.",
                "The application panicked during its start.",
            ],
        )
    }

    /// 500.31: what the application depends on is not installed.
    pub fn dependencies_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            31,
            "Failed to Find Dependencies",
            &["A library that the application needs is not installed on this machine."],
        )
    }

    /// 500.32: the application is built for another kind of machine.
    pub fn wrong_architecture() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            32,
            "Failed to Load Library",
            &["The application is built for another processor or operating system than the module."],
        )
    }

    /// 500.33: the application's library is not one that can run in the module.
    pub fn request_handler_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            33,
            "Request Handler Load Failure",
            &["The application's library does not offer what the module runs."],
        )
    }

    /// 500.34: applications in and out of process in one place.
    pub fn mixed_hosting_models() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            34,
            "Mixed Hosting Models Not Supported",
            &["An application in the same module is configured with another hosting model."],
        )
    }

    /// 500.35: two applications in one process.
    pub fn several_in_process_applications() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            35,
            "Multiple In-Process Applications in Same Process",
            &["Another application already runs in the process of the module."],
        )
    }

    /// 500.36: the part of the module that forwards requests could not be loaded.
    pub fn out_of_process_handler_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            36,
            "Out-Of-Process Handler Load Failure",
            &["The part of the module that forwards requests is missing."],
        )
    }

    /// 500.37: the application did not start in time.
    pub fn start_timeout() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            37,
            "Failed to Start Within Startup Time Limit",
            &["The application took longer to start than the startup time limit allows."],
        )
    }

    /// 500.38: the file of the application is not there.
    pub fn application_missing() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            38,
            "Application Not Found",
            &["The file of the application was not found."],
        )
    }
}
