//! From what the driver received to what the application sees.

mod path;
mod validate;

pub(crate) use self::{
    path::{decode_target, split_path_base},
    validate::{ConnectionOptions, MAX_FIELDS, has_connection_option, latin1_to_utf8},
};
