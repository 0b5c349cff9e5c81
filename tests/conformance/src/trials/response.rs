//! Status, reason and fields of responses.

use http::{HeaderName, HeaderValue, header};

use crate::{Capability::*, runner::Trial, stage::Stage};

const AREA: &str = "response";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "an_untouched_response_is_200_without_a_body",
        "StatusCode is 200 by default, and an empty response says that its length is 0.",
        "ASP.NET Core: framing (measured: no write)",
        untouched,
    ),
    Trial::new(
        AREA,
        "any_final_status_is_sent_as_it_is",
        "A status code is any number of three digits; unknown ones count as the first of their class.",
        "RFC 9110 section 15",
        statuses,
    ),
    Trial::new(
        AREA,
        "fields_arrive_as_they_were_set",
        "Every value of every field is sent, those of one name in their order.",
        "RFC 9110 section 5.3",
        fields,
    ),
    Trial::new(
        AREA,
        "set_cookie_fields_are_not_joined",
        "Set-Cookie cannot be combined into one line.",
        "RFC 9110 section 5.3",
        cookies,
    ),
    Trial::new(
        AREA,
        "an_empty_field_is_sent",
        "A field value may be empty.",
        "ASP.NET Core: an empty value stays and is sent (measured)",
        empty_field,
    ),
    Trial::new(
        AREA,
        "an_own_reason_is_sent",
        "ReasonPhrase replaces the standard phrase.",
        "ASP.NET Core: IHttpResponseFeature.ReasonPhrase",
        own_reason,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "the_standard_reason_is_sent",
        "ReasonPhrase null is the standard phrase.",
        "ASP.NET Core: IHttpResponseFeature.ReasonPhrase",
        standard_reason,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "the_status_line_says_http_1_1",
        "The version in a response is the highest that the server conforms to, whatever the client's.",
        "RFC 9110 section 2.5",
        status_line,
    )
    .needs(&[Http1]),
];

fn untouched(stage: &Stage) {
    let server = stage.serve(&(), |(), _| Box::pin(async { Ok(()) }));
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!((response.status(), response.text().as_str()), (200, ""));
        assert_eq!(response.field("content-length"), "0");
    }
}

fn statuses(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let status: u16 = ctx.request().path()[1..].parse()?;
            ctx.response_mut().set_status(status)?;
            ctx.response_mut().write("body").await
        })
    });
    let mut client = server.client();
    for status in [200, 201, 207, 299, 302, 403, 418, 499, 507, 599, 600, 999] {
        let response = client.get(&format!("/{status}"));
        assert_eq!((response.status(), response.text().as_str()), (status, "body"));
    }
}

fn fields(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let mut response = ctx.response_mut();
            let headers = response.headers_mut()?;
            for (name, value) in [("x-a", "1"), ("x-b", "2"), ("x-a", "3, 4"), ("x-a", "0")] {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            headers.insert("x-bytes", HeaderValue::from_bytes(b"\xe9\xff")?);
            Ok(())
        })
    });
    let head = server.get("/").head;
    assert_eq!(head.fields.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "3, 4", "0"]);
    assert_eq!(head.field("x-b"), "2");
    assert_eq!(head.fields.get("x-bytes").map(HeaderValue::as_bytes), Some(&b"\xe9\xff"[..]));
}

fn cookies(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            for cookie in ["a=1; path=/", "b=2, x"] {
                ctx.response_mut()
                    .headers_mut()?
                    .append(header::SET_COOKIE, HeaderValue::from_static(cookie));
            }
            Ok(())
        })
    });
    let head = server.get("/").head;
    let values: Vec<_> = head.fields.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(values, ["a=1; path=/", "b=2, x"]);
}

fn empty_field(stage: &Stage) {
    let server =
        stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().set_header("x-empty", "") }));
    let head = server.get("/").head;
    assert_eq!(head.fields.get("x-empty").map(HeaderValue::as_bytes), Some(&b""[..]));
}

fn own_reason(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(418)?;
            ctx.response_mut().set_reason_phrase(Some("Short and Stout"))
        })
    });
    assert_eq!(server.get("/").head.reason, "Short and Stout");
}

fn standard_reason(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let status: u16 = ctx.request().path()[1..].parse()?;
            ctx.response_mut().set_status(status)
        })
    });
    let mut client = server.client();
    for (status, reason) in [(200, "OK"), (404, "Not Found"), (503, "Service Unavailable")] {
        assert_eq!(client.get(&format!("/{status}")).head.reason, reason);
    }
}

fn status_line(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().set_status(202) }));
    for request in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
        let mut wire = server.wire_with(request, &["GET"]);
        assert_eq!(wire.status_line().expect("an answer"), "HTTP/1.1 202 Accepted", "{request:?}");
    }
}
