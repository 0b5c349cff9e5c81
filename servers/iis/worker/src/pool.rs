//! Threads for the completions of operations: never those that began them.

use std::{
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    thread,
};

type Job = Box<dyn FnOnce() + Send>;

/// Idle threads, each with its own way in.
static IDLE: OnceLock<Mutex<Vec<mpsc::Sender<Job>>>> = OnceLock::new();

/// Runs `job` on another thread: an idle one, else a new one.
pub(crate) fn run(job: impl FnOnce() + Send + 'static) {
    let mut job: Job = Box::new(job);
    loop {
        let idle = idle().lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(idle) = idle else { break };
        match idle.send(job) {
            Ok(()) => return,
            Err(back) => job = back.0,
        }
    }
    thread::spawn(move || work(job));
}

fn work(first: Job) {
    let (sender, jobs) = mpsc::channel();
    let mut next = Ok(first);
    while let Ok(job) = next {
        job();
        idle().lock().unwrap_or_else(PoisonError::into_inner).push(sender.clone());
        next = jobs.recv();
    }
}

fn idle() -> &'static Mutex<Vec<mpsc::Sender<Job>>> {
    IDLE.get_or_init(Mutex::default)
}
