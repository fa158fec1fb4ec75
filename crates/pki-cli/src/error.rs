//! How a run ends: outcomes and errors, their exit codes, and how an error is shown.
//!
//! The library says what is wrong. Here it is said whose fault that is ([`Kind`]) and what to do next
//! (hints): this module is the only place that maps library errors to exit codes.

mod apply;
mod disk;
mod draft;
mod install;
mod observe;
#[cfg(feature = "probe")]
mod probe;
mod refusal;
mod store;
mod topology;

pub(crate) use apply::apply;
pub(crate) use disk::disk;
pub(crate) use draft::{draft, no_home};
pub(crate) use install::{home, install, not_a_home, packing};
pub(crate) use observe::observe;
#[cfg(feature = "probe")]
pub(crate) use probe::{endpoint, identity, unseen};
pub(crate) use refusal::{ca_rotation, refusal};
pub(crate) use store::{
    decode, edit, encode, file, material, merging, misspelt, of_entry, renamed, sealed,
};
pub(crate) use topology::{external_issuer, external_issuer_in, not_text, topology};

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use pki_core::secret::SourceError;

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, or nothing to complain about: exit code 0.
    Done,
    /// There is something to do, and it was asked for as an exit code: 4.
    Pending,
    /// What was judged is not right, as the output says: exit code 1.
    Problems,
}

impl Outcome {
    /// The exit code, which other programs rely on.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Problems => 1,
            Self::Pending => 4,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// Whose fault it is that a command did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The reader of stdout went away: nobody's fault, exit code 0.
    BrokenPipe,
    /// It could not look, or could not do it: unreadable, wrong password, I/O, lock. Exit code 3.
    Failed,
    /// What was made does not pass its own check, so nothing was written: exit code 1.
    Problems,
    /// Refused for safety, nothing touched: exit code 5.
    Refused,
    /// The command line or the topology is wrong: exit code 2.
    Usage,
}

impl Kind {
    /// The exit code, which other programs rely on.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Problems => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::Refused => 5,
        }
    }
}

/// An error as a person reads it: the fact, what caused it, what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandError {
    kind: Kind,
    message: String,
    /// What else is said, by label.
    lines: Vec<(Label, String)>,
}

/// What a line says of the error; in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    /// Another fact of the same kind.
    Error,
    /// Evidence.
    Found,
    CausedBy,
    Hint,
}

impl Label {
    const fn shown(self) -> (Style, &'static str) {
        match self {
            Self::Error => (ERROR, "error"),
            Self::Found => (CAUSE, "found"),
            Self::CausedBy => (CAUSE, "caused by"),
            Self::Hint => (HINT, "hint"),
        }
    }
}

impl CommandError {
    /// It could not be done. Messages begin in lower case and put things in backticks.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// What was made does not pass its own check.
    pub(crate) fn problems(message: impl Into<String>) -> Self {
        Self::new(Kind::Problems, message)
    }

    /// It was refused before anything was touched.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The command line or the topology is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Writing to stdout failed: silent if its reader went away.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Kind::BrokenPipe, "the reader of the output went away");
        }
        Self::failed("the output cannot be written").because(error)
    }

    /// A text that should name a password source and does not. The text is not repeated: it may be a
    /// password. `origin` is the flag or the topology key that it came from.
    pub(crate) fn source(origin: impl std::fmt::Display, error: SourceError) -> Self {
        Self::usage(format!("`{origin}` names no password source"))
            .because(&error)
            .hint(
                "a password is never written down here: put it into a file and write `file:PATH`, \
                 or use `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…` or `prompt`",
            )
    }

    /// Adds an error and all that is behind it.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.lines.push((Label::CausedBy, error.to_string()));
            next = error.source();
        }
        self
    }

    /// Adds another fact: a second problem of the same text.
    pub(crate) fn and(mut self, message: impl Into<String>) -> Self {
        self.lines.push((Label::Error, message.into()));
        self
    }

    /// Adds evidence: what was found, and where.
    pub(crate) fn found(mut self, evidence: impl Into<String>) -> Self {
        self.lines.push((Label::Found, evidence.into()));
        self
    }

    /// Adds what to do next, best a command that can be pasted.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.lines.push((Label::Hint, hint.into()));
        self
    }

    /// The fact and what is behind it, for a report.
    pub(crate) fn in_one_line(&self) -> String {
        let causes = self.lines.iter();
        let causes = causes.filter(|(label, _)| *label == Label::CausedBy);
        let facts = [&self.message]
            .into_iter()
            .chain(causes.map(|(_, text)| text));
        facts.map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// Whose fault it is.
    #[cfg(test)]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Writes `error:`, `caused by:` and `hint:` lines. Styles are stripped by the stream if need be.
    pub(crate) fn print(&self, sink: &mut dyn Write) -> io::Result<()> {
        if self.kind == Kind::BrokenPipe {
            return Ok(());
        }
        labelled(sink, ERROR, "error", &self.message)?;
        let mut lines: Vec<&(Label, String)> = self.lines.iter().collect();
        lines.sort_by_key(|(label, _)| *label);
        for (label, text) in lines {
            let (style, word) = label.shown();
            labelled(sink, style, word, text)?;
        }
        Ok(())
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            lines: Vec::new(),
        }
    }
}

/// The fact alone, on one line.
impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<&CommandError> for ExitCode {
    fn from(error: &CommandError) -> Self {
        Self::from(error.kind.code())
    }
}

/// One line for people: a label in its style, then a text.
pub(crate) fn labelled(
    sink: &mut dyn Write,
    style: Style,
    label: &str,
    text: &str,
) -> io::Result<()> {
    writeln!(sink, "{style}{label}:{style:#} {text}")
}

/// The style of `error:`.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of `caused by:`.
const CAUSE: Style = Style::new().bold();
/// The style of `hint:`.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// The style of `warning:`.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: &CommandError) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        error.print(&mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn fact_first_then_causes_then_hints() {
        let cause = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let error = CommandError::failed("`ca.key` cannot be read")
            .because(&cause)
            .hint("apim-pki issue --ca-key PATH");
        assert_eq!(
            shown(&error),
            "error: `ca.key` cannot be read\n\
             caused by: no such file\n\
             hint: apim-pki issue --ca-key PATH\n"
        );
    }

    #[test]
    fn exit_codes_are_what_other_programs_rely_on() {
        assert_eq!(Outcome::Done.code(), 0);
        assert_eq!(Outcome::Problems.code(), 1);
        assert_eq!(Outcome::Pending.code(), 4);
        assert_eq!(Kind::BrokenPipe.code(), 0);
        assert_eq!(CommandError::problems("it does not pass").kind().code(), 1);
        assert_eq!(Kind::Usage.code(), 2);
        assert_eq!(Kind::Failed.code(), 3);
        assert_eq!(Kind::Refused.code(), 5);
    }

    #[test]
    fn a_broken_pipe_says_nothing() {
        let error = CommandError::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(error.kind(), Kind::BrokenPipe);
        assert_eq!(shown(&error), "");
    }

    #[test]
    fn a_password_in_place_of_a_source_is_not_repeated() {
        let error = "hunter2"
            .parse::<pki_core::secret::Source>()
            .map_err(|error| CommandError::source("--old-password", error))
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        let shown = shown(&error);
        assert!(shown.contains("`--old-password`"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
