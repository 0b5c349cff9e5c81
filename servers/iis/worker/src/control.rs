//! What the worker is told on its standard input, a line for each event that IIS brings about by itself.
//!
//! * `stop listening`: IIS takes no more requests for the worker (`OnGlobalStopListening`). Those that it has taken
//!   before still come, so that the front end goes on.
//! * `application stop ID`: the application with this path in the metabase has no request left
//!   (`OnGlobalApplicationStop`).
//!
//! Each line is repeated when the module has been told. The end of the input is the worker's: what has not
//! been told is told in the order of IIS. It comes with the end of whoever started the worker, too.

use std::io::{self, BufRead as _};

use crate::{front::Front, objects, settings};

/// Follows the input to its end, and brings the worker to its own. `wake` wakes the threads that accept.
pub(crate) fn follow(front: &Front, wake: impl FnOnce()) {
    let (mut is_listening, mut has_application) = (true, true);
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match line.split_once(" stop ") {
            None if line == "stop listening" => {
                objects().stop_listening();
                is_listening = false;
            }
            Some(("application", id)) => {
                objects().application_stop(id);
                has_application &= id != settings().application();
            }
            _ => {
                eprintln!("no event: {line}");
                continue;
            }
        }
        println!("{line}");
    }
    if is_listening {
        objects().stop_listening();
    }
    front.stop();
    wake();
    front.drained();
    if has_application {
        objects().application_stop(settings().application());
    }
    objects().terminate();
}
