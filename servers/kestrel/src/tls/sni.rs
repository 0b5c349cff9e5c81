//! What holds for the names that clients ask for.

use falconry_features::FeatureError;

use super::{ClientCertificateMode, ServerCertificate, TlsVersions};
use crate::HttpProtocols;

/// What holds for clients that ask for a certain name. What is not set is as the endpoint has it.
///
/// ```
/// # use falconry_kestrel::{ClientCertificateMode, SniOptions};
/// let mut admin = SniOptions::default();
/// admin.client_certificate_mode = Some(ClientCertificateMode::Require);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SniOptions {
    /// The certificate for this name. Default: the endpoint's.
    pub certificate: Option<ServerCertificate>,

    /// The HTTP versions spoken with these clients. Default: the endpoint's.
    pub protocols: Option<HttpProtocols>,

    /// The versions of TLS spoken with these clients. Default: the endpoint's.
    pub versions: Option<TlsVersions>,

    /// Whether these clients are asked for a certificate. Default: as the endpoint has it.
    pub client_certificate_mode: Option<ClientCertificateMode>,
}

/// From names and patterns to what holds for them.
#[derive(Clone, Debug)]
pub(super) struct SniTable<T> {
    /// In the order in which they are tried: names, longer patterns before shorter ones, `*` at the end.
    entries: Vec<(Pattern, T)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exact(String),
    /// Everything that ends with this, which begins with a dot.
    Below(String),
    Any,
}

impl<T> SniTable<T> {
    pub(super) fn insert(&mut self, name: &str, value: T) -> Result<(), FeatureError> {
        let pattern = Pattern::parse(name)?;
        if self.entries.iter().any(|(other, _)| *other == pattern) {
            return Err(FeatureError::invalid_argument(format!(
                "the name '{}' is there already: give each name once",
                name.escape_debug()
            )));
        }
        let place = self.entries.partition_point(|(other, _)| other.rank() >= pattern.rank());
        self.entries.insert(place, (pattern, value));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// What holds for a client that asks for `name`.
    pub(super) fn find(&self, name: Option<&str>) -> Option<&T> {
        let name = name.unwrap_or_default();
        self.entries.iter().find(|(pattern, _)| pattern.fits(name)).map(|(_, value)| value)
    }

    /// The same table with other values.
    pub(super) fn try_map<U, E>(&self, mut map: impl FnMut(&T) -> Result<U, E>) -> Result<SniTable<U>, E> {
        let entries = self
            .entries
            .iter()
            .map(|(pattern, value)| Ok((pattern.clone(), map(value)?)))
            .collect::<Result<_, E>>()?;
        Ok(SniTable { entries })
    }
}

impl<T> Default for SniTable<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl Pattern {
    fn parse(name: &str) -> Result<Self, FeatureError> {
        let below = name.strip_prefix('*');
        match below {
            Some("") => return Ok(Self::Any),
            Some(suffix) if suffix.len() > 1 && suffix.starts_with('.') && !suffix.contains('*') => {
                return Ok(Self::Below(suffix.to_ascii_lowercase()));
            }
            None if !name.is_empty() && !name.contains('*') => {
                return Ok(Self::Exact(name.to_ascii_lowercase()));
            }
            _ => {}
        }
        Err(FeatureError::invalid_argument(format!(
            "'{}' is no name of a host: write 'www.example.org', '*.example.org' or '*'",
            name.escape_debug()
        )))
    }

    /// The higher, the earlier it is tried.
    fn rank(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Below(suffix) => suffix.len(),
            Self::Any => 0,
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => name.eq_ignore_ascii_case(exact),
            Self::Below(suffix) => name
                .len()
                .checked_sub(suffix.len())
                .filter(|start| *start > 0)
                .and_then(|start| name.get(start..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix)),
            Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&'static str]) -> SniTable<&'static str> {
        let mut table = SniTable::default();
        names.iter().for_each(|name| table.insert(name, *name).unwrap());
        table
    }

    #[test]
    fn the_exact_name_wins_then_the_longest_pattern_then_all() {
        let table = table(&["*", "*.test", "*.a.test", "a.test", "*.x.a.test"]);
        for (name, found) in [
            (Some("a.test"), "a.test"),
            (Some("A.TEST"), "a.test"),
            (Some("b.a.test"), "*.a.test"),
            (Some("c.b.a.test"), "*.a.test"),
            (Some("y.X.a.test"), "*.x.a.test"),
            (Some("x.a.test"), "*.a.test"),
            (Some("b.test"), "*.test"),
            (Some("test"), "*"),
            (None, "*"),
        ] {
            assert_eq!(table.find(name), Some(&found), "{name:?}");
        }
    }

    #[test]
    fn a_pattern_does_not_fit_the_name_it_is_below() {
        let table = table(&["*.a.test"]);
        for name in [Some("a.test"), Some(".a.test"), Some("ba.test"), Some(""), None] {
            assert_eq!(table.find(name), None, "{name:?}");
        }
    }

    #[test]
    fn names_outside_the_forms_are_refused() {
        for name in ["", "a*.test", "*a.test", "**", "*.", "*.*.test", "a.*"] {
            let error = SniTable::default().insert(name, ()).unwrap_err();
            assert!(error.is_invalid_argument(), "{name}");
        }
    }

    #[test]
    fn a_name_given_twice_is_refused_in_whatever_case() {
        let mut table = table(&["a.test"]);
        assert!(table.insert("A.test", "").is_err());
        assert!(table.insert("*.a.test", "").is_ok());
    }
}
