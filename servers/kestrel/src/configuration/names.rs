//! What somebody may have meant.

/// The known name that differs from `name` by no more than a slip or two.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.len() / 3).clamp(1, 3);
    known
        .map(|candidate| (distance(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters must be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, right) in other.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["MaxRequestBodySize", "Http2", "Url"];
        let find = |name| nearest(name, known.into_iter());
        assert_eq!(find("MaxRequestBodySzie"), Some("MaxRequestBodySize"));
        assert_eq!(find("maxrequestbodysizes"), Some("MaxRequestBodySize"));
        assert_eq!(find("Uri"), Some("Url"));
        assert_eq!(find("Foo"), None);
        assert_eq!(find(""), None);
    }
}
