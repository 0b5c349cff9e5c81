//! Which part of a path is the application's place in its site.

use falconry_features::PlainRequest;

/// The application's path in its site, as `/app`; empty at the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathBase {
    path: String,
}

impl PathBase {
    /// From the application's path in the metabase, as `/LM/W3SVC/1/ROOT/app`.
    pub(crate) fn from_metabase(path: &str) -> Self {
        let behind_root = path.trim_start_matches('/').splitn(5, '/').nth(4).unwrap_or_default();
        let path = behind_root.trim_matches('/');
        Self { path: if path.is_empty() { String::new() } else { format!("/{path}") } }
    }

    /// As applications and their configuration name it.
    pub(crate) fn virtual_path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// Moves it from the request's path to its path base, in the casing that the client sent.
    pub(crate) fn apply(&self, request: &mut PlainRequest) {
        let Some((base, rest)) = request.path.split_at_checked(self.path.len()) else { return };
        if base.eq_ignore_ascii_case(&self.path) && (rest.is_empty() || rest.starts_with('/')) {
            let rest = rest.to_owned();
            request.path_base = base.to_owned();
            request.path = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use falconry_features::PlainRequest;

    use super::PathBase;

    #[test]
    fn the_metabase_tells_the_application_s_path() {
        for (path, expected) in [
            ("/LM/W3SVC/1/ROOT", ""),
            ("/LM/W3SVC/1/ROOT/", ""),
            ("/LM/W3SVC/12/ROOT/app", "/app"),
            ("/LM/W3SVC/1/ROOT/a/b", "/a/b"),
            ("", ""),
        ] {
            assert_eq!(PathBase::from_metabase(path).path, expected, "{path}");
        }
    }

    #[test]
    fn whole_segments_of_the_path_are_moved_in_any_casing() {
        let base = PathBase::from_metabase("/LM/W3SVC/1/ROOT/app");
        for (path, expected) in [
            ("/app/x", ("/app", "/x")),
            ("/APP", ("/APP", "")),
            ("/app/", ("/app", "/")),
            ("/apple", ("", "/apple")),
            ("/", ("", "/")),
        ] {
            let mut request = PlainRequest { path: path.into(), ..PlainRequest::default() };
            base.apply(&mut request);
            assert_eq!((&*request.path_base, &*request.path), expected, "{path}");
        }
    }
}
