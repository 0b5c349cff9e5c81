//! Replays `tests/data/h1_cases.json`, as far as it can be judged without a server.

use serde_json::Value;

use super::{inspect, run};

const CASES: &str = include_str!("../../../../../../tests/data/h1_cases.json");

fn cases() -> Vec<Value> {
    let corpus: Value = serde_json::from_str(CASES).unwrap();
    corpus["cases"].as_array().unwrap().clone()
}

/// The parts of a case; a character of the corpus is one octet.
fn parts(case: &Value) -> Vec<Vec<u8>> {
    let octets = |text: &Value| text.as_str().unwrap().chars().map(|c| c as u8).collect::<Vec<_>>();
    let part = |part: &Value| match part {
        Value::String(_) => octets(part),
        _ => {
            let repeat = part["repeat"].as_u64().unwrap_or(1) as usize;
            octets(&part["data"]).repeat(repeat)
        }
    };
    case["send"].as_array().unwrap().iter().map(part).collect()
}

fn matches_status(wanted: &Value, status: u16) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|wanted| matches_status(wanted, status)),
        Value::String(class) => class.starts_with(&(status / 100).to_string()),
        _ => wanted.as_u64() == Some(u64::from(status)),
    }
}

/// Whether an answer to a request that passed may have this status: then it is not only a refusal.
fn may_be_served(wanted: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(may_be_served),
        Value::String(class) => class == "2xx",
        _ => wanted
            .as_u64()
            .is_some_and(|status| status < 400 || matches!(status, 404 | 405 | 413 | 416 | 417)),
    }
}

fn judge(case: &Value) -> Result<(), String> {
    let parts = parts(case);
    let outcome = run(parts.iter().map(Vec::as_slice));
    let expect = match &case["expect"] {
        Value::Array(any) => any.clone(),
        one => vec![one.clone()],
    };
    let fits = |alternative: &Value| {
        let responses = alternative["responses"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (served, refused) = responses.split_at(outcome.complete.min(responses.len()));
        let end = alternative["end"].as_str().unwrap_or("any");
        if end == "waiting" {
            return outcome.complete == 0 && outcome.rejection.is_none();
        }
        let closes = outcome.rejection.is_some()
            || outcome.heads.last().is_some_and(|head| head.close)
            || case["half_close"] == true;
        served.len() == outcome.complete
            && served.iter().all(|response| may_be_served(&response["status"]))
            && !(end == "open" && closes)
            && match (outcome.rejection, refused) {
                // A refusal inside a body answers the request whose body it is.
                (Some(rejection), [last]) => matches_status(&last["status"], rejection.status().as_u16()),
                (Some(_), _) => false,
                // What is incomplete when the client is done is closed without an answer.
                (None, []) => outcome.complete > 0 || (end == "closed" && outcome.at_end.is_some()),
                (None, _) => false,
            }
    };
    match expect.iter().any(fits) {
        true => Ok(()),
        false => Err(format!("{}: {:?}, wanted {}", case["name"], outcome, case["expect"])),
    }
}

#[test]
fn every_case_of_the_corpus_is_judged_as_its_source_wants() {
    let wrong: Vec<_> = cases().iter().filter_map(|case| judge(case).err()).collect();
    assert!(wrong.is_empty(), "{} cases: {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_of_the_corpus_has_the_same_result_however_it_is_cut() {
    for case in cases() {
        let whole = parts(&case).concat();
        if whole.len() > 200_000 {
            assert_eq!(run(whole.chunks(997)), run([&whole[..]]), "{}", case["name"]);
        } else {
            inspect(&whole);
        }
    }
}
