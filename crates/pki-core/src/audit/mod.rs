//! The audit: what expires, what is weak, what will break, over any number of stores.
//!
//! [`Auditor`] is handed what was found, piece by piece and from any number of threads: files of a
//! search, the files of a workspace with what [`verify`](crate::verify) says of them. Each piece is judged
//! by the rules that look at its kind and forgotten; what stays are findings and a few facts, over which
//! [`Auditor::finish`] runs the rules that hold pieces side by side. Rules see values alone. What
//! `verify`, [`path`](crate::path) and [`edit`](crate::edit) decide is not decided here again.
//!
//! | need | function |
//! | --- | --- |
//! | every rule, one of them | [`rules::ALL`], [`rules::find`] |
//! | what a run knows | [`Context`] |
//! | what those who run the cluster make of the rules | [`Policy`], [`Waiver`], [`Baseline`] |
//! | to audit | [`Auditor`], or [`paths`] for files and folders |
//! | what came of it | [`Report`] |
//!
//! ```
//! use std::{num::NonZeroUsize, path::PathBuf};
//! use pki_core::audit::{self, Auditor, Context};
//! use time::macros::datetime;
//!
//! let context = Context::new(datetime!(2026-11-23 12:00 UTC));
//! let auditor = Auditor::new(&context, audit::rules::ALL);
//! audit::paths(&auditor, &[PathBuf::from("no/such/file")], NonZeroUsize::MIN, &());
//! let report = auditor.finish();
//! assert_eq!(report.unread[0].reason, "No such file or directory");
//! assert!(report.findings.is_empty());
//! ```

mod baseline;
mod context;
mod endpoint;
mod engine;
mod facts;
mod finding;
mod glob;
mod homes;
mod java;
mod page;
mod part;
mod policy;
mod remedy;
mod report;
mod rule;
pub mod rules;
mod soon;
mod subject;
#[cfg(test)]
mod testing;
mod trust;
mod waiver;
mod workspace;

pub use baseline::{Baseline, BaselineError};
pub use context::Context;
pub use engine::{Auditor, Progress, paths};
pub use facts::{CertificateFacts, KeyFacts, Looked, StoreFacts};
pub use finding::Finding;
pub use java::{JavaVersion, UnknownJava};
pub use part::{Part, Purpose};
pub use policy::Policy;
pub use remedy::shell_word;
pub use report::{NotChecked, NotRead, Report};
pub use rule::{Confidence, Level, Rule, Severity};
pub use soon::Soon;
pub use trust::leads_to;
pub use waiver::Waiver;

use finding::Sink;
use rule::{Check, INSTALL};
