//! What a program writes to standard error, as it comes.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use crate::client::FOREVER;

/// The lines so far. They come through a pipe, so an answer may be here before the line about it.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    text: String,
    ended: bool,
}

impl Log {
    pub(crate) fn of(errors: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let sink = log.clone();
        thread::spawn(move || {
            let mut errors = BufReader::new(errors);
            let mut line = String::new();
            while errors.read_line(&mut line).is_ok_and(|count| count > 0) {
                sink.change(|state| state.text.push_str(&line));
                line.clear();
            }
            sink.change(|state| state.ended = true);
        });
        log
    }

    pub(crate) fn so_far(&self) -> String {
        self.0.0.lock().unwrap().text.clone()
    }

    /// The log, once it tells this.
    #[allow(dead_code, reason = "what other tests than those of processes need")]
    #[track_caller]
    pub(crate) fn until(&self, wanted: &str) -> String {
        self.when(|state| state.ended || state.text.contains(wanted), wanted)
    }

    /// All of it, once the program has ended.
    #[track_caller]
    pub(crate) fn whole(&self) -> String {
        self.when(|state| state.ended, "the end")
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    #[track_caller]
    fn when(&self, is_wanted: impl Fn(&State) -> bool, wanted: &str) -> String {
        let (state, changed) = &*self.0;
        let (state, outcome) =
            changed.wait_timeout_while(state.lock().unwrap(), FOREVER, |state| !is_wanted(state)).unwrap();
        assert!(!outcome.timed_out(), "{wanted} is not in the log: {}", state.text);
        state.text.clone()
    }
}
