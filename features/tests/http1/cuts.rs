//! What is read does not depend on how it was cut, and nothing panics.

use std::iter::once;

use crate::outcome::{LIMITS, Outcome, read};

const SEEDS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET http://a.b:80/x?y HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "POST /a%20b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\\\"\"\r\nhello\r\n0\r\nx: y\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: upgrade, close\r\nUpgrade: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\nX: \t y \t\r\n\r\nz",
];

/// Checks every cut into two, and the cut into single octets.
fn check(input: &[u8]) -> Outcome {
    let whole = read(LIMITS, once(input));
    assert_eq!(read(LIMITS, input.chunks(1)), whole, "{:?}", String::from_utf8_lossy(input));
    for at in 0..input.len() {
        let (start, end) = input.split_at(at);
        assert_eq!(
            read(LIMITS, [start, end].into_iter()),
            whole,
            "{at} {:?}",
            String::from_utf8_lossy(input)
        );
    }
    whole
}

#[test]
fn a_cut_anywhere_changes_nothing() {
    for seed in SEEDS {
        let outcome = check(seed.as_bytes());
        assert_eq!((outcome.refusal, outcome.at_end), (None, None), "{seed}");
    }
}

#[test]
fn a_cut_anywhere_changes_nothing_where_limits_are_reached() {
    let long = "x".repeat(200);
    for (input, status) in [
        (format!("GET /{long} HTTP/1.1\r\n"), 414),
        (format!("{long} / HTTP/1.1\r\n"), 501),
        ("\r\n".repeat(65), 400),
        (format!("GET / HTTP/1.1\r\na: {long}\r\nb: {long}\r\nc: {long}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\n{}", "a: b\r\n".repeat(11)), 431),
        (format!("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1;{long}\r\n"), 400),
    ] {
        let outcome = check(input.as_bytes());
        assert_eq!(outcome.refusal.map(|(status, _)| status), Some(status), "{input}");
    }
}

#[test]
fn mutated_requests_are_read_alike_in_every_cut_and_never_panic() {
    const ODD: &[u8] = b"\r\n\0 \t:;,=\"\\0123456789abcdef/?#%*[]@\x7f\x80\xff\x0b\x0c";
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut refused, mut served) = (0, 0);
    for round in 0..6000 {
        let mut input = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let at = random.below(input.len());
            let odd = ODD[random.below(ODD.len())];
            match random.below(5) {
                0 => input[at] = odd,
                1 => input.insert(at, odd),
                2 if input.len() > 1 => drop(input.remove(at)),
                3 => input.truncate(at + 1),
                _ => input.extend_from_within(at..),
            }
        }
        let whole = read(LIMITS, once(&input[..]));
        assert_eq!(read(LIMITS, input.chunks(1)), whole, "{:?}", String::from_utf8_lossy(&input));
        let (start, end) = input.split_at(random.below(input.len()));
        assert_eq!(read(LIMITS, [start, end].into_iter()), whole, "{:?}", String::from_utf8_lossy(&input));
        refused += usize::from(whole.refusal.is_some());
        served += whole.requests.len();
    }
    assert!(refused > 1000 && served > 1000, "{refused} refused, {served} served");
}

/// xorshift64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
