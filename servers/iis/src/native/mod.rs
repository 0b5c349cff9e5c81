//! The native objects of a request, as far as the module calls them. All calls of IIS are here.

mod context;
mod response;
mod server;

pub(crate) use self::{
    context::{Call, Context},
    response::Response,
    server::NativeServer,
};
