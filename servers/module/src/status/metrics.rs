//! The state as metrics, in the text form of Prometheus (version 0.0.4).

use std::fmt::Write;

use crate::application::{ApplicationSnapshot, ModuleSnapshot};

/// A metric of an application: name, kind, help, value.
type Metric = (&'static str, &'static str, &'static str, fn(&ApplicationSnapshot) -> f64);

const METRICS: [Metric; 9] = [
    ("requests_total", "counter", "Requests that began.", |application| application.requests as f64),
    ("requests_in_flight", "gauge", "Requests under way.", |application| application.in_flight as f64),
    ("request_duration_seconds_sum", "counter", "The time that requests took, together.", |application| {
        application.latency_sum
    }),
    ("processes", "gauge", "Processes that take requests.", |application| application.processes.len() as f64),
    ("process_starts_total", "counter", "Processes that were started.", |application| {
        application.starts as f64
    }),
    ("process_start_failures_total", "counter", "Starts of processes that failed.", |application| {
        application.start_failures as f64
    }),
    ("process_crashes_total", "counter", "Processes that ended by themselves.", |application| {
        application.crashes as f64
    }),
    ("recycles_total", "counter", "Changes to new processes.", |application| application.recycles as f64),
    ("forward_failures_total", "counter", "Requests that could not be forwarded.", |application| {
        application.forward_failures as f64
    }),
];

/// Writes all metrics.
pub(super) fn write(module: &ModuleSnapshot) -> String {
    let mut text = String::new();
    for (name, kind, help, value) in METRICS {
        let name = format!("falconry_module_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for application in &module.applications {
            let _ = writeln!(text, "{name}{{path=\"{}\"}} {}", application.path, value(application));
        }
    }
    let name = "falconry_module_responses_total";
    let _ = writeln!(text, "# HELP {name} Requests that ended, by class of status.\n# TYPE {name} counter");
    for application in &module.applications {
        for (class, count) in application.ended.iter().enumerate() {
            let class = if class == 0 { "none".to_owned() } else { format!("{class}xx") };
            let _ = writeln!(text, "{name}{{path=\"{}\",status=\"{class}\"}} {count}", application.path);
        }
    }
    let name = "falconry_module_configuration_error";
    let _ = writeln!(text, "# HELP {name} 1 if the files changed and were not taken.\n# TYPE {name} gauge");
    let _ = writeln!(text, "{name} {}", u8::from(!module.configuration_error.is_empty()));
    text
}
