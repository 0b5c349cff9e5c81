//! The limit on a request's body, and `100 Continue`.

use falconry_features::{BadHttpRequestError, HttpMaxRequestBodySizeFeature};

use crate::{
    Capability::*,
    client::{Outcome, response_on},
    connect::{Connection as _, Request},
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage},
};

const AREA: &str = "limits";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "a_body_at_the_limit_is_read",
        "MaxRequestBodySize is the largest size that is taken.",
        "ASP.NET Core: IHttpMaxRequestBodySizeFeature",
        at_limit,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "a_length_over_the_limit_is_413",
        "A body over the limit ends with an error of status 413.",
        "RFC 9110 section 15.5.14",
        length_over,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "chunks_over_the_limit_are_413",
        "A body over the limit ends with an error of status 413, whether or not its length was told.",
        "RFC 9110 section 15.5.14",
        chunks_over,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "the_application_sees_the_refusal",
        "Reading ends with a BadHttpRequestError of status 413.",
        "ASP.NET Core: BadHttpRequestException",
        seen_by_application,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "no_limit_takes_everything",
        "MaxRequestBodySize null is unlimited.",
        "ASP.NET Core: IHttpMaxRequestBodySizeFeature",
        unlimited,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "the_limit_is_fixed_once_reading_has_begun",
        "IsReadOnly turns true, and setting is an error of the state.",
        "ASP.NET Core: IHttpMaxRequestBodySizeFeature.IsReadOnly",
        read_only,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "a_changed_limit_is_that_of_one_request",
        "The next request has the server's own limit again.",
        "ASP.NET Core: IHttpMaxRequestBodySizeFeature",
        one_request,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "an_unread_body_over_the_limit_harms_nothing",
        "A limit is only broken by reading.",
        "ASP.NET Core: body-limit (measured)",
        unread_over,
    )
    .needs(&[MaxRequestBodySize]),
    Trial::new(
        AREA,
        "reading_asks_for_the_body",
        "A client that expects 100-continue gets it when the application begins to read.",
        "RFC 9110 section 10.1.1",
        expect,
    )
    .needs(&[ExpectContinue, Http1]),
    Trial::new(
        AREA,
        "an_answer_without_reading_asks_for_nothing",
        "A server that answers at once need not send 100 Continue.",
        "RFC 9110 section 10.1.1",
        expect_unread,
    )
    .needs(&[ExpectContinue, Http1]),
    Trial::new(
        AREA,
        "a_client_of_http_1_0_is_asked_for_nothing",
        "A server ignores the expectation in a request of HTTP/1.0.",
        "RFC 9110 section 10.1.1",
        expect_10,
    )
    .needs(&[ExpectContinue, Http1]),
    Trial::new(
        AREA,
        "a_refused_expectation_gets_no_100",
        "A body that is too long by its own account is refused before it is sent.",
        "RFC 9110 section 10.1.1",
        expect_refused,
    )
    .needs(&[ExpectContinue, MaxRequestBodySize, Http1]),
];

/// Serves an application that sets the limit in the path, reads everything and tells how much it was.
fn limiting(stage: &Stage) -> Running {
    stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let limit = ctx.request().path()[1..].parse().ok();
            if ctx.request().path() != "/" {
                let feature = ctx.features_mut().required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
                feature.set_max_request_body_size(limit)?;
            }
            let mut count = 0;
            while let Some(data) = ctx.request_mut().read().await? {
                count += data.len();
            }
            ctx.response_mut().write(count.to_string()).await
        })
    })
}

fn at_limit(stage: &Stage) {
    let server = limiting(stage);
    let mut client = server.client();
    assert_eq!(client.exchange(&Request::new("POST", "/10").length(10), b"0123456789").text(), "10");
    assert_eq!(client.exchange(&Request::post("/10"), b"0123456789").text(), "10");
}

fn length_over(stage: &Stage) {
    let server = limiting(stage);
    let response = server.client().exchange(&Request::new("POST", "/9").length(10), b"0123456789");
    assert_eq!(response.status(), 413);
    assert_eq!(server.get("/").text(), "0", "the next request");
}

