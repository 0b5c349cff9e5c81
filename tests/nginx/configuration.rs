//! The directives.

use crate::{
    is_skipped,
    support::{Setup, built, built_example},
};

#[test]
fn variables_of_nginx_are_server_variables() {
    if is_skipped("variables_of_nginx_are_server_variables") {
        return;
    }
    let app = built_example("nginx_probe");
    let nginx = Setup::location(&format!(
        "falconry_app \"{}\"; falconry_variable CLIENT $remote_addr; falconry_variable BOTH \"$server_port-$args\";",
        app.display()
    ))
    .start();
    assert_eq!(nginx.get("/variable?CLIENT"), "127.0.0.1");
    assert_eq!(nginx.get("/variable?BOTH"), format!("{}-BOTH", nginx.port(0)));
    assert_eq!(nginx.get("/variable?OTHER"), "");
}

#[test]
fn a_path_base_is_taken_off_the_path() {
    if is_skipped("a_path_base_is_taken_off_the_path") {
        return;
    }
    let app = built().contract.display();
    let mut setup = Setup::location("");
    setup.http = format!(
        "server {{ listen 127.0.0.1:{{port}};\n\
         location /app/ {{ falconry_app \"{app}\"; falconry_path_base /app/; }}\n\
         location / {{ return 404; }} }}"
    );
    let nginx = setup.start();
    let info = nginx.get("/app/info?a=b");
    for part in [
        "\"path\":\"/info\"",
        "\"path_base\":\"/app\"",
        "\"raw_target\":\"/app/info?a=b\"",
        "\"query\":\"?a=b\"",
    ] {
        assert!(info.contains(part), "no {part} in {info}");
    }
}

#[test]
fn two_applications_live_in_one_worker() {
    if is_skipped("two_applications_live_in_one_worker") {
        return;
    }
    let (contract, probe) = (built().contract.display(), built_example("nginx_probe"));
    let mut setup = Setup::location("");
    setup.http = format!(
        "falconry_threads 2;\n\
         server {{ listen 127.0.0.1:{{port}};\n\
         location / {{ falconry_app \"{contract}\"; }}\n\
         location /probe/ {{ falconry_app \"{}\"; falconry_path_base /probe; }} }}",
        probe.display()
    );
    let nginx = setup.start();
    assert_eq!(nginx.get("/"), "Hello World!");
    assert_eq!(nginx.get("/probe/"), nginx.workers()[0].to_string());
}

#[test]
fn what_waits_is_answered_without_a_poll_on_the_loop_too() {
    if is_skipped("what_waits_is_answered_without_a_poll_on_the_loop_too") {
        return;
    }
    let app = built().contract.display();
    let nginx = Setup::location(&format!("falconry_app \"{app}\"; falconry_inline off;")).start();
    assert_eq!(nginx.get("/"), "Hello World!");
    assert_eq!(nginx.get("/wait?ms=10"), "waited 10 ms\n");
}

#[test]
fn nginx_refuses_a_configuration_without_the_application() {
    if is_skipped("nginx_refuses_a_configuration_without_the_application") {
        return;
    }
    let log = Setup::location("falconry_app /nowhere/lib.so;").refused();
    assert!(log.contains("there is no application \"/nowhere/lib.so\""), "{log}");
    let app = built().contract.display().to_string();
    let log = Setup::location(&format!("falconry_app \"{app}\"; falconry_path_base app;")).refused();
    assert!(log.contains("\"falconry_path_base\" must begin with \"/\""), "{log}");
}
