//! Hosts: what is one, and which are allowed.

use std::net::Ipv6Addr;

use super::punycode;

/// Patterns for hosts: `example.org`, `*.example.org` for what is under it, and `*` for all.
#[derive(Clone, Debug)]
pub(super) struct HostPatterns {
    allows_all: bool,
    /// In lower case and as on the wire.
    exact: Vec<String>,
    /// What follows the `*`, with its dot.
    suffixes: Vec<String>,
}

impl HostPatterns {
    /// Patterns from their texts. `[::]` and `0.0.0.0` are names for all hosts, as in addresses to
    /// listen on. A pattern with a port or with letters that no host has never matches.
    pub(super) fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Self {
        let mut all = Self { allows_all: false, exact: Vec::new(), suffixes: Vec::new() };
        for pattern in patterns {
            let pattern = pattern.as_ref();
            if matches!(pattern, "*" | "[::]" | "0.0.0.0") {
                all.allows_all = true;
            }
            let Some(pattern) = punycode::to_ascii(pattern) else { continue };
            match pattern.strip_prefix('*').filter(|suffix| suffix.starts_with('.')) {
                Some(suffix) => all.suffixes.push(suffix.to_owned()),
                None => all.exact.push(pattern),
            }
        }
        all
    }

    pub(super) fn allows_all(&self) -> bool {
        self.allows_all
    }

    /// True if one pattern is this host, whose port does not matter.
    pub(super) fn allow(&self, host: &str) -> bool {
        if self.allows_all {
            return true;
        }
        let Some((name, _)) = split_port(host) else { return false };
        self.exact.iter().any(|exact| exact.eq_ignore_ascii_case(name))
            || self.suffixes.iter().any(|suffix| is_under(name, suffix))
    }
}

/// Whether `value` is a host as the `Host` field may have it, with or without a port.
///
/// As narrow as Kestrel is: a name of letters, digits and `!$&'()-._~`, or an IPv6 address in
/// brackets; a port has digits and is no more than 65535.
pub(super) fn is_host(value: &str) -> bool {
    split_port(value).is_some()
}

/// Host and port; `None` if it is no host.
fn split_port(value: &str) -> Option<(&str, Option<u16>)> {
    let end = if value.starts_with('[') {
        let end = value.find(']')?;
        value.get(1..end)?.parse::<Ipv6Addr>().ok()?;
        end + 1
    } else {
        value.find(|letter| !is_host_character(letter)).unwrap_or(value.len())
    };
    let (name, port) = value.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    if port.is_empty() {
        return Some((name, None));
    }
    let digits = port.strip_prefix(':')?;
    let are_digits = digits.len() <= 5 && digits.bytes().all(|digit| digit.is_ascii_digit());
    Some((name, Some(are_digits.then(|| digits.parse().ok())??)))
}

fn is_host_character(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!$&'()-._~".contains(letter)
}

fn is_under(name: &str, suffix: &str) -> bool {
    let start = name.len().checked_sub(suffix.len()).filter(|start| *start > 0);
    let end = start.and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_is_refused() {
        for host in ["a.example", "a.example:80", "[::1]", "[::1]:65535", "127.0.0.1", "a..b", "a_b"] {
            assert!(is_host(host), "{host}");
        }
        let bad = [
            "", ":80", "a:", "a:x", "a:+1", "a:65536", "a b", "a/b", "u@a", "ü", "%41", "[abc]", "[::1",
            "::1",
        ];
        for host in bad {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn a_wildcard_is_for_what_is_under_the_name_only() {
        let patterns = HostPatterns::new(["*.example.org"]);
        assert!(patterns.allow("a.example.org") && patterns.allow("A.B.EXAMPLE.ORG:80"));
        assert!(!patterns.allow("example.org") && !patterns.allow(".example.org"));
        assert!(!patterns.allow("aexample.org") && !patterns.allow("a.example.org.evil"));
    }
}
