//! An nginx module: the application lives in the worker process.
