//! `check`: is the configuration right?

use std::process::ExitCode;

use falconry_module::ModuleConfiguration;

use super::arguments::Arguments;

/// Reads the files and says what is in them, or what is wrong.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match ModuleConfiguration::load(&arguments.sources) {
        Ok(configuration) => {
            for note in &configuration.notes {
                println!("{}: note: {}", note.position, note.text);
            }
            for application in &configuration.applications {
                println!(
                    "{}: {} {}",
                    application.path,
                    application.process_path,
                    application.arguments.join(" ")
                );
            }
            println!("The configuration is right.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error in one line, with what caused it.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
