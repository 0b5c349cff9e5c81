//! What the command line asks for.

use std::path::PathBuf;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(super) what: What,
    /// Another nginx than the installed one.
    pub(super) nginx: Option<PathBuf>,
    /// Its source, or headers; else those of nginx-dev.
    pub(super) source: Option<PathBuf>,
    /// Builds an nginx from the source that the registry of crates has.
    pub(super) is_vendored: bool,
    /// Another application than the contract app.
    pub(super) app: Option<PathBuf>,
    pub(super) is_release: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Build,
    Serve(u16),
    Memcheck(u64),
}

impl Options {
    /// Those of a build for the installed nginx.
    pub(crate) fn installed() -> Self {
        Self {
            what: What::Build,
            nginx: None,
            source: None,
            is_vendored: false,
            app: None,
            is_release: false,
        }
    }

    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::installed();
        let mut arguments = arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().cloned().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--serve" => options.what = What::Serve(number(argument, &value()?)?),
                "--memcheck" => {
                    let requests = arguments.next_if(|next| !next.starts_with("--"));
                    let requests = requests.map(|text| number(argument, text)).transpose()?;
                    options.what = What::Memcheck(requests.unwrap_or(20_000));
                }
                "--nginx" => options.nginx = Some(value()?.into()),
                "--source" => options.source = Some(value()?.into()),
                "--vendored" => options.is_vendored = true,
                "--app" => options.app = Some(value()?.into()),
                "--release" => options.is_release = true,
                other => {
                    return Err(format!(
                        "unknown option '{other}': there are --serve PORT, --memcheck [REQUESTS], --nginx PROGRAM, \
                         --source FOLDER, --vendored, --app FILE and --release"
                    ));
                }
            }
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{option} is '{text}': it must be a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn the_module_is_only_built_by_default() {
        assert_eq!(parse(""), Ok(Options::installed()));
    }

    #[test]
    fn the_memory_check_has_a_default() {
        assert_eq!(parse("--memcheck --release").unwrap().what, What::Memcheck(20_000));
        assert_eq!(parse("--memcheck 500").unwrap().what, What::Memcheck(500));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("--serve x").unwrap_err().contains("'x'"));
        assert_eq!(parse("--serve").unwrap_err(), "--serve needs a value");
        assert!(parse("--port 1").unwrap_err().contains("--serve PORT"));
    }
}
