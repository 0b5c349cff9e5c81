//! One text as the arguments of a program.

/// Splits at white space outside of double quotes, as programs on Windows and .NET everywhere do: a backslash means
/// itself, except before a double quote, which `\"` is.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut is_quoted = false;
    let mut backslashes = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' {
            backslashes += 1;
            continue;
        }
        let waiting = std::mem::take(&mut backslashes);
        if character == '"' {
            let argument = current.get_or_insert_default();
            argument.extend(std::iter::repeat_n('\\', waiting / 2));
            let is_escaped = waiting % 2 == 1;
            if is_escaped || (is_quoted && characters.next_if_eq(&'"').is_some()) {
                argument.push('"');
            } else {
                is_quoted = !is_quoted;
            }
            continue;
        }
        if waiting > 0 {
            current.get_or_insert_default().extend(std::iter::repeat_n('\\', waiting));
        }
        if character.is_ascii_whitespace() && !is_quoted {
            arguments.extend(current.take());
        } else {
            current.get_or_insert_default().push(character);
        }
    }
    if backslashes > 0 {
        current.get_or_insert_default().extend(std::iter::repeat_n('\\', backslashes));
    }
    arguments.extend(current);
    arguments
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn arguments_are_split_as_on_windows() {
        for (text, expected) in [
            ("", &[][..]),
            ("  a  b\tc ", &["a", "b", "c"]),
            (r#""a b" c"#, &["a b", "c"]),
            (r#"x"a b"y """#, &["xa by", ""]),
            (r#".\a\b.dll \\x\y"#, &[r".\a\b.dll", r"\\x\y"]),
            (r#"say \"hi there\""#, &["say", "\"hi", "there\""]),
            (r#""c:\dir\\" next"#, &[r"c:\dir\", "next"]),
            (r#""say ""hi""""#, &[r#"say "hi""#]),
            (r"end\", &[r"end\"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
