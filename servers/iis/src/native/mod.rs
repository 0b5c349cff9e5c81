//! The native objects of a request, as far as the module calls them. All calls of IIS are here.

mod application;
mod context;
mod response;
mod server;

pub(crate) use self::{
    application::stopped_application_id,
    context::{Call, Context},
    response::Response,
    server::NativeServer,
};
