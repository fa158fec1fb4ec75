//! Lines for people. The same values give the same lines, whatever the machine.
//!
//! Without a width each fact stays on its line, so that `grep` finds it whole; with one, longer lines are
//! broken at blanks and go on further in.

mod audit;
mod certificate;
mod change;
mod difference;
mod finding;
mod homes;
mod install;
mod lines;
mod matrix;
mod plan;
mod probe;
mod secrets;
mod store;
mod verify;

pub use audit::{audit, audit_findings};
pub(in crate::report) use certificate::signature_name;
pub use certificate::{Judged, certificates, judged};
pub(in crate::report) use change::reason;
pub use change::{change, said};
pub(in crate::report) use difference::aspect_said;
pub use difference::differences;
pub use finding::findings;
pub(in crate::report) use finding::{fault_name, fault_said};
pub use install::{after, installation, named, undoing};
pub(in crate::report) use lines::visible;
pub use plan::plan;
pub use probe::{Probed, probe};
pub(in crate::report) use secrets::done_said;
pub use secrets::{changed_secrets, secrets};
pub use store::{Listed, Unread, list, show};
pub use verify::{Advice, Verified, problems, verify};

/// How the lines are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// Columns of the terminal; `None`: lines are not broken.
    pub width: Option<usize>,
    /// Everything, where a summary would do.
    pub verbose: bool,
    /// What must be seen is in colour (ECMA-48).
    pub styled: bool,
}

impl Layout {
    /// Lines that are not broken, summaries where they do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Breaks lines that are longer than this many columns.
    #[must_use]
    pub fn width(mut self, width: Option<usize>) -> Self {
        self.width = width;
        self
    }

    /// Whether to tell everything.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }
    /// Whether to use colour.
    #[must_use]
    pub fn styled(mut self, styled: bool) -> Self {
        self.styled = styled;
        self
    }
}
