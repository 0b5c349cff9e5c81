//! Which server runs, and what a start that fails says.

mod support;

use falconry::{HostError, HttpContext, Result, ServerError, WebHost, WebHostBuilder};
use support::RecordingServer;

async fn nothing(_: &mut HttpContext) -> Result<()> {
    Ok(())
}

#[test]
fn the_command_line_chooses_before_the_variable_and_the_variable_before_files() {
    let root = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hosting_servers");
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(root.join("falconry.json"), r#"{"server": "third"}"#).unwrap();
    let builder = || two_servers().content_root(&root);
    let variable = [("FALCONRY_SERVER", "second")];
    let args = ["program", "--server", "FIRST"];
    assert_eq!(name(builder().environment_variables(variable).args(args)), "first");
    assert_eq!(name(builder().environment_variables(variable)), "second");
    assert_eq!(name(builder()), "third");
    assert_eq!(name(builder().environment_variables(variable).args(args).server_named("third")), "third");
}

#[test]
fn an_unknown_server_is_an_error_that_lists_those_compiled_in() {
    let error = two_servers().args(["program", "--server", "iis"]).build(nothing).unwrap_err();
    assert!(error.is_unknown_server());
    let text = error.to_string();
    let start = "there is no server \"iis\" (from argument --server); compiled in: first, second, third";
    assert!(text.starts_with(start), "{text}");
}

#[test]
#[cfg(not(feature = "kestrel"))]
fn several_servers_without_a_choice_are_an_error() {
    let error = two_servers().build(nothing).unwrap_err();
    assert!(error.is_unknown_server());
    assert!(error.to_string().contains("--server NAME"), "{error}");
}

#[test]
#[cfg(feature = "kestrel")]
fn kestrel_runs_if_nobody_chooses() {
    assert_eq!(name(two_servers()), "kestrel");
}

#[test]
fn a_server_that_the_program_gives_runs_whatever_was_asked_for() {
    let host = two_servers().server_named("unknown").server(RecordingServer::new()).build(nothing).unwrap();
    assert_eq!(host.server_name(), "custom");
}

#[test]
fn a_server_is_made_with_the_configuration() {
    let builder = WebHost::builder().environment_variables([("Kestrel__Limits__Max", "5")]);
    let builder = builder.server_named("picky").add_server("picky", |configuration| {
        let max = configuration.section("kestrel:limits").get("max").unwrap_or_default().to_owned();
        Err(ServerError::options(format!("max is {max}")))
    });
    let error = builder.build(nothing).unwrap_err();
    assert!(error.is_start());
    assert!(error.server_error().unwrap().is_options());
    assert_eq!(format!("{error:?}"), "the host could not start\n  because max is 5");
}

#[tokio::test]
async fn an_address_in_use_is_named_with_a_way_out() {
    let error = ServerError::address_in_use("http://localhost:5000 is in use")
        .with_source(std::io::Error::from(std::io::ErrorKind::AddrInUse));
    let error = start_failing(error).await;
    assert!(error.is_address_in_use() && error.is_start());
    assert_eq!(
        format!("{error:?}"),
        "the host could not start\n  because http://localhost:5000 is in use\n  because address in use\n  \
         help: stop the program that has it, or choose another address: --urls http://localhost:5001"
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_answered_with_examples() {
    let error = start_failing(ServerError::address("unrecognized scheme in server address 'ftp://x'")).await;
    assert!(
        format!("{error:?}").contains("help: an address reads --urls http://localhost:5000"),
        "{error:?}"
    );
}

async fn start_failing(error: ServerError) -> HostError {
    let builder = WebHost::builder().suppress_status_messages(true);
    let host = builder.server(RecordingServer::failing(error)).build(nothing).unwrap();
    host.start().await.unwrap_err()
}

fn two_servers() -> WebHostBuilder {
    let builder = WebHost::builder().environment_variables([("", "")]);
    ["first", "second", "third"]
        .into_iter()
        .fold(builder, |builder, name| builder.add_server(name, |_| Ok(Box::new(RecordingServer::new()))))
}

fn name(builder: WebHostBuilder) -> String {
    builder.build(nothing).unwrap().server_name().to_owned()
}
