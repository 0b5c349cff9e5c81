//! The users and groups of this system, as `/etc/passwd` and `/etc/group` name them.

use std::fs;

/// The number of a group, given by its name or its number.
pub(super) fn group_number(group: &str) -> Option<u32> {
    if let Ok(number) = group.parse() {
        return Some(number);
    }
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    entries(&groups).find(|(name, _)| *name == group).map(|(_, number)| number)
}

/// A group as a message names it: `www-data (33)`, or the number alone.
pub(super) fn group_named(number: u32) -> String {
    named("/etc/group", number)
}

/// A user as a message names it: `root (0)`, or the number alone.
pub(super) fn user_named(number: u32) -> String {
    named("/etc/passwd", number)
}

fn named(file: &str, number: u32) -> String {
    let all = fs::read_to_string(file).unwrap_or_default();
    match entries(&all).find(|(_, other)| *other == number) {
        Some((name, _)) => format!("{name} ({number})"),
        None => number.to_string(),
    }
}

/// Names and numbers: both files begin their lines with `name:password:number`.
fn entries(file: &str) -> impl Iterator<Item = (&str, u32)> {
    file.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.next()?, fields.nth(1)?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_taken_from_lines_that_have_both() {
        let file = "root:x:0:0:root:/root:/bin/sh\n# none\nbroken\nwww-data:x:33:\nodd:x:many:\n";
        assert_eq!(entries(file).collect::<Vec<_>>(), [("root", 0), ("www-data", 33)]);
    }

    #[test]
    fn a_group_is_given_by_number_too() {
        assert_eq!(group_number("4242424"), Some(4_242_424));
        assert_eq!(group_number("no such group"), None);
        assert_eq!(user_named(4_242_424), "4242424");
    }
}
