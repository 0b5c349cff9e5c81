//! Calls about sessions, groups and queues.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::driver::{
    AuthenticationInfo, AuthenticationSchemes, CreateQueueFlags, Http503Verbosity, RequestQueueProperty,
    TimeoutLimits, Win32Error,
};

/// A call. Handles are numbers that the caller chooses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::broker) enum Call {
    OpenQueue {
        queue: u64,
        name: Option<String>,
        opens_existing: bool,
    },
    SetQueue {
        queue: u64,
        property: QueueProperty,
    },
    CloseQueue {
        queue: u64,
    },
    CreateSession {
        session: u64,
    },
    CreateGroup {
        session: u64,
        group: u64,
    },
    AddUrl {
        group: u64,
        url: String,
        context: u64,
    },
    RemoveUrl {
        group: u64,
        url: String,
    },
    SetGroup {
        group: u64,
        property: GroupProperty,
    },
    IsRegistered {
        group: u64,
        url: String,
        queue: u64,
    },
    CloseGroup {
        group: u64,
    },
    /// The session is closed with its groups, in good order or at once.
    CloseSession {
        session: u64,
        at_once: bool,
    },
}

/// What a call gives: a code of Windows, 0 for success, and an answer where there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::broker) struct Outcome {
    pub(in crate::broker) code: u32,
    #[serde(default)]
    pub(in crate::broker) answer: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::broker) enum QueueProperty {
    Length(u32),
    Enabled(bool),
    Verbosity503(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::broker) enum GroupProperty {
    Binding(Option<u64>),
    Enabled(bool),
    MaxConnections(Option<u32>),
    /// Seconds in the order of the fields, and bytes per second.
    Timeouts([Option<u64>; 5], Option<u32>),
    Authentication(u32),
}

impl Outcome {
    pub(in crate::broker) fn of(result: Result<bool, Win32Error>) -> Self {
        match result {
            Ok(answer) => Self { code: 0, answer },
            Err(error) => Self { code: error.code(), answer: false },
        }
    }

    pub(in crate::broker) fn result(&self) -> Result<bool, Win32Error> {
        match self.code {
            0 => Ok(self.answer),
            code => Err(Win32Error::from_code(code)),
        }
    }
}

impl Call {
    /// How a queue is opened.
    pub(in crate::broker) fn flags(opens_existing: bool) -> CreateQueueFlags {
        if opens_existing { CreateQueueFlags::OpenExisting } else { CreateQueueFlags::Create }
    }
}

impl From<RequestQueueProperty> for QueueProperty {
    fn from(property: RequestQueueProperty) -> Self {
        match property {
            RequestQueueProperty::Length(length) => Self::Length(length),
            RequestQueueProperty::Enabled(is_enabled) => Self::Enabled(is_enabled),
            RequestQueueProperty::Verbosity503(verbosity) => Self::Verbosity503(verbosity as u8),
        }
    }
}

impl From<QueueProperty> for RequestQueueProperty {
    fn from(property: QueueProperty) -> Self {
        match property {
            QueueProperty::Length(length) => Self::Length(length),
            QueueProperty::Enabled(is_enabled) => Self::Enabled(is_enabled),
            QueueProperty::Verbosity503(1) => Self::Verbosity503(Http503Verbosity::Limited),
            QueueProperty::Verbosity503(2) => Self::Verbosity503(Http503Verbosity::Full),
            QueueProperty::Verbosity503(_) => Self::Verbosity503(Http503Verbosity::Basic),
        }
    }
}

impl From<TimeoutLimits> for GroupProperty {
    fn from(limits: TimeoutLimits) -> Self {
        let times = [
            limits.entity_body,
            limits.drain_entity_body,
            limits.request_queue,
            limits.idle_connection,
            limits.header_wait,
        ];
        Self::Timeouts(times.map(|time| time.map(|time| time.as_secs())), limits.min_send_bytes_per_second)
    }
}

/// The limits that [`GroupProperty::Timeouts`] carries; more than the API can say is the most that it can.
pub(in crate::broker) fn limits(times: [Option<u64>; 5], rate: Option<u32>) -> TimeoutLimits {
    let [entity_body, drain_entity_body, request_queue, idle_connection, header_wait] =
        times.map(|seconds| seconds.map(|seconds| Duration::from_secs(seconds.min(u16::MAX.into()))));
    TimeoutLimits {
        entity_body,
        drain_entity_body,
        request_queue,
        idle_connection,
        header_wait,
        min_send_bytes_per_second: rate,
    }
}

/// The schemes that [`GroupProperty::Authentication`] carries.
pub(in crate::broker) fn authentication(schemes: u32) -> AuthenticationInfo {
    AuthenticationInfo { schemes: AuthenticationSchemes::from_bits(schemes), ..AuthenticationInfo::default() }
}
