//! Many requests that wait, and one that does not.

use std::time::{Duration, Instant};

use crate::{
    is_skipped,
    support::{Setup, built},
};

#[test]
fn a_thousand_requests_that_wait_leave_another_fast() {
    if is_skipped("a_thousand_requests_that_wait_leave_another_fast") {
        return;
    }
    let nginx = Setup::app(&built().contract).start();
    let median = || {
        let mut times: Vec<Duration> = (0..21)
            .map(|_| {
                let start = Instant::now();
                assert_eq!(nginx.get("/"), "Hello World!");
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        times[10]
    };
    let alone = median();
    let parked: Vec<_> = (0..1000)
        .map(|_| {
            let mut wire = nginx.connect();
            wire.send("GET /wait?ms=600000 HTTP/1.1\r\nHost: a\r\n\r\n");
            wire
        })
        .collect();
    let among = median();
    // The machine may be busy, and was before: what counts is that a thousand do not make it ten times slower.
    assert!(among < 10 * alone + Duration::from_millis(20), "{among:?}, and {alone:?} alone");
    drop(parked);
    nginx.wait_until(|nginx| nginx.get("/info").contains("\"aborted\":1000"));
}
