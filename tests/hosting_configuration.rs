//! Settings: layers, files, command line, types and errors.

use std::path::PathBuf;

use falconry::{Configuration, ConfigurationError, HttpContext, Result, WebHost};

async fn nothing(_: &mut HttpContext) -> Result<()> {
    Ok(())
}

#[test]
fn keys_ignore_case_and_the_later_layer_wins() {
    let mut configuration = Configuration::new();
    configuration.set("Kestrel:AddServerHeader", "true");
    configuration.add_environment("FALCONRY_", [("falconry_kestrel__addserverheader", "false")]);
    assert_eq!(configuration.get("KESTREL:ADDSERVERHEADER"), Some("false"));
    let origin = configuration.origin("kestrel:addServerHeader");
    assert_eq!(origin, Some("environment variable falconry_kestrel__addserverheader"));
}

#[test]
fn arguments_have_the_five_forms_and_leave_the_rest_alone() {
    let mut configuration = Configuration::new();
    configuration.add_args([
        "run",
        "--urls",
        "a",
        "--server=b",
        "/environment",
        "c",
        "/key=d",
        "e=f=g",
        "-x",
        "/srv/data",
        "--last",
        "--verbose",
        "--",
        "--=x",
    ]);
    let expected =
        [("e", "f=g"), ("environment", "c"), ("key", "d"), ("last", "true"), ("server", "b"), ("urls", "a")];
    let expected = expected.iter().chain(&[("verbose", "true")]);
    let expected = expected.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(configuration.to_map(), expected);
}

#[test]
fn a_json_file_may_have_comments_and_trailing_commas() {
    let text = "\u{feff}{ // one\n \"A\": { \"b\": [1, -2.5, true,], /* \" */ \"u\": \"http://x//y\", }, }";
    let map = add("comments.json", text).unwrap().to_map();
    let expected = [("A:b:0", "1"), ("A:b:1", "-2.5"), ("A:b:2", "true"), ("A:u", "http://x//y")];
    assert_eq!(map, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
}

#[test]
fn null_in_a_file_unsets_what_an_earlier_layer_set() {
    let mut configuration = Configuration::new();
    configuration.set("urls", "http://localhost:1");
    configuration.add_file(write("null.json", "{ \"Urls\": null }")).unwrap();
    assert_eq!(configuration.get("urls"), None);
}

#[test]
fn a_toml_file_gives_the_same_keys_as_json() {
    let toml = "urls = 'x'\nsince = 2026-01-02\n[Kestrel.Endpoints.main]\nUrl = 'y'\nPorts = [1, 2]\n";
    let json = r#"{"urls": "x", "since": "2026-01-02",
                   "Kestrel": {"Endpoints": {"main": {"Url": "y", "Ports": [1, 2]}}}}"#;
    assert_eq!(add("same.toml", toml).unwrap().to_map(), add("same.json", json).unwrap().to_map());
}

#[test]
fn a_malformed_file_is_named_with_line_and_column() {
    let json = add("bad.json", "{\n  \"urls\": \"x\",\n  oops\n}").unwrap_err();
    assert!(json.is_file());
    assert!(json.to_string().contains("bad.json:3:3: "), "{json}");
    let toml = add("bad.toml", "a = 1\nb = = 2\n").unwrap_err();
    assert!(toml.to_string().contains("bad.toml:2:5: "), "{toml}");
    let list = add("list.json", "[1]").unwrap_err();
    assert!(list.to_string().contains("the file must hold an object"), "{list}");
}

#[test]
fn a_key_that_a_file_sets_twice_is_an_error() {
    let error = add("twice.json", "{\"Urls\": \"a\", \"urls\": \"b\"}").unwrap_err();
    assert!(error.to_string().ends_with("`urls` is set twice; keys ignore case"), "{error}");
}

