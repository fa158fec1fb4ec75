//! Flags of the commands that write a store.

use clap::Args;
use pki_core::{
    edit::{self, Edited},
    keystore::{Encoding, Format as StoreFormat},
};
use time::OffsetDateTime;

use crate::error::CommandError;

/// Flags of every command that writes a store.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct WriteFlags {
    /// Say what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// The same content gives the same bytes; for stores without private and secret keys
    ///
    /// Dates are `SOURCE_DATE_EPOCH`, else the first day of each certificate.
    #[arg(long)]
    deterministic: bool,
}

impl WriteFlags {
    /// True if any of them was given.
    pub(crate) fn is_given(&self) -> bool {
        self.dry_run || self.deterministic
    }

    /// Where dates come from, if nothing may depend on when it ran.
    pub(crate) fn dates(&self) -> Result<Option<Dates>, CommandError> {
        if !self.deterministic {
            return Ok(None);
        }
        let Some(epoch) = std::env::var_os(EPOCH).filter(|epoch| !epoch.is_empty()) else {
            return Ok(Some(Dates(edit::Dates::NotBefore)));
        };
        let seconds = epoch.to_str().and_then(|text| text.parse().ok());
        let at = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        at.map(|at| Some(Dates(edit::Dates::At(at))))
            .ok_or_else(|| {
                CommandError::usage(format!("`{EPOCH}` is no number of seconds since 1970"))
            })
    }
}

/// Where the dates of a deterministic store come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dates(edit::Dates);

impl Dates {
    /// The same store with these dates; without any where the format keeps none of a certificate.
    pub(crate) fn apply(self, edited: &Edited, encoding: Encoding) -> Edited {
        let mut edited = edited.clone();
        if encoding.format() == StoreFormat::Pkcs12 {
            let entries = edited.keystore.entries().iter();
            edited.keystore = entries.map(|entry| entry.clone().created(None)).collect();
            return edited;
        }
        let dated = edit::set_dates(&edited.keystore, self.0);
        edited.keystore = dated.keystore;
        // What is new has its date for the first time.
        let added: Vec<_> = edited
            .change
            .events
            .iter()
            .filter(|event| event.what.is_change())
            .map(|event| event.alias.clone())
            .collect();
        let events = dated.change.events.into_iter();
        edited
            .change
            .events
            .extend(events.filter(|event| !added.contains(&event.alias)));
        edited
    }
}

/// reproducible-builds.org/specs/source-date-epoch: seconds since 1970.
const EPOCH: &str = "SOURCE_DATE_EPOCH";
