//! How many requests, how fast: counters for all time, and a history of the last minutes.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use http::StatusCode;

/// How many seconds are kept.
const SECONDS: usize = 120;

/// Upper ends of the classes of latency, in microseconds: four to a doubling, from 64 µs to over two minutes.
const CLASSES: usize = 84;

/// Counts requests. What a request costs here is a handful of uncontended additions.
#[derive(Debug)]
pub(super) struct Measures {
    began: AtomicU64,
    in_flight: AtomicUsize,
    /// By the first digit of the status; 0 are those without one.
    ended: [AtomicU64; 6],
    latencies: [AtomicU64; CLASSES],
    /// All latencies together, in microseconds.
    latency_sum: AtomicU64,
    history: Mutex<History>,
}

#[derive(Debug)]
struct History {
    samples: VecDeque<Sample>,
    ended: [u64; 6],
    latencies: [u64; CLASSES],
}

/// One second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// Requests that ended.
    pub(super) requests: u64,
    /// Of them those with a status of 500 or more, or none.
    pub(super) failures: u64,
    /// Requests under way at its end.
    pub(super) in_flight: usize,
    /// Half of the requests took this long at most, in milliseconds.
    pub(super) p50: f64,
    /// 99 of 100 requests took this long at most, in milliseconds.
    pub(super) p99: f64,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            began: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            ended: [const { AtomicU64::new(0) }; 6],
            latencies: [const { AtomicU64::new(0) }; CLASSES],
            latency_sum: AtomicU64::new(0),
            history: Mutex::new(History {
                samples: VecDeque::with_capacity(SECONDS),
                ended: [0; 6],
                latencies: [0; CLASSES],
            }),
        }
    }
}

impl Measures {
    /// Counts a request that begins.
    pub(super) fn begin(&self) -> Measured<'_> {
        self.began.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Measured { measures: self, start: Instant::now(), status: None }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn began(&self) -> u64 {
        self.began.load(Ordering::Relaxed)
    }

    /// Requests that ended, by the first digit of the status.
    pub(super) fn ended(&self) -> [u64; 6] {
        self.ended.each_ref().map(|counter| counter.load(Ordering::Relaxed))
    }

    /// All latencies together, in microseconds.
    pub(super) fn latency_sum(&self) -> u64 {
        self.latency_sum.load(Ordering::Relaxed)
    }

    /// Ends a second.
    pub(super) fn tick(&self, in_flight: usize) {
        let (ended, latencies) =
            (self.ended(), self.latencies.each_ref().map(|class| class.load(Ordering::Relaxed)));
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = ended.iter().zip(history.ended).map(|(now, before)| now - before).collect();
        let classes: Vec<_> =
            latencies.iter().zip(history.latencies).map(|(now, before)| now - before).collect();
        let sample = Sample {
            requests: new.iter().sum(),
            failures: new.first().copied().unwrap_or_default() + new.get(5).copied().unwrap_or_default(),
            in_flight,
            p50: quantile(&classes, 0.5),
            p99: quantile(&classes, 0.99),
        };
        (history.ended, history.latencies) = (ended, latencies);
        if history.samples.len() == SECONDS {
            history.samples.pop_front();
        }
        history.samples.push_back(sample);
    }

    /// The last minutes, the oldest second first.
    pub(super) fn history(&self) -> Vec<Sample> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).samples.iter().copied().collect()
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    measures: &'a Measures,
    start: Instant,
    status: Option<StatusCode>,
}

impl Measured<'_> {
    /// Notes the status that the client got.
    pub(super) fn end(&mut self, status: Option<StatusCode>) {
        self.status = status;
    }
}

impl Drop for Measured<'_> {
    /// Also when the client left.
    fn drop(&mut self) {
        let Self { measures, start, status } = self;
        measures.in_flight.fetch_sub(1, Ordering::Relaxed);
        let class = status.map_or(0, |status| usize::from(status.as_u16() / 100));
        if let Some(counter) = measures.ended.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        // Of an upgraded connection its life is no latency.
        if *status != Some(StatusCode::SWITCHING_PROTOCOLS) {
            let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            measures.latency_sum.fetch_add(micros, Ordering::Relaxed);
            if let Some(counter) = measures.latencies.get(class_of(micros)) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The class of a latency: the position of the highest bit, and the two bits below it.
fn class_of(micros: u64) -> usize {
    let micros = micros.max(64);
    let octave = micros.ilog2() - 6;
    let quarter = (micros >> (octave + 4)) & 3;
    (octave as usize * 4 + quarter as usize).min(CLASSES - 1)
}

/// The upper end of a class, in milliseconds.
fn upper_end(class: usize) -> f64 {
    let (octave, quarter) = (class / 4, class % 4);
    64.0 * 2_f64.powi(i32::try_from(octave).unwrap_or(i32::MAX)) * (1.0 + (quarter as f64 + 1.0) / 4.0)
        / 1000.0
}

fn quantile(classes: &[u64], part: f64) -> f64 {
    let all: u64 = classes.iter().sum();
    if all == 0 {
        return 0.0;
    }
    let wanted = (all as f64 * part).ceil() as u64;
    let mut seen = 0;
    let found = classes.iter().position(|count| {
        seen += count;
        seen >= wanted
    });
    found.map_or(0.0, upper_end)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{CLASSES, Measures, class_of, quantile, upper_end};

    #[test]
    fn a_latency_lies_in_its_class() {
        for micros in [0, 64, 79, 80, 100, 1000, 12_345, 1_000_000, 100_000_000] {
            let class = class_of(micros);
            let low = if class == 0 { 0.0 } else { upper_end(class - 1) };
            let milliseconds = micros as f64 / 1000.0;
            assert!(
                low <= milliseconds && milliseconds < upper_end(class),
                "{micros}: {low}, {}",
                upper_end(class)
            );
        }
        assert_eq!(class_of(u64::MAX), CLASSES - 1);
    }

    #[test]
    fn a_quantile_is_the_end_of_the_class_that_reaches_it() {
        let mut classes = [0; CLASSES];
        assert_eq!(quantile(&classes, 0.5), 0.0);
        classes[3] = 98;
        classes[10] = 2;
        assert_eq!(quantile(&classes, 0.5), upper_end(3));
        assert_eq!(quantile(&classes, 0.99), upper_end(10));
    }

    #[test]
    fn a_second_has_what_ended_in_it() {
        let measures = Measures::default();
        let waiting = measures.begin();
        measures.begin().end(Some(StatusCode::OK));
        measures.begin().end(Some(StatusCode::BAD_GATEWAY));
        measures.tick(measures.in_flight());
        drop(waiting);
        measures.tick(measures.in_flight());
        let seconds: Vec<_> = measures
            .history()
            .iter()
            .map(|second| (second.requests, second.failures, second.in_flight))
            .collect();
        assert_eq!(seconds, [(2, 1, 1), (1, 1, 0)]);
        assert_eq!((measures.began(), measures.in_flight()), (3, 0));
    }
}
