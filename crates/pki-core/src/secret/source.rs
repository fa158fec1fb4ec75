use std::{fmt, path::PathBuf, str::FromStr};

/// Where a password comes from: never from a literal, never from the command line.
///
/// | form | meaning |
/// | --- | --- |
/// | `file:PATH` | the content of a file, one final line end stripped |
/// | `env:NAME` | an environment variable |
/// | `fd:N` | an open file descriptor, read to its end |
/// | `cmd:PROGRAM ARG…` | what a program prints; words are split at blanks, no shell is involved |
/// | `prompt` | asked for on the terminal |
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// `cmd:`, the program and its arguments.
    Command(Vec<String>),
    /// `env:`, the variable's name.
    Environment(String),
    /// `fd:`, the descriptor's number.
    FileDescriptor(u32),
    /// `file:`, the path as written.
    File(PathBuf),
    /// `prompt`.
    Prompt,
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "prompt" {
            return Ok(Self::Prompt);
        }
        let Some((kind, rest)) = text.split_once(':') else {
            return Err(SourceError::UnknownForm);
        };
        let empty = |what| SourceError::Empty { what };
        match kind {
            "file" if rest.is_empty() => Err(empty("path")),
            "file" => Ok(Self::File(PathBuf::from(rest))),
            "env" if rest.is_empty() => Err(empty("variable name")),
            "env" if rest.contains(['=', '\0']) => Err(SourceError::VariableName),
            "env" => Ok(Self::Environment(rest.to_owned())),
            "fd" => match rest.parse() {
                Ok(number) => Ok(Self::FileDescriptor(number)),
                Err(_) => Err(SourceError::Descriptor),
            },
            "cmd" => {
                let words: Vec<String> = rest.split_ascii_whitespace().map(str::to_owned).collect();
                if words.is_empty() {
                    return Err(empty("command"));
                }
                Ok(Self::Command(words))
            }
            _ => Err(SourceError::UnknownForm),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(words) => write!(f, "cmd:{}", words.join(" ")),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::FileDescriptor(number) => write!(f, "fd:{number}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Prompt => f.write_str("prompt"),
        }
    }
}

/// Why a text is no password source. The text itself is not repeated: it may be a password that
/// somebody wrote where a source belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// `fd:` is not followed by a number.
    #[error("`fd:` is followed by something that is no descriptor number")]
    Descriptor,
    /// The part behind the colon is missing.
    #[error("the {what} is missing")]
    Empty {
        /// What belongs there.
        what: &'static str,
    },
    /// None of the known forms.
    #[error(
        "not a password source: expected `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…` or `prompt`"
    )]
    UnknownForm,
    /// `env:` is followed by something that no environment can hold.
    #[error("`env:` is followed by something that is no variable name")]
    VariableName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_shown_as_written() {
        for text in [
            "file:secrets/ca",
            "env:CA_PASSWORD",
            "fd:3",
            "cmd:pass show ca",
            "prompt",
        ] {
            let source: Source = text.parse().unwrap();
            assert_eq!(source.to_string(), text);
        }
    }

    #[test]
    fn a_literal_password_is_refused_and_not_repeated() {
        let error = "hunter2".parse::<Source>().unwrap_err();
        assert_eq!(error, SourceError::UnknownForm);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn empty_parts_are_refused() {
        for text in [
            "file:", "env:", "fd:", "cmd:", "cmd:  ", "", "fd:x", "env:A=B",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
