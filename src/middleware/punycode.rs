//! Names of hosts with other letters than ASCII as they stand on the wire (RFC 3492, RFC 5891).

/// `name` in lower case, with its labels that are not ASCII as `xn--...`. `None` if a label is longer
/// than any name can be.
pub(super) fn to_ascii(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let labels: Option<Vec<String>> = name.split('.').map(label_to_ascii).collect();
    Some(labels?.join("."))
}

fn label_to_ascii(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    // The arithmetic below is safe for any label that DNS can carry.
    (label.chars().count() <= 63).then(|| format!("xn--{}", encode(label)))
}

/// Section 6.3 of RFC 3492.
fn encode(label: &str) -> String {
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32_of(out.len());
    let mut handled = basic;
    if basic > 0 {
        out.push('-');
    }
    let total = u32_of(label.chars().count());
    let (mut least, mut delta, mut bias) = (0x80, 0, 72);
    while handled < total {
        let rest = label.chars().map(u32::from).filter(|&code| code >= least);
        let Some(next) = rest.min() else { break };
        delta += (next - least) * (handled + 1);
        least = next;
        for code in label.chars().map(u32::from) {
            if code < least {
                delta += 1;
            }
            if code == least {
                push_number(&mut out, delta, bias);
                bias = adapted(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        least += 1;
    }
    out
}

/// A number in digits whose weights depend on `bias`, the least significant first.
fn push_number(out: &mut String, number: u32, bias: u32) {
    let mut rest = number;
    for position in (36..).step_by(36) {
        let threshold = (position - bias.min(position)).clamp(1, 26);
        if rest < threshold {
            break;
        }
        out.push(digit(threshold + (rest - threshold) % (36 - threshold)));
        rest = (rest - threshold) / (36 - threshold);
    }
    out.push(digit(rest));
}

/// `a` to `z`, then `0` to `9`.
fn digit(value: u32) -> char {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    char::from(DIGITS[value as usize % 36])
}

fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_is_on_the_wire() {
        for (name, expected) in [
            ("example.ORG", "example.org"),
            ("bücher.de", "xn--bcher-kva.de"),
            ("BÜCHER.de", "xn--bcher-kva.de"),
            ("*.例え.テスト", "*.xn--r8jz45g.xn--zckzah"),
            ("правда.рф", "xn--80aafi6cg.xn--p1ai"),
            ("", ""),
        ] {
            assert_eq!(to_ascii(name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn a_label_that_no_name_can_have_is_none() {
        assert_eq!(to_ascii(&"ü".repeat(64)), None);
    }
}
