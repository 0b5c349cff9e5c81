//! The conformance suite over the example of a custom server.

#[path = "../examples/custom_server/server/mod.rs"]
mod server;

use std::process::ExitCode;

use falconry_conformance::{
    Capability::{
        Addresses, AnyRequestLine, Backpressure, ConnectionInfo, DataBeforeReset, EarlyEnd, EndpointInfo,
        GracefulStop, Http1, KeepAlive, RequestStreaming, ResponseStreaming, StartOnce, StopDeadline,
    },
    Subject,
};

fn main() -> ExitCode {
    let subject = Subject::new("custom server", server::ThreadServer::new).with([
        RequestStreaming,
        ResponseStreaming,
        DataBeforeReset,
        EarlyEnd,
        Backpressure,
        KeepAlive,
        Http1,
        AnyRequestLine,
        ConnectionInfo,
        EndpointInfo,
        Addresses,
        StartOnce,
        GracefulStop,
        StopDeadline,
    ]);
    falconry_conformance::run(subject).exit_code()
}
