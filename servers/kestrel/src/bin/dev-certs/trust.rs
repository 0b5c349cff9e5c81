//! Making this machine trust the certificate, where that can be done.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use falconry_kestrel::DevelopmentCertificate;

use super::{Result, files::cannot};

/// The name in the stores of browsers.
const NICKNAME: &str = "falconry development localhost";

/// Where Debian and its family keep certificates of the machine's own.
const SYSTEM_FOLDER: &str = "/usr/local/share/ca-certificates";
const SYSTEM_FILE: &str = "falconry-dev-localhost.crt";

/// Adds the certificate to the stores of the system and of browsers; says what could not be done, and how to do it.
pub(crate) fn trust(folder: &DevelopmentCertificate) -> Result {
    let path = folder.certificate_path();
    if cfg!(windows) {
        println!("To trust it, run: certutil -user -addstore Root \"{}\"", path.display());
        return Ok(());
    }
    if cfg!(target_os = "macos") {
        println!(
            "To trust it, run: security add-trusted-cert -p ssl -k ~/Library/Keychains/login.keychain-db '{}'",
            path.display()
        );
        return Ok(());
    }
    system(&path)?;
    browsers(&path);
    Ok(())
}

/// Takes the certificate out of every store that it may be in.
pub(crate) fn forget(folder: &DevelopmentCertificate) {
    let system = Path::new(SYSTEM_FOLDER).join(SYSTEM_FILE);
    let is_ours =
        fs::read(&system).is_ok_and(|data| fs::read(folder.certificate_path()).is_ok_and(|own| own == data));
    if is_ours && fs::remove_file(&system).is_ok() && run("update-ca-certificates", &["--fresh"]) {
        println!("The system no longer trusts it.");
    }
    for store in browser_stores() {
        if run("certutil", &["-d", &store, "-D", "-n", NICKNAME]) {
            println!("Browsers no longer trust it: {store}");
        }
    }
}

/// The store that programs with OpenSSL and GnuTLS use.
fn system(certificate: &Path) -> Result {
    let by_hand = |why: &str| {
        println!(
            "The system does not trust it yet ({why}). To trust it, run as root:\n  cp '{}' {SYSTEM_FOLDER}/{SYSTEM_FILE} && \
             update-ca-certificates\nor point programs at it: SSL_CERT_FILE='{0}'",
            certificate.display()
        );
        Ok(())
    };
    if !Path::new(SYSTEM_FOLDER).is_dir() || !exists("update-ca-certificates") {
        return by_hand("there is no update-ca-certificates");
    }
    let target = Path::new(SYSTEM_FOLDER).join(SYSTEM_FILE);
    match fs::copy(certificate, &target) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            by_hand("only root may change its store")
        }
        Err(error) => Err(cannot("write", &target, &error)),
        Ok(_) if run("update-ca-certificates", &[]) => {
            println!("The system trusts it: {}", target.display());
            Ok(())
        }
        Ok(_) => by_hand("update-ca-certificates has failed"),
    }
}

/// The stores of Chromium and Firefox.
fn browsers(certificate: &Path) {
    if !exists("certutil") {
        println!(
            "Browsers do not trust it yet: install certutil (Debian: libnss3-tools) and run this again."
        );
        return;
    }
    for store in browser_stores() {
        let path = certificate.to_string_lossy();
        // One of an earlier year has the same name.
        run("certutil", &["-d", &store, "-D", "-n", NICKNAME]);
        if run("certutil", &["-d", &store, "-A", "-t", "P,,", "-n", NICKNAME, "-i", &path]) {
            println!("Browsers trust it: {store}");
        } else {
            println!("Browsers do not trust it yet: certutil has failed on {store}");
        }
    }
}

/// The databases of this user; that of Chromium is made if it is missing.
fn browser_stores() -> Vec<String> {
    let Some(home) = std::env::var_os("HOME").map(PathBuf::from) else { return Vec::new() };
    let chromium = home.join(".pki/nssdb");
    let mut folders = Vec::new();
    if chromium.join("cert9.db").is_file() || make_store(&chromium) {
        folders.push(chromium);
    }
    let profiles = fs::read_dir(home.join(".mozilla/firefox")).into_iter().flatten().flatten();
    folders.extend(profiles.map(|profile| profile.path()).filter(|path| path.join("cert9.db").is_file()));
    folders.iter().map(|folder| format!("sql:{}", folder.display())).collect()
}

fn make_store(folder: &Path) -> bool {
    exists("certutil")
        && fs::create_dir_all(folder).is_ok()
        && run("certutil", &["-d", &format!("sql:{}", folder.display()), "-N", "--empty-password"])
}

fn exists(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// True if the program ran and was content.
fn run(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}
