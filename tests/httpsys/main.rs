//! The HTTP.sys server on the portable driver, over real sockets.
