//! The state of a module for people and programs: a page, JSON, metrics, text.

mod metrics;
mod page;
mod text;

pub use self::{page::StatusPage, text::status_text};
