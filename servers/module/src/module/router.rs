//! Which application a path belongs to.

use std::{ops::Deref, sync::Arc};

use crate::application::Application;

/// The applications, those with the longest path first.
#[derive(Debug)]
pub(super) struct Router {
    applications: Vec<Arc<Application>>,
}

impl Router {
    pub(super) fn new(mut applications: Vec<Arc<Application>>) -> Self {
        applications.sort_by_key(|application| std::cmp::Reverse(application.path.len()));
        Self { applications }
    }

    /// The application that is shown at or above `path`, which has been decoded.
    pub(super) fn find(&self, path: &str) -> Option<Arc<Application>> {
        let found = self.applications.iter().find(|application| is_below(path, &application.path));
        found.map(Arc::clone)
    }
}

impl Deref for Router {
    type Target = [Arc<Application>];

    fn deref(&self) -> &Self::Target {
        &self.applications
    }
}

/// Paths of applications ignore case, as in IIS, and end where a segment ends.
fn is_below(path: &str, application: &str) -> bool {
    if application == "/" {
        return true;
    }
    let (Some(start), rest) = (path.get(..application.len()), path.as_bytes().get(application.len())) else {
        return false;
    };
    start.eq_ignore_ascii_case(application) && matches!(rest, None | Some(b'/'))
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn an_application_has_its_path_and_what_is_below() {
        for (path, application, expected) in [
            ("/", "/", true),
            ("/shop", "/", true),
            ("", "/", true),
            ("/shop", "/shop", true),
            ("/SHOP/cart", "/shop", true),
            ("/shopping", "/shop", false),
            ("/sho", "/shop", false),
            ("", "/shop", false),
            ("/shöp", "/sho", false),
        ] {
            assert_eq!(is_below(path, application), expected, "{path} {application}");
        }
    }
}
