//! A native IIS module: the application lives in the worker process.
#![allow(dead_code)]

mod abi;
mod native;
