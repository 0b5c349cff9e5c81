//! The fields of a request, as the application sees them.

use falconry::HttpContext;

use super::request::{look, look_on_wire};
use crate::{Capability::*, connect::Request, runner::Trial, stage::Stage};

const AREA: &str = "fields";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "the_host_is_a_field",
        "Host is among the fields, as the client sent it.",
        "RFC 9110 section 7.2",
        host,
    ),
    Trial::new(
        AREA,
        "fields_with_one_name_keep_their_order",
        "The order of field lines with the same name is significant.",
        "RFC 9110 section 5.3",
        repeated_fields,
    ),
    Trial::new(
        AREA,
        "field_names_match_in_any_case",
        "Field names are case-insensitive.",
        "RFC 9110 section 5.1",
        field_case,
    ),
    Trial::new(
        AREA,
        "an_empty_field_is_there",
        "A field value may be empty.",
        "RFC 9110 section 5.5",
        empty_field,
    ),
    Trial::new(
        AREA,
        "white_space_around_a_value_is_not_part_of_it",
        "A field value has no white space at its ends.",
        "RFC 9110 section 5.5",
        field_white_space,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "bytes_above_ascii_arrive_in_a_value",
        "A recipient treats obs-text in a field value as opaque data.",
        "RFC 9110 section 5.5",
        field_obs_text,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_field_of_eight_kilobytes_arrives",
        "A server takes a field value of 8,000 bytes.",
        "RFC 9112 section 3 (the length it recommends for request lines)",
        long_field,
    ),
    Trial::new(
        AREA,
        "fifty_fields_arrive",
        "A server takes as many fields as browsers and proxies send.",
        "falconry: HttpRequestFeature",
        many_fields,
    ),
];

fn host(stage: &Stage) {
    let request = Request::get("/").field("host", "example.test:81");
    assert_eq!(look(stage, &request, |ctx| ctx.request().host().to_owned()), "example.test:81");
}

fn repeated_fields(stage: &Stage) {
    let request =
        Request::get("/").field("x-a", "1").field("x-b", "2").field("x-a", "3, 4").field("x-a", "0");
    assert_eq!(look(stage, &request, |ctx| values(ctx, "x-a")), ["1", "3, 4", "0"]);
}

fn field_case(stage: &Stage) {
    let request = Request::get("/").field("X-MiXeD", "yes");
    assert_eq!(look(stage, &request, |ctx| values(ctx, "x-mixed")), ["yes"]);
}

fn empty_field(stage: &Stage) {
    assert_eq!(look(stage, &Request::get("/").field("x-empty", ""), |ctx| values(ctx, "x-empty")), [""]);
}

fn field_white_space(stage: &Stage) {
    let bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A:\t  a b \t\r\nX-B:c\r\n\r\n";
    assert_eq!(
        look_on_wire(stage, bytes, |ctx| [values(ctx, "x-a"), values(ctx, "x-b")].concat()),
        ["a b", "c"]
    );
}

fn field_obs_text(stage: &Stage) {
    let bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\xff\xe9\r\n\r\n";
    let value = look_on_wire(stage, bytes, |ctx| {
        ctx.request().headers().get("x-a").map(|value| value.as_bytes().to_vec())
    });
    assert_eq!(value.as_deref(), Some(&b"a\xff\xe9"[..]));
}

fn long_field(stage: &Stage) {
    let request = Request::get("/").field("x-long", &"a".repeat(8000));
    assert_eq!(look(stage, &request, |ctx| values(ctx, "x-long")[0].len()), 8000);
}

fn many_fields(stage: &Stage) {
    let request = (0..50).fold(Request::get("/"), |request, n| request.field(&format!("x-{n}"), "v"));
    let count = look(stage, &request, |ctx| {
        ctx.request().headers().keys().filter(|name| name.as_str().starts_with("x-")).count()
    });
    assert_eq!(count, 50);
}

fn values(ctx: &HttpContext, name: &str) -> Vec<String> {
    let values = ctx.request().headers().get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
