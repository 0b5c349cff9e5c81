//! The module: starts an application's processes and forwards requests to them.
