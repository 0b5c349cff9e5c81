//! Features of the response.

mod body;
mod callbacks;
mod head;
mod informational;
mod message;
mod plain;
mod plain_body;
mod reset;
mod rules;
mod send_file;
mod steps;
mod trailers;

pub use self::{
    body::HttpResponseBodyFeature,
    callbacks::{CompletedCallback, ResponseCallbacks, StartingCallback},
    head::{ReasonPhrase, ResponseHead},
    informational::{HttpInformationalResponseFeature, check_interim_status},
    message::HttpResponseFeature,
    plain::PlainResponse,
    plain_body::{BodyFraming, PlainResponseBody, ResponseSink},
    reset::HttpResetFeature,
    rules::{BodyWrite, ResponseRules},
    send_file::{HttpSendFileFeature, file_range, send_file},
    steps::{
        accept_connect, accept_web_transport, complete_response, flush_response, start_response, upgrade,
        write_response,
    },
    trailers::{HttpResponseTrailersFeature, PlainResponseTrailers, may_be_trailer},
};
