//! How the module stops with IIS: requests that IIS has taken are served, and a recycle loses none.

mod support;

use std::{
    io::Read as _,
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use self::support::{Setup, Worker, rest};

const STOP: &str = "stop listening";
const APPLICATION_STOP: &str = "application stop /LM/W3SVC/1/ROOT";

#[test]
fn the_stop_waits_for_the_request_under_way() {
    let Some(mut worker) = Worker::start("the_stop_waits_for_the_request_under_way") else { return };
    let under_way = begun(&worker, "GET /stream?count=20&size=10&delay_ms=20");
    worker.begin_stop();
    assert!(rest(under_way).ends_with("0\r\n\r\n"));
    worker.end();
}

#[test]
fn requests_are_served_from_the_stop_until_the_application_has_none_left() {
    let name = "requests_are_served_from_the_stop_until_the_application_has_none_left";
    let Some(mut worker) = Worker::start(name) else { return };
    let under_way = begun(&worker, "GET /stream?count=50&size=10&delay_ms=20");
    worker.tell(STOP);
    for _ in 0..10 {
        assert!(worker.ask("/").ends_with("Hello World!"));
    }
    // That of another application of the pool says nothing of this one.
    worker.tell("application stop /LM/W3SVC/1/ROOT/other");
    assert!(worker.ask("/").ends_with("Hello World!"));
    assert!(rest(under_way).ends_with("0\r\n\r\n"));
    worker.tell(APPLICATION_STOP);
    assert!(worker.ask("/").starts_with("HTTP/1.1 503"), "no requests are left, and one comes");
    worker.end();
}

#[test]
fn a_request_that_outlasts_the_limit_of_the_stop_is_aborted() {
    let setup = Setup::new("iis_contract").variable("FALCONRY_IIS_SHUTDOWN_TIME_LIMIT", "1");
    let Some(mut worker) = setup.start("a_request_that_outlasts_the_limit_of_the_stop_is_aborted") else {
        return;
    };
    let parked = [worker.send("GET /wait?ms=600000"), worker.send("GET /wait?ms=600000")];
    let begun = begun(&worker, "GET /stream?count=100000&size=10&delay_ms=20");
    worker.tell(STOP);
    assert_eq!(parked.map(rest), ["", ""]);
    assert!(!rest(begun).ends_with("0\r\n\r\n"), "it looks whole");
    assert!(worker.ask("/").starts_with("HTTP/1.1 503"), "the limit has passed");
    worker.end();
}

#[test]
fn an_application_that_stops_asks_for_another_worker_and_serves_until_that_is_there() {
    let name = "an_application_that_stops_asks_for_another_worker_and_serves_until_that_is_there";
    let Some(mut worker) = Setup::new("iis_probe").start(name) else { return };
    assert!(worker.ask("/stop").ends_with("stopping"));
    assert_eq!(worker.wait_for("asked for another worker: "), "the application stops");
    assert!(worker.ask("/here").ends_with("/here of "));
    worker.tell(STOP);
    assert!(worker.ask("/still").ends_with("/still of "));
    worker.end();
}

#[test]
fn an_application_that_stops_in_iis_express_answers_503_as_there_is_no_other_worker() {
    let name = "an_application_that_stops_in_iis_express_answers_503_as_there_is_no_other_worker";
    let Some(worker) = Setup::new("iis_probe").arguments(["--express"]).start(name) else { return };
    assert!(worker.ask("/stop").ends_with("stopping"));
    worker.wait_for("asked for another worker: ");
    assert!(worker.ask("/here").starts_with("HTTP/1.1 503"));
    worker.end();
}

/// As IIS does it when it has read another configuration.
#[test]
fn an_application_that_iis_stops_in_a_worker_that_goes_on_asks_for_another_and_serves() {
    let name = "an_application_that_iis_stops_in_a_worker_that_goes_on_asks_for_another_and_serves";
    let Some(mut worker) = Worker::start(name) else { return };
    assert!(worker.ask("/").ends_with("Hello World!"));
    let asked = |lines: Vec<String>| lines.iter().filter(|line| line.starts_with("asked for")).count();
    assert_eq!(asked(worker.tell("application stop /LM/W3SVC/2/ROOT")), 0, "another application of the pool");
    let told = worker.tell(APPLICATION_STOP);
    assert_eq!(told, ["asked for another worker: IIS has stopped the application"]);
    assert!(worker.ask("/").ends_with("Hello World!"));
    assert_eq!(asked(worker.tell(APPLICATION_STOP)), 0, "once is enough");
    worker.end();
}

#[test]
fn an_application_that_was_never_asked_does_not_hold_up_the_stop() {
    let name = "an_application_that_was_never_asked_does_not_hold_up_the_stop";
    let Some(mut worker) = Worker::start(name) else { return };
    worker.tell(APPLICATION_STOP);
    worker.end();
}

/// Workers in turn, as IIS recycles them: the next takes all requests from the queue; then the first is told, which
/// gets those that were taken for it before.
#[test]
fn a_recycle_under_load_loses_no_request() {
    let Some(first) = Worker::start("a_recycle_under_load_loses_no_request") else { return };
    let queue = Queue::new(&first);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn({
                    let queue = &queue;
                    move || queue.client(number)
                })
            })
            .collect();
        // Also when something below fails: the clients would go on for ever.
        let over = Over(&queue.is_over);
        let mut current = first;
        for _ in 0..3 {
            queue.wait_for_answers(200);
            let next = Worker::start("a_recycle_under_load_loses_no_request").expect("as before");
            let mut previous = std::mem::replace(&mut current, next);
            let left = queue.switch(&current);
            previous.tell(STOP);
            left.wait();
            previous.tell(APPLICATION_STOP);
            previous.end();
        }
        queue.wait_for_answers(200);
        drop(over);
        let answered: usize = clients.into_iter().map(|client| client.join().expect("it lost nothing")).sum();
        assert_eq!(answered, queue.answered.load(Ordering::SeqCst));
        assert!(answered >= 800, "{answered}");
        current.end();
    });
}

