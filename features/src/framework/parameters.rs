//! Names with values: the query, a form, route values.

/// Names with values, in order; a name may stand several times. Names are compared as ASCII without
/// regard to case, as ASP.NET Core does for queries, forms and route values.
///
/// ```
/// use falconry_features::Parameters;
///
/// let query = Parameters::parse("?tag=a&Tag=b%20c&flag");
/// assert_eq!(query.get("tag"), Some("a"));
/// assert_eq!(query.get_all("tag").collect::<Vec<_>>(), ["a", "b c"]);
/// assert_eq!(query.get("flag"), Some(""));
/// assert_eq!(query.get("other"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    entries: Vec<(String, String)>,
}

impl Parameters {
    /// No names.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Parses `name=value&...` with or without a `?` before it: `+` is a space, percent-encoded
    /// bytes are decoded as UTF-8, what is not UTF-8 becomes U+FFFD. Empty parts are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::parse_form(text.strip_prefix('?').unwrap_or(text))
    }

    /// As [`parse`](Self::parse), but a `?` at the beginning belongs to the first name.
    pub(super) fn parse_form(text: &str) -> Self {
        text.split('&').filter(|part| !part.is_empty()).map(parse_part).collect()
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All values of a name.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// True if the name stands there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a value.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.entries.push((name.into(), value.into()));
    }

    /// Sets the only value of a name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.remove(&name);
        self.append(name, value);
    }

    /// Removes all values of a name.
    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no name.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything, keeping the storage.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

fn parse_part(part: &str) -> (String, String) {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    (decode_form(name), decode_form(value))
}

fn decode_form(text: &str) -> String {
    percent_decode(text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }))
}

/// Decodes `%XX`; a percent sign without two hex digits stands for itself.
pub(super) fn percent_decode(bytes: impl Iterator<Item = u8>) -> String {
    let bytes: Vec<u8> = bytes.collect();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some((&byte, tail)) = rest.split_first() {
        match hex_pair(tail).filter(|_| byte == b'%') {
            Some(value) => {
                decoded.push(value);
                rest = &tail[2..];
            }
            None => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |index: usize| char::from(*bytes.get(index)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}
