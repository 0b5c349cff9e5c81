//! The settings of the host that a command line may have: a word that is none of them is a mistake.

/// Those with a value.
const VALUES: [&str; 8] = [
    "urls",
    "http_ports",
    "https_ports",
    "environment",
    "contentRoot",
    "server",
    "shutdownTimeoutSeconds",
    "AllowedHosts",
];

/// Those that may be without one, which means `true`.
const SWITCHES: [&str; 3] = ["preferHostingUrls", "suppressStatusMessages", "ForwardedHeaders_Enabled"];

/// Those with names of several parts.
const SECTIONS: [&str; 2] = ["Kestrel:", "hostBuilder:"];

/// Whether a setting, as `--key`, `/key` or `key=value`, may be without a value.
pub(super) fn may_be_switch(word: &str) -> Result<bool, String> {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    let key = ["--", "/"].iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
    if VALUES.iter().any(|value| value.eq_ignore_ascii_case(key)) {
        return Ok(false);
    }
    let is_section = |section: &str| {
        key.get(..section.len()).is_some_and(|start| start.eq_ignore_ascii_case(section))
            && key.len() > section.len()
    };
    if SWITCHES.iter().any(|switch| switch.eq_ignore_ascii_case(key))
        || SECTIONS.iter().any(|section| is_section(section))
    {
        return Ok(true);
    }
    Err(format!("there is no option {name}"))
}
