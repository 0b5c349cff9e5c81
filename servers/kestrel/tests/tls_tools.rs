//! openssl and curl as makers of certificates and as clients, and the program that makes development certificates.
//! Tests whose tool is not installed pass without a look.
#![cfg(all(feature = "dev-certs", unix))]

mod support;

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use falconry_kestrel::{DevelopmentCertificate, HttpProtocols, KestrelServerOptions, ServerCertificate};
use support::{
    TestServer,
    certificates::{Authority, Folder},
    client::Client,
    refusal,
};

/// The output of a program without input; `None` if it is not installed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        output => Some(output.unwrap()),
    }
}

/// As [`run`], beside the server in this process.
async fn client(folder: &Path, program: &'static str, arguments: &[&str]) -> Option<Output> {
    let (folder, arguments) =
        (folder.to_owned(), arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
    tokio::task::spawn_blocking(move || {
        run(&folder, program, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    })
    .await
    .unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn openssl(folder: &Path, line: &str) -> Option<()> {
    let output = run(folder, "openssl", &line.split_whitespace().collect::<Vec<_>>())?;
    assert!(output.status.success(), "{line}: {}", text(&output));
    Some(())
}

async fn serves(root: &Authority, certificate: ServerCertificate) {
    let server = TestServer::start(|https| https.server_certificate = Some(certificate)).await;
    assert_eq!(Client::new(root).get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
}

#[tokio::test]
async fn a_pkcs12_file_of_openssl_new_and_old() {
    let (root, folder) = (Authority::new("root"), Folder::new("pkcs12"));
    root.server(&["a.test"]).write(&folder.0, "a");
    std::fs::write(folder.0.join("root.pem"), &root.pem).unwrap();
    let export = "pkcs12 -export -in a.pem -inkey a.key -certfile root.pem";
    for (name, options) in [
        ("new", "-passout pass:secret"),
        ("old", "-passout pass:secret -legacy -macalg sha1"),
        ("3des", "-passout pass:secret -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1"),
    ] {
        let path = folder.0.join(name).with_extension("pfx");
        if openssl(&folder.0, &format!("{export} {options} -out {name}.pfx")).is_none() {
            return;
        }
        serves(&root, ServerCertificate::pkcs12_file(&path, "secret")).await;
        serves(&root, ServerCertificate::pkcs12(std::fs::read(&path).unwrap(), "secret")).await;
        let error = refusal(|https| {
            https.server_certificate = Some(ServerCertificate::pkcs12_file(&path, "wrong"));
        })
        .await;
        assert!(error.contains("password") && error.contains(name), "{error}");
    }
    openssl(&folder.0, &format!("{export} -passout pass: -out empty.pfx")).unwrap();
    serves(&root, ServerCertificate::pkcs12_file(folder.0.join("empty.pfx"), "")).await;
}

#[tokio::test]
async fn keys_of_every_usual_kind_and_encrypted_ones() {
    let folder = Folder::new("keys");
    let subject = "-subj /CN=a.test -addext subjectAltName=DNS:a.test -days 2 -out own.pem";
    for (name, make, convert) in [
        ("rsa", "req -x509 -newkey rsa:2048 -nodes -keyout own.key", ""),
        (
            "rsa-pkcs1",
            "req -x509 -newkey rsa:2048 -nodes -keyout first.key",
            "rsa -in first.key -traditional -out own.key",
        ),
        ("p384", "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout own.key", ""),
        (
            "sec1",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout first.key",
            "ec -in first.key -out own.key",
        ),
        ("ed25519", "req -x509 -newkey ed25519 -nodes -keyout own.key", ""),
        ("encrypted", "req -x509 -newkey rsa:2048 -passout pass:secret -keyout own.key", ""),
    ] {
        if openssl(&folder.0, &format!("{make} {subject}")).is_none() {
            return;
        }
        if !convert.is_empty() {
            openssl(&folder.0, convert).unwrap();
        }
        let (certificate, key) = (folder.0.join("own.pem"), folder.0.join("own.key"));
        let files = ServerCertificate::encrypted_pem_files(&certificate, &key, "secret");
        let server = TestServer::start(|https| https.server_certificate = Some(files)).await;
        let url = format!("https://a.test:{}/", server.address.port());
        let resolve = format!("a.test:{}:127.0.0.1", server.address.port());
        let curl = ["-sS", "--cacert", "own.pem", "--resolve", &resolve, &url];
        if let Some(output) = client(&folder.0, "curl", &curl).await {
            assert!(text(&output).ends_with("Hello World!"), "{name}: {}", text(&output));
        }
        if name == "encrypted" {
            let without = ServerCertificate::pem_files(&certificate, &key);
            let error = refusal(|https| https.server_certificate = Some(without)).await;
            assert!(error.contains("needs its password"), "{error}");
            let wrong = ServerCertificate::encrypted_pem_files(&certificate, &key, "wrong");
            let error = refusal(|https| https.server_certificate = Some(wrong)).await;
            assert!(error.contains("does not open with this password"), "{error}");
        }
    }
}

#[tokio::test]
async fn openssl_resumes_in_both_versions_and_agrees_on_http1() {
    let (root, folder) = (Authority::new("root"), Folder::new("s_client"));
    std::fs::write(folder.0.join("root.pem"), &root.pem).unwrap();
    let pair = root.server(&["a.test"]);
    let server = TestServer::start_endpoint(|endpoint| {
        endpoint.protocols = HttpProtocols::HTTP1;
        endpoint.use_https_with(|https| https.server_certificate = Some(pair.certificate()));
    })
    .await;
    let target = server.address.to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        let with = |session: &str| {
            let words = format!(
                "s_client -connect {target} -servername a.test -CAfile root.pem -verify_return_error -alpn h2,http/1.1 \
                 {version} -ign_eof {session} session"
            );
            words.split(' ').map(str::to_owned).collect::<Vec<_>>()
        };
        let request = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
        let Some(first) = openssl_with_input(&folder.0, with("-sess_out"), request).await else { return };
        assert!(first.contains("ALPN protocol: http/1.1"), "{first}");
        assert!(first.contains("Hello World!") && first.contains("New, TLS"), "{first}");
        let second = openssl_with_input(&folder.0, with("-sess_in"), request).await.unwrap();
        assert!(second.contains("Hello World!") && second.contains("Reused, TLS"), "{second}");
    }
}

async fn openssl_with_input(folder: &Path, arguments: Vec<String>, input: &'static str) -> Option<String> {
    let folder = folder.to_owned();
    let work = move || {
        let child = Command::new("openssl")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            child => child.unwrap(),
        };
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        Some(text(&child.wait_with_output().unwrap()))
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Runs dev-certs for a user whose home is `home`; the stores of the system are out of reach.
fn dev_certs(home: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dev-certs"))
        .args(line.split_whitespace())
        .current_dir(home)
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap()
}

#[tokio::test]
async fn dev_certs_makes_a_certificate_that_a_server_and_curl_take() {
    let folder = Folder::new("dev-certs");
    assert_eq!(dev_certs(&folder.0, "--check").status.code(), Some(1));
    let made = dev_certs(&folder.0, "");
    assert!(made.status.success(), "{}", text(&made));
    assert!(dev_certs(&folder.0, "--check").status.success());

    let development = DevelopmentCertificate::in_folder(folder.0.join(".config/falconry/dev-certs"));
    let mode = std::fs::metadata(development.key_path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    development.check().unwrap();

    let server =
        TestServer::start(|https| https.server_certificate = Some(development.server_certificate())).await;
    let port = server.address.port();
    let path = development.certificate_path();
    for host in ["localhost", "app.dev.localhost", "127.0.0.1"] {
        let (url, resolve) = (format!("https://{host}:{port}/"), format!("{host}:{port}:127.0.0.1"));
        let curl = ["-sS", "--cacert", path.to_str().unwrap(), "--resolve", &resolve, &url];
        if let Some(output) = client(&folder.0, "curl", &curl).await {
            assert!(text(&output).ends_with("Hello World!"), "{host}: {}", text(&output));
        }
    }
}

/// Starts a server on https that has no certificate of its own, for the user that the environment names.
#[tokio::test]
async fn https_without_a_certificate() {
    let mut options = KestrelServerOptions::default();
    options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| endpoint.tls = true);
    match TestServer::start_options(options).await {
        Ok(server) => println!("started on {}", server.address),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn https_without_a_certificate_uses_the_development_certificate_or_says_how_to_make_it() {
    let folder = Folder::new("dev-used");
    let start = || {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "https_without_a_certificate", "--nocapture"])
            .env("HOME", &folder.0)
            .env_remove("XDG_CONFIG_HOME")
            .output()
            .unwrap();
        text(&output)
    };
    let said = start();
    assert!(
        said.contains("refused: failed to bind to https://127.0.0.1:0: https needs a certificate"),
        "{said}"
    );
    assert!(said.contains("`cargo run -p falconry-kestrel --bin dev-certs`"), "{said}");
    assert!(dev_certs(&folder.0, "").status.success());
    let said = start();
    assert!(said.contains("started on 127.0.0.1:"), "{said}");
}

#[tokio::test]
async fn dev_certs_keeps_a_good_one_exports_it_and_cleans_up() {
    let folder = Folder::new("dev-export");
    assert!(dev_certs(&folder.0, "").status.success());
    let development = DevelopmentCertificate::in_folder(folder.0.join(".config/falconry/dev-certs"));
    let first = std::fs::read(development.certificate_path()).unwrap();

    let exported = dev_certs(&folder.0, "--export out.pfx --password secret");
    assert!(exported.status.success(), "{}", text(&exported));
    let pfx = ServerCertificate::pkcs12_file(folder.0.join("out.pfx"), "secret");
    TestServer::start(|https| https.server_certificate = Some(pfx)).await;
    assert!(dev_certs(&folder.0, "--export out.pem").status.success());
    let pem = ServerCertificate::pem_files(folder.0.join("out.pem"), folder.0.join("out.key"));
    TestServer::start(|https| https.server_certificate = Some(pem)).await;
    assert_eq!(dev_certs(&folder.0, "--export out.txt").status.code(), Some(1));
    assert_eq!(dev_certs(&folder.0, "--what").status.code(), Some(2));
    assert_eq!(std::fs::read(development.certificate_path()).unwrap(), first);

    assert!(dev_certs(&folder.0, "--clean").status.success());
    assert!(!development.exists());
    assert!(development.check().unwrap_err().to_string().contains("dev-certs"));
}

#[test]
fn dev_certs_makes_browsers_trust_it_or_says_what_is_missing() {
    let folder = Folder::new("dev-trust");
    let trusted = dev_certs(&folder.0, "--trust");
    assert!(trusted.status.success(), "{}", text(&trusted));
    let said = text(&trusted);
    assert!(said.contains("update-ca-certificates"), "{said}");
    let store = folder.0.join(".pki/nssdb");
    if Path::new("/usr/bin/certutil").exists() {
        assert!(said.contains("Browsers trust it"), "{said}");
        let list = run(&folder.0, "certutil", &["-d", &format!("sql:{}", store.display()), "-L"]).unwrap();
        assert!(text(&list).contains("falconry development localhost"), "{}", text(&list));
        let clean = dev_certs(&folder.0, "--clean");
        assert!(text(&clean).contains("no longer trust"), "{}", text(&clean));
    } else {
        assert!(said.contains("install certutil"), "{said}");
    }
}

#[tokio::test]
async fn a_development_certificate_that_has_expired_says_so() {
    let folder = Folder::new("dev-expired");
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let development = DevelopmentCertificate::in_folder(&folder.0);
    std::fs::write(development.certificate_path(), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(development.key_path(), key.serialize_pem()).unwrap();
    let error = development.check().unwrap_err().to_string();
    assert!(error.contains("not valid now") && error.contains("dev-certs"), "{error}");
    let made = dev_certs(&folder.0, &format!("--folder {}", folder.0.display()));
    assert!(made.status.success(), "{}", text(&made));
    development.check().unwrap();
}
