//! The state as text for a terminal.

use std::fmt::Write;

use crate::application::{ApplicationSnapshot, ModuleSnapshot};

/// How many seconds the plots show.
const WIDTH: usize = 60;

/// What `/status.json` of a [`StatusPage`](super::StatusPage) says, as text with small plots.
///
/// # Errors
/// It is not the state of a module; the text says so.
pub fn status_text(json: &str) -> Result<String, String> {
    let module: ModuleSnapshot =
        serde_json::from_str(json).map_err(|error| format!("this is not the state of a module: {error}"))?;
    let mut text = String::new();
    let up = duration(module.time.saturating_sub(module.started));
    let _ = writeln!(text, "falconry-module {}, process {}, up {up}", module.version, module.process);
    if !module.configuration_error.is_empty() {
        let _ = writeln!(text, "configuration not taken: {}", module.configuration_error);
    }
    for application in &module.applications {
        write_application(&mut text, application, module.time);
    }
    Ok(text)
}

fn write_application(text: &mut String, application: &ApplicationSnapshot, now: u64) {
    let history = &application.history;
    let last = |values: &[f64]| values.last().copied().unwrap_or_default();
    let requests: Vec<f64> = history.requests.iter().map(|&count| count as f64).collect();
    let _ = writeln!(text, "\n{} ({}): {}", application.path, application.program, application.state);
    let _ = writeln!(
        text,
        "  requests {}, in flight {}, failed to forward {}, starts {}, crashes {}, failed starts {}, recycles {}",
        application.requests,
        application.in_flight,
        application.forward_failures,
        application.starts,
        application.crashes,
        application.start_failures,
        application.recycles,
    );
    for process in &application.processes {
        let _ = writeln!(
            text,
            "  process {} at {}, up {}, requests {}, in flight {}",
            process.id,
            process.address,
            duration(now.saturating_sub(process.started)),
            process.requests,
            process.in_flight,
        );
    }
    let _ = writeln!(text, "  requests/s {:>8.0} {}", last(&requests), plot(&requests));
    let _ = writeln!(text, "  p50 ms     {:>8.2} {}", last(&history.p50), plot(&history.p50));
    let _ = writeln!(text, "  p99 ms     {:>8.2} {}", last(&history.p99), plot(&history.p99));
    for error in application.errors.iter().take(5) {
        let times = if error.count > 1 { format!(" ({} times)", error.count) } else { String::new() };
        let _ = writeln!(text, "  {} ago: {}{times}", duration(now.saturating_sub(error.time)), error.text);
    }
}

/// A column a second, as high as its share of the highest.
fn plot(values: &[f64]) -> String {
    const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values = &values[values.len().saturating_sub(WIDTH)..];
    let most = values.iter().copied().fold(0.0, f64::max);
    let column = |value: &f64| {
        let height = if most > 0.0 { value / most * 7.0 } else { 0.0 };
        COLUMNS.get(height.round() as usize).copied().unwrap_or('▁')
    };
    values.iter().map(column).collect()
}

fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, plot, status_text};

    #[test]
    fn a_plot_has_a_column_a_second() {
        assert_eq!(plot(&[0.0, 5.0, 10.0]), "▁▅█");
        assert_eq!(plot(&[0.0; 100]), "▁".repeat(60));
        assert_eq!(plot(&[]), "");
    }

    #[test]
    fn times_are_told_in_two_units() {
        let told = [5_000, 65_000, 3_700_000, 90_000_000].map(duration);
        assert_eq!(told, ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h"]);
    }

    #[test]
    fn what_is_no_state_is_an_error() {
        assert!(status_text("{}").unwrap_err().contains("not the state of a module"));
    }
}
