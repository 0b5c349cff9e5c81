//! Servers of several processes on one broker.

mod attaching;
mod flooding;
mod hostile;
mod processes;
mod raw;
mod responses;
mod sharing;
mod support;
mod users;
