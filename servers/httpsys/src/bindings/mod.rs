//! `httpapi.dll`: its functions, found by name, so that a program starts on systems that lack some of them, and tests
//! can put others in their place.

mod load;
mod table;
mod wine;

pub(crate) use self::{load::VERSION, table::HttpApi};
