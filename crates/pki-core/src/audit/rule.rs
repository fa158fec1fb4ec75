use std::{fmt, str::FromStr};

use super::{
    Sink,
    subject::{Deployment, File, Home, Store, Waivers},
};
pub use crate::edit::Severity;
use crate::verify::{Edge, Problem, SecretProblem, endpoint::EndpointProblem};

/// One rule: what it looks for, why that is bad, what to do, and who says so. Its page in `docs/rules/`
/// is made from this.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, in kebab-case. It never changes, and is never given to another rule.
    pub id: &'static str,
    /// How bad what it finds is, unless the finding or a policy says otherwise.
    pub severity: Severity,
    /// How sure it is, unless the finding says otherwise.
    pub confidence: Confidence,
    /// What it finds, in a line.
    pub what: &'static str,
    /// Why that is bad.
    pub why: &'static str,
    /// What to do: commands, one a line, with `{path}`, `{alias}`, `{node}` and `{host}` where the
    /// finding has them.
    pub remedy: &'static str,
    /// What to do where the file is one that [`issue`](crate::apply) makes; `None`: the same.
    pub remedy_in_workspace: Option<&'static str>,
    /// What to do where a product home has it, `{home}`; `None`: the same.
    pub remedy_in_home: Option<&'static str>,
    /// Who says so: sections, pages, experiments.
    pub source: &'static str,
    /// What it looks at.
    pub(crate) checks: &'static [Check],
}

/// Something that a rule looks at, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// A file, whatever is in it: its name, its mode. Runs for each file.
    File(fn(&File<'_>, &mut Sink<'_>)),
    /// What is in a store. Runs once for files with the same content.
    Store(fn(&Store<'_>, &mut Sink<'_>)),
    /// What verification found in a file of a workspace: true if it is this rule's.
    Problem(fn(&Problem) -> bool),
    /// What verification found on a connection: what is wrong with it, if that is this rule's.
    Edge(fn(&Edge) -> Option<String>),
    /// The configuration of a product home.
    Home(fn(&Home<'_>, &mut Sink<'_>)),
    /// What verification found about an encrypted secret: true if it is this rule's.
    Secret(fn(&SecretProblem) -> bool),
    /// What is wrong with a live server: true if it is this rule's.
    Endpoint(fn(&EndpointProblem) -> bool),
    /// Everything that was looked at, side by side.
    Deployment(fn(&Deployment<'_>, &mut Sink<'_>)),
    /// The policy itself, once it is known what it met.
    Waivers(fn(&Waivers<'_>, &mut Sink<'_>)),
}

/// What mends most of what is wrong with the stores of a home.
pub(crate) const INSTALL: &str = "apim-pki issue && apim-pki install --node {node} --home {home}";

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// It may be meant so.
    Low,
    /// It rests on a guess: a file's name tells what the store is for.
    Medium,
    /// It is so.
    High,
}

impl Confidence {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a policy may make of a severity: one of them, or nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// It is not told.
    Off,
    /// It is told so.
    At(Severity),
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "off" => Self::Off,
            "info" => Self::At(Severity::Info),
            "warning" => Self::At(Severity::Warning),
            "error" => Self::At(Severity::Error),
            _ => return Err(()),
        })
    }
}

/// A rule is itself and no other that says the same.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