#[test]
fn sections_show_their_children_in_order_with_the_names_as_written() {
    let text =
        r#"{"List": [0,1,2,3,4,5,6,7,8,9,10], "Lis": 1, "List-er": 2, "Certs": {"B": {"x": 1}, "a": 2}}"#;
    let configuration = add("sections.json", text).unwrap();
    let list = configuration.section("LIST").children();
    let values: Vec<_> = list.iter().map(|(_, item)| item.value().unwrap().to_owned()).collect();
    assert_eq!(values, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let names: Vec<_> = configuration.section("certs").children().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "B"]);
    assert_eq!(configuration.section("Certs").section("b").get("X"), Some("1"));
    assert!(configuration.section("Cert").is_empty());
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_whole_key_and_source() {
    let configuration =
        add("typed.json", r#"{"Kestrel": {"Limits": {"Max": "many", "Mode": "Fast"}}}"#).unwrap();
    let limits = configuration.section("Kestrel").section("Limits");
    let number = limits.parsed::<u64>("Max", "a number").unwrap_err().to_string();
    assert!(number.starts_with("`Kestrel:Limits:Max` is \"many\" (from "), "{number}");
    assert!(number.ends_with("typed.json): it takes a number"), "{number}");
    let choice = limits.one_of("mode", &[("Slow", 1), ("Slower", 2)]).unwrap_err();
    assert!(choice.is_value() && choice.to_string().ends_with("it takes one of Slow, Slower"), "{choice}");
    assert_eq!(limits.flag("absent").unwrap(), None);
}

#[test]
fn the_debug_output_shows_no_values() {
    let mut configuration = Configuration::new();
    configuration.set("Password", "secret");
    assert!(!format!("{configuration:?}").contains("secret"));
}

#[test]
fn files_of_the_environment_win_over_the_general_ones_and_config_over_all_files() {
    let root = directory("layers");
    let file = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
    file("appsettings.json", r#"{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}"#);
    file("appsettings.Staging.json", r#"{"b": 2, "c": 2, "d": 2, "e": 2}"#);
    file("appsettings.Production.json", r#"{"a": 9}"#);
    file("falconry.json", r#"{"c": 3, "d": 3, "e": 3}"#);
    file("falconry.Staging.toml", "d = 4\ne = 4");
    file("more.toml", "e = 5");
    let host = WebHost::builder()
        .content_root(&root)
        .environment_variables([("DOTNET_ENVIRONMENT", "Staging")])
        .args(["program", "--config", root.join("more.toml").to_str().unwrap()])
        .server(support::RecordingServer::new())
        .build(nothing)
        .unwrap();
    let values: Vec<_> = ["a", "b", "c", "d", "e"].map(|key| host.configuration().get(key).unwrap()).into();
    assert_eq!(values, ["1", "2", "3", "4", "5"]);
    assert_eq!(host.environment(), "Staging");
    assert_eq!(host.content_root(), root.canonicalize().unwrap());
}

#[test]
fn without_the_usual_files_only_the_one_that_config_names_is_read() {
    let root = directory("foreign");
    std::fs::write(root.join("appsettings.json"), r#"{"a": 1, "Kestrel": {"Endpoints": {}}}"#).unwrap();
    std::fs::write(root.join("own.toml"), "b = 2").unwrap();
    let host = WebHost::builder()
        .content_root(&root)
        .environment_variables([("", "")])
        .setting("config", root.join("own.toml").to_str().unwrap())
        .usual_files(false)
        .server(support::RecordingServer::new())
        .build(nothing)
        .unwrap();
    assert_eq!((host.configuration().get("a"), host.configuration().get("b")), (None, Some("2")));
}

#[test]
fn a_missing_config_file_and_a_missing_content_root_are_errors() {
    let build = |key: &str| {
        let builder = WebHost::builder().environment_variables([("", "")]).setting(key, "/no/such/thing");
        builder.server(support::RecordingServer::new()).build(nothing).unwrap_err()
    };
    assert!(format!("{:?}", build("config")).contains("there is no configuration file /no/such/thing"));
    assert!(format!("{:?}", build("contentRoot")).contains("it takes a directory that exists"));
}

mod support;

fn directory(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hosting_configuration").join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn write(name: &str, text: &str) -> PathBuf {
    let path = directory("files").join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn add(name: &str, text: &str) -> Result<Configuration, ConfigurationError> {
    let mut configuration = Configuration::new();
    configuration.add_file(write(name, text)).map(|()| configuration)
}