fn chunks_over(stage: &Stage) {
    let server = limiting(stage);
    assert_eq!(server.client().exchange(&Request::post("/9"), b"0123456789").status(), 413);
    assert_eq!(server.get("/").text(), "0", "the next request");
}

fn seen_by_application(stage: &Stage) {
    let seen = Journal::<Option<u16>>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let feature = ctx.features_mut().required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            feature.set_max_request_body_size(Some(4))?;
            loop {
                match ctx.request_mut().read().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(()),
                    Err(error) => {
                        seen.push(
                            BadHttpRequestError::find(&*error).map(|refusal| refusal.status().as_u16()),
                        );
                        return Err(error);
                    }
                }
            }
        })
    });
    assert_eq!(server.client().exchange(&Request::new("POST", "/").length(5), b"hello").status(), 413);
    assert_eq!(seen.first(), Some(413));
}

fn unlimited(stage: &Stage) {
    let body = vec![b'x'; 200_000];
    let server = limiting(stage);
    assert_eq!(server.client().exchange(&Request::post("/none"), &body).text(), "200000");
}

fn read_only(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().required::<dyn HttpMaxRequestBodySizeFeature>()?.is_read_only());
            let _ = ctx.request_mut().read().await?;
            let feature = ctx.features_mut().required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            seen.push(feature.is_read_only());
            seen.push(feature.set_max_request_body_size(None).is_err_and(|error| error.is_invalid_state()));
            while ctx.request_mut().read().await?.is_some() {}
            Ok(())
        })
    });
    assert_eq!(server.client().exchange(&Request::post("/"), b"hello").status(), 200);
    assert_eq!(seen.entries(), [false, true, true]);
}

fn one_request(stage: &Stage) {
    let seen = Journal::<Option<u64>>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let feature = ctx.features_mut().required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            seen.push(feature.max_request_body_size());
            feature.set_max_request_body_size(Some(7))?;
            seen.push(feature.max_request_body_size());
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    client.get("/");
    let limits = seen.wait(4);
    assert_eq!((limits[1], limits[3]), (Some(7), Some(7)));
    assert_eq!(limits[2], limits[0], "the next request");
    assert_ne!(limits[0], Some(7));
}

fn unread_over(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let feature = ctx.features_mut().required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            feature.set_max_request_body_size(Some(1))?;
            ctx.response_mut().write("fine").await
        })
    });
    let response = server.client().exchange(&Request::new("POST", "/").length(5), b"hello");
    assert_eq!((response.status(), response.text().as_str()), (200, "fine"));
}

const EXPECTING: &str =
    "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

fn expect(stage: &Stage) {
    let server = limiting(stage);
    let mut wire = server.wire_with(EXPECTING, &["POST"]);
    assert_eq!(wire.head().expect("an interim response").status, 100);
    wire.send_bytes("hello", &[]).expect("the body can be sent");
    let response = response_on(&mut wire);
    assert_eq!((response.text().as_str(), response.interim.len()), ("5", 0));
}

fn expect_unread(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().set_status(403) }));
    let mut wire = server.wire_with(EXPECTING, &["POST"]);
    let response = response_on(&mut wire);
    assert_eq!((response.status(), response.interim.len()), (403, 0));
}

fn expect_10(stage: &Stage) {
    let server = limiting(stage);
    let head = EXPECTING.replace("HTTP/1.1", "HTTP/1.0");
    let mut wire = server.wire_with(format!("{head}hello"), &["POST"]);
    let response = response_on(&mut wire);
    assert_eq!((response.text().as_str(), response.interim.len()), ("5", 0));
}

fn expect_refused(stage: &Stage) {
    let server = limiting(stage);
    let mut wire = server.wire_with(EXPECTING.replacen('/', "/4", 1), &["POST"]);
    match crate::client::receive(&mut wire, Vec::new()) {
        Outcome::Complete(response) => {
            assert_eq!((response.status(), response.interim.len()), (413, 0));
        }
        Outcome::Cut(..) => panic!("it is not answered"),
    }
}
