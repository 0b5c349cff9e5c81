//! `%NAME%` in configuration: environment variables, as Windows writes them.

use std::{borrow::Cow, env};

/// What the process is told, not what the module has: replaced when it starts.
const OF_PROCESS: [&str; 2] = ["ASPNETCORE_PORT", "PORT"];

/// Replaces `%NAME%` by the module's environment variable; what names none stays.
pub(super) fn expand(text: &str) -> String {
    let is_of_module = |name: &&str| !OF_PROCESS.iter().any(|other| other.eq_ignore_ascii_case(name));
    expand_with(text, |name| {
        Some(name)
            .filter(is_of_module)
            .and_then(env::var_os)
            .map(|value| value.to_string_lossy().into_owned())
    })
}

fn expand_with(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        let found = after.split_once('%').and_then(|(name, after)| {
            let is_name = !name.is_empty() && !name.contains(['=', '\0']);
            let value = is_name.then(|| variable(name)).flatten()?;
            Some((Cow::Owned::<str>(value), after))
        });
        let (value, after) = found.unwrap_or((Cow::Borrowed("%"), after));
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use super::expand_with;

    #[test]
    fn variables_are_replaced_and_what_names_none_stays() {
        let variable = |name: &str| (name == "HOME").then(|| "/home/a%b".to_owned());
        for (text, expected) in [
            ("%HOME%/x", "/home/a%b/x"),
            ("%OTHER%/%HOME%", "%OTHER%//home/a%b"),
            ("100 %", "100 %"),
            ("%%HOME%%", "%/home/a%b%"),
            ("", ""),
        ] {
            assert_eq!(expand_with(text, variable), expected, "{text}");
        }
    }
}
