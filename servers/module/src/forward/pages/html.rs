//! A page as text.

use std::borrow::Cow;

use super::ErrorPage;

impl ErrorPage {
    /// The page in HTML.
    pub fn html(&self) -> String {
        let heading = format!("HTTP Error {} - {}", self.code(), self.title);
        let causes: String =
            self.causes.iter().map(|cause| format!("    <li>{}</li>\n", escape(cause))).collect();
        let causes = match causes.is_empty() {
            true => causes,
            false => format!("  <h2>Common causes of this issue</h2>\n  <ul>\n{causes}  </ul>\n"),
        };
        let detail = self.detail.as_ref().map_or_else(String::new, |detail| {
            format!("  <h2>Details</h2>\n  <pre>{}</pre>\n", escape(detail))
        });
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <title>{heading}</title>\n\
             </head>\n<body>\n  <h1>{heading}</h1>\n{causes}{detail}</body>\n</html>\n"
        )
    }
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped.into()
}
