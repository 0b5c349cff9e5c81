//! The module before a whole application: WebSockets, large bodies, HTTP/2 and HTTP/3 outside.
