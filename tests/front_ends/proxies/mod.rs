//! The table of front ends.

mod apache;
mod haproxy;
mod nghttpx;
mod nginx;

use std::{net::SocketAddr, path::Path, process::Command};

use crate::process::Folder;

/// A proxy, and how it speaks to Kestrel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrontEnd {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
    pub(crate) backend: Backend,
    /// It tells Kestrel `https` as the scheme whatever the client speaks, which a server is configured for.
    pub(crate) alternate_schemes: bool,
    /// The behaviours that this version of it does not have, whatever the server does.
    pub(crate) lacks: &'static [&'static str],
    /// The command that runs it as one process in the foreground.
    pub(crate) command: fn(&Path, &Setting<'_>) -> Command,
}

/// The protocol to Kestrel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Http1,
    /// HTTP/2 in clear with prior knowledge.
    Http2,
}

/// What a configuration is made from.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    /// For everything that the proxy writes.
    pub(crate) folder: &'a Folder,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where Kestrel does.
    pub(crate) kestrel: SocketAddr,
    pub(crate) backend: Backend,
}

const ALL: [FrontEnd; 7] = [
    // nginx has no HTTP/2 to its upstreams before 1.29.
    FrontEnd {
        name: "nginx_http1",
        program: "nginx",
        backend: Backend::Http1,
        alternate_schemes: false,
        lacks: &[],
        command: nginx::command,
    },
    FrontEnd {
        name: "apache_http1",
        program: "apache2",
        backend: Backend::Http1,
        alternate_schemes: false,
        // mod_proxy_http reads no answer before it has passed on the whole request.
        lacks: &["an_answer_streams_while_it_is_made"],
        command: apache::command,
    },
    FrontEnd {
        name: "apache_http2",
        program: "apache2",
        backend: Backend::Http2,
        alternate_schemes: false,
        lacks: &[
            // mod_proxy_http2 takes a reset behind the head (INTERNAL_ERROR) for the end of the answer.
            "an_answer_that_breaks_off_is_not_passed_on_as_whole",
            // It loses a 100 that comes right behind the server's SETTINGS, now and then.
            "a_post_waits_for_100_continue",
            // It knows no extended CONNECT.
            "web_socket_messages_come_back",
        ],
        command: apache::command,
    },
    FrontEnd {
        name: "haproxy_http1",
        program: "haproxy",
        backend: Backend::Http1,
        alternate_schemes: false,
        lacks: &[],
        command: haproxy::command,
    },
    FrontEnd {
        name: "haproxy_http2",
        program: "haproxy",
        backend: Backend::Http2,
        alternate_schemes: true,
        lacks: &[
            // 2.6 ends the stream of a body that was broken off (END_STREAM), and resets it only then.
            "kestrel_sees_a_chunk_that_the_client_broke_off",
            // 2.6 sends chunks to such clients.
            "a_client_of_http_1_0_gets_no_chunks",
        ],
        command: haproxy::command,
    },
    FrontEnd {
        name: "nghttpx_http1",
        program: "nghttpx",
        backend: Backend::Http1,
        alternate_schemes: false,
        lacks: &[],
        command: nghttpx::command,
    },
    FrontEnd {
        name: "nghttpx_http2",
        program: "nghttpx",
        backend: Backend::Http2,
        alternate_schemes: false,
        lacks: &[],
        command: nghttpx::command,
    },
];

pub(crate) fn front_ends() -> impl Iterator<Item = FrontEnd> {
    ALL.into_iter()
}
