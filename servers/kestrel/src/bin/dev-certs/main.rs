//! Makes, checks and removes the certificate for https on one's own machine.
//!
//! `cargo run -p falconry-kestrel --bin dev-certs -- --trust`

mod arguments;
mod export;
mod files;
mod make;
mod trust;

use std::process::ExitCode;

use falconry_kestrel::DevelopmentCertificate;

use self::arguments::{Action, Arguments};

/// What a command may end with: words for the user.
type Result<T = ()> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(reason) => {
            eprintln!("dev-certs: {reason}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("dev-certs: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result {
    let folder = match &arguments.folder {
        Some(folder) => DevelopmentCertificate::in_folder(folder),
        None => DevelopmentCertificate::of_user()
            .ok_or("the environment names no home folder: use --folder PATH")?,
    };
    match &arguments.action {
        Action::Help => {
            println!("{}", arguments::USAGE);
            Ok(())
        }
        Action::Check => {
            folder.check().map_err(|error| error.to_string())?;
            println!("The development certificate is valid: {}", folder.certificate_path().display());
            Ok(())
        }
        Action::Clean => {
            trust::forget(&folder);
            files::remove(&folder)
        }
        Action::Make { trust, export } => {
            make(&folder)?;
            if let Some(path) = export {
                export::export(&folder, path, arguments.password.as_deref())?;
            }
            if *trust { trust::trust(&folder) } else { Ok(()) }
        }
    }
}

/// Makes a certificate unless there is a good one.
fn make(folder: &DevelopmentCertificate) -> Result {
    if folder.check().is_ok() {
        println!("There is a valid development certificate: {}", folder.certificate_path().display());
        return Ok(());
    }
    let made = make::certificate()?;
    files::write(folder, &made)?;
    println!("Made a development certificate for localhost: {}", folder.certificate_path().display());
    Ok(())
}
