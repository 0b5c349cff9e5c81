//! Adds up what test harnesses print.

/// The sums over all harnesses so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    ignored: Vec<String>,
    /// A harness has begun and not said yet how it ended.
    is_running: bool,
}

impl Tally {
    /// Takes one line of output, of libtest or of libtest-mimic.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
            self.is_running = false;
        } else if is_start(line) {
            self.close();
            self.is_running = true;
        } else if let Some((test, reason)) =
            line.strip_prefix("test ").and_then(|line| line.split_once("... ignored"))
        {
            self.ignored.push(format!("{}{}", test.trim(), reason.replacen(", ", ": ", 1)));
        }
    }

    /// The output is over. A failure that no harness told of is one too: a build that failed, a harness that crashed.
    pub(crate) fn end(&mut self, is_success: bool) {
        self.close();
        if !is_success && self.failed == 0 {
            self.failed = 1;
        }
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    pub(crate) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_running) {
            self.failed += 1;
        }
    }
}

/// `running 12 tests`
fn is_start(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next() == Some("running")
        && words.next().is_some_and(|count| count.parse::<usize>().is_ok())
        && matches!(words.next(), Some("test" | "tests"))
        && words.next().is_none()
}

/// The number before `what` in `ok. 3 passed; 1 failed; 0 ignored; ...`.
fn count(counts: &str, what: &str) -> usize {
    let part = counts.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what));
    part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(output: &str, is_success: bool) -> (usize, usize, Vec<String>) {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.line(line));
        tally.end(is_success);
        (tally.passed, tally.failed, tally.ignored)
    }

    #[test]
    fn results_of_all_harnesses_are_added_up() {
        let output = "running 2 tests\n\
            test a ... ok\n\
            test b ... ignored, needs root\n\n\
            test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            running 30 tests\n\
            test result: FAILED. 27 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s\n";
        assert_eq!(tally(output, false), (28, 3, vec!["b: needs root".to_owned()]));
    }

    #[test]
    fn a_harness_that_ends_without_a_result_is_a_failure() {
        let output = "running 2 tests\n\
            running 1 test\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(tally(output, false), (1, 1, vec![]));
        assert_eq!(tally("running 1 test\n", false), (0, 1, vec![]));
    }

    #[test]
    fn a_build_that_fails_is_a_failure() {
        assert_eq!(tally("", false), (0, 1, vec![]));
    }

    #[test]
    fn what_tests_print_is_not_counted() {
        assert_eq!(tally("running 5 tests in a row\ntest b was ignored\nrunning\n", true), (0, 0, vec![]));
    }
}