/// Where requests go.
struct Queue {
    worker: Mutex<Arc<Target>>,
    answered: AtomicUsize,
    is_over: AtomicBool,
}

/// A worker, and how many requests have been taken for it: as many as there are shares of this.
struct Target {
    authority: String,
}

/// Says so when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What is left for a worker.
struct Left(Arc<Target>);

impl Queue {
    fn new(worker: &Worker) -> Self {
        Self {
            worker: Mutex::new(Arc::new(Target { authority: worker.authority().to_owned() })),
            answered: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    /// From now on requests go to `worker`; gives what is left for the one before.
    fn switch(&self, worker: &Worker) -> Left {
        let next = Arc::new(Target { authority: worker.authority().to_owned() });
        Left(std::mem::replace(&mut *self.worker.lock().unwrap(), next))
    }

    /// Asks until it is over; gives the number of answers.
    fn client(&self, number: usize) -> usize {
        let mut answered = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            let target = Arc::clone(&self.worker.lock().unwrap());
            // Some are slow, so that they are under way when the worker changes.
            let line = if number.is_multiple_of(2) { "/wait?ms=20" } else { "/" };
            let answer = ask(&target.authority, line);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
            answered += 1;
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
        answered
    }

    fn wait_for_answers(&self, count: usize) {
        let goal = self.answered.load(Ordering::SeqCst) + count;
        support::until("enough answers have come", || self.answered.load(Ordering::SeqCst) >= goal);
    }
}

impl Left {
    fn wait(self) {
        support::until("nothing is left", || Arc::strong_count(&self.0) == 1);
    }
}

fn ask(authority: &str, target: &str) -> String {
    let mut stream = support::connect(authority);
    support::request(&mut stream, &format!("GET {target}"));
    rest(stream)
}

/// Sends a request, and waits until its response has begun.
fn begun(worker: &Worker, line: &str) -> TcpStream {
    let mut stream = worker.send(line);
    assert_ne!(stream.read(&mut [0; 100]).unwrap(), 0);
    stream
}
