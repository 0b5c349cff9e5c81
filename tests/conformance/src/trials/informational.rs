//! Responses ahead of the response.

use std::future::poll_fn;

use falconry_features::HttpInformationalResponseFeature;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{Capability::*, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "informational";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "interim_responses_come_ahead_in_their_order",
        "Interim responses precede the final one.",
        "RFC 9110 section 15.2",
        interim,
    )
    .needs(&[Informational]),
    Trial::new(
        AREA,
        "fields_of_interim_responses_are_not_those_of_the_response",
        "A 103 tells what is likely; the final response says it again if it means it.",
        "RFC 8297 section 2",
        interim_fields,
    )
    .needs(&[Informational]),
    Trial::new(
        AREA,
        "only_interim_statuses_are_interim",
        "A status that is not 1xx, and 101, are out of range.",
        "RFC 9110 section 15.2",
        interim_statuses,
    )
    .needs(&[Informational]),
    Trial::new(
        AREA,
        "a_client_of_http_1_0_gets_none",
        "A server does not send a 1xx response to a client of HTTP/1.0.",
        "RFC 9110 section 15.2",
        interim_10,
    )
    .needs(&[Informational, Http1]),
];

fn interim(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            for (status, value) in [(103, "one"), (102, "two"), (103, "three")] {
                let mut fields = HeaderMap::new();
                fields.insert("x-hint", HeaderValue::from_static(value));
                ctx.response_mut().send_informational(StatusCode::from_u16(status)?, fields).await?;
            }
            ctx.response_mut().write("final").await
        })
    });
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.get("/");
        let seen: Vec<_> = response.interim.iter().map(|head| (head.status, head.field("x-hint"))).collect();
        let expected = [(103, "one"), (102, "two"), (103, "three")];
        assert_eq!(seen, expected.map(|(status, value)| (status, value.to_owned())));
        assert_eq!((response.status(), response.text().as_str()), (200, "final"));
    }
}

fn interim_fields(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let mut fields = HeaderMap::new();
            fields.insert(header::LINK, HeaderValue::from_static("</a>"));
            ctx.response_mut().set_header("x-final", "yes")?;
            ctx.response_mut().send_informational(StatusCode::EARLY_HINTS, fields).await?;
            Ok(())
        })
    });
    let response = server.get("/");
    assert_eq!((response.field("link").as_str(), response.field("x-final").as_str()), ("", "yes"));
    assert_eq!(response.interim[0].field("x-final"), "");
}

fn interim_statuses(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let feature = ctx.features_mut().required_mut::<dyn HttpInformationalResponseFeature>()?;
            for status in [StatusCode::OK, StatusCode::SWITCHING_PROTOCOLS, StatusCode::NOT_FOUND] {
                let sent = poll_fn(|cx| feature.poll_send(cx, status, &HeaderMap::new()));
                seen.push(sent.await.is_err_and(|error| error.is_out_of_range()));
            }
            Ok(())
        })
    });
    let response = server.get("/");
    assert_eq!((response.status(), response.interim.len()), (200, 0));
    assert_eq!(seen.entries(), [true; 3]);
}

fn interim_10(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().contains::<dyn HttpInformationalResponseFeature>());
            Ok(())
        })
    });
    let mut wire = server.wire_with("GET / HTTP/1.0\r\n\r\n", &["GET"]);
    assert_eq!(crate::client::response_on(&mut wire).interim.len(), 0);
    assert!(!seen.first());
}
