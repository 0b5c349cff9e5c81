//! Medians over the rounds, and the ratio to raw hyper.

use std::{collections::BTreeMap, fmt};

use super::PEERS;

const NGINX: &str = "nginx";

/// One peer in one scenario of one round.
#[derive(Clone, Debug)]
pub(super) struct Measurement {
    pub(super) round: u64,
    pub(super) scenario: &'static str,
    pub(super) peer: &'static str,
    pub(super) requests_per_second: f64,
    pub(super) cpu_us_per_request: f64,
}

/// All measurements. As text it is a table for each scenario.
#[derive(Debug)]
pub(super) struct Report {
    seconds: u64,
    /// Those of each scenario, in words.
    connections: BTreeMap<&'static str, String>,
    measurements: Vec<Measurement>,
}

impl Report {
    pub(super) fn new(seconds: u64) -> Self {
        Self { seconds, connections: BTreeMap::new(), measurements: Vec::new() }
    }

    pub(super) fn tell_connections(&mut self, scenario: &'static str, connections: String) {
        self.connections.insert(scenario, connections);
    }

    pub(super) fn add(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    /// Every measurement, one a line.
    pub(super) fn json(&self) -> String {
        let rows = self.measurements.iter().map(|one| {
            format!(
                "{{\"round\": {}, \"scenario\": \"{}\", \"peer\": \"{}\", \"requests_per_second\": {:.1}, \
                 \"cpu_us_per_request\": {:.4}}}",
                one.round, one.scenario, one.peer, one.requests_per_second, one.cpu_us_per_request
            )
        });
        format!("[\n{}\n]\n", rows.collect::<Vec<_>>().join(",\n"))
    }

    fn of<'a>(&'a self, scenario: &'a str, peer: &'a str) -> impl Iterator<Item = &'a Measurement> {
        self.measurements.iter().filter(move |one| one.scenario == scenario && one.peer == peer)
    }

    /// The processor time of `peer` in each round as a multiple of that of `base` in the same round.
    fn ratios(&self, scenario: &str, peer: &str, base: &str) -> Vec<f64> {
        let base: BTreeMap<u64, f64> =
            self.of(scenario, base).map(|one| (one.round, one.cpu_us_per_request)).collect();
        self.of(scenario, peer)
            .filter_map(|one| base.get(&one.round).map(|base| one.cpu_us_per_request / base))
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first_round = self.measurements.iter().filter(|one| one.round == 1 && one.peer == PEERS[0]);
        let scenarios: Vec<_> = first_round.map(|one| one.scenario).collect();
        for scenario in scenarios {
            let rounds = self.of(scenario, PEERS[0]).count();
            let connections = self.connections.get(scenario).map_or("", String::as_str);
            writeln!(f, "\n{scenario}: {connections}, {} s, median of {rounds} rounds", self.seconds)?;
            // Where it took part it is a second yardstick.
            let has_nginx = self.of(scenario, NGINX).next().is_some();
            writeln!(
                f,
                "{:<10}{:>12}{:>15}{:>13}{:>17}{}",
                "",
                "requests/s",
                "CPU us/request",
                "x raw hyper",
                "lowest-highest",
                if has_nginx { "      x nginx   lowest-highest" } else { "" }
            )?;
            for peer in PEERS {
                let of =
                    |value: fn(&Measurement) -> f64| self.of(scenario, peer).map(value).collect::<Vec<_>>();
                let Some(to_hyper) = ratio(self.ratios(scenario, peer, PEERS[0])) else { continue };
                let to_nginx = ratio(self.ratios(scenario, peer, NGINX)).unwrap_or_default();
                writeln!(
                    f,
                    "{peer:<10}{:>12.0}{:>15.2}{to_hyper}{to_nginx}",
                    median(&mut of(|one| one.requests_per_second)).unwrap_or_default(),
                    median(&mut of(|one| one.cpu_us_per_request)).unwrap_or_default(),
                )?;
            }
        }
        Ok(())
    }
}

/// The median with the range, as two columns.
fn ratio(mut ratios: Vec<f64>) -> Option<String> {
    let median = median(&mut ratios)?;
    let range = format!("{:.3}-{:.3}", ratios.first()?, ratios.last()?);
    Some(format!("{median:>13.3}{range:>17}"))
}

/// Sorts the values; the mean of the middle two if their number is even.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len().is_multiple_of(2) { (values[middle - 1] + upper) / 2.0 } else { upper })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new(4);
        for scenario in ["keep-alive", "upload"] {
            report.tell_connections(scenario, "32 connections".to_owned());
        }
        // The machine is twice as slow in the second round; the ratios are not.
        for (round, slowness) in [(1, 1.0), (2, 2.0), (3, 1.0)] {
            for (scenario, cost) in [("keep-alive", 10.0), ("upload", 500.0)] {
                for (peer, factor) in [("hyper", 1.0), ("kestrel", 1.04)] {
                    let cpu_us_per_request = cost * slowness * factor;
                    let requests_per_second = 1e6 / cpu_us_per_request;
                    report.add(Measurement {
                        round,
                        scenario,
                        peer,
                        requests_per_second,
                        cpu_us_per_request,
                    });
                }
            }
        }
        report
    }

    #[test]
    fn each_scenario_has_a_table() {
        assert_eq!(
            report().to_string(),
            "\nkeep-alive: 32 connections, 4 s, median of 3 rounds\n\
             \x20           requests/s CPU us/request  x raw hyper   lowest-highest\n\
             hyper           100000          10.00        1.000      1.000-1.000\n\
             kestrel          96154          10.40        1.040      1.040-1.040\n\
             \nupload: 32 connections, 4 s, median of 3 rounds\n\
             \x20           requests/s CPU us/request  x raw hyper   lowest-highest\n\
             hyper             2000         500.00        1.000      1.000-1.000\n\
             kestrel           1923         520.00        1.040      1.040-1.040\n"
        );
    }

    #[test]
    fn where_nginx_took_part_it_is_a_yardstick_too() {
        let mut report = Report::new(4);
        report.tell_connections("h2", "8 connections x 32 streams".to_owned());
        for (peer, cpu_us_per_request) in [("hyper", 5.0), ("kestrel", 6.0), ("nginx", 4.0)] {
            let requests_per_second = 1e6 / cpu_us_per_request;
            report.add(Measurement {
                round: 1,
                scenario: "h2",
                peer,
                requests_per_second,
                cpu_us_per_request,
            });
        }
        assert_eq!(
            report.to_string(),
            "\nh2: 8 connections x 32 streams, 4 s, median of 1 rounds\n\
             \x20           requests/s CPU us/request  x raw hyper   lowest-highest      x nginx   lowest-highest\n\
             hyper           200000           5.00        1.000      1.000-1.000        1.250      1.250-1.250\n\
             kestrel         166667           6.00        1.200      1.200-1.200        1.500      1.500-1.500\n\
             nginx           250000           4.00        0.800      0.800-0.800        1.000      1.000-1.000\n"
        );
    }

    #[test]
    fn json_has_a_row_for_each_measurement() {
        let json = report().json();
        assert_eq!(json.lines().count(), 14);
        assert!(json.contains(
            "\"peer\": \"kestrel\", \"requests_per_second\": 96153.8, \"cpu_us_per_request\": 10.4000}"
        ));
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_two() {
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
    }
}
