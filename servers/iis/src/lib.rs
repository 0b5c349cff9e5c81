//! A native IIS module: the application lives in the worker process.
