//! What people do to one keystore: import, rename, merge, convert, prune, compare, mend.
//!
//! Each takes a store and gives a new one with a report of what changed ([`Edited`]); nothing here reads
//! a file, a clock or a terminal. What was not touched keeps its date, its place and its bytes. An edit
//! whose [`Change::is_empty`] means the same store, and nobody needs to write it.
//!
//! | need | entry point |
//! | --- | --- |
//! | read what is to be imported, in any encoding | [`Material`] |
//! | a key with its chain, a CA's reply, a bundle of certificates | [`import_key`], [`import_reply`], [`import_certificates`] |
//! | single entries | [`delete`], [`rename`], [`copy`] |
//! | another password | [`change_key_passwords`] |
//! | see what is in a store, and who can read it | [`summary`], [`readers`] |

mod alias_pattern;
mod chain;
mod change;
mod entries;
mod error;
mod import_certificates;
mod import_key;
mod material;
mod password;
mod readers;
mod summary;
#[cfg(test)]
mod testing;

pub use alias_pattern::AliasPattern;
pub use chain::{Arranged, Pool, Root, arrange};
pub use change::{Change, Edited, Event, Kind, Reason, What};
pub use entries::{copy, delete, rename};
pub use error::EditError;
pub use import_certificates::{CertificateImport, Duplicates, import_certificates};
pub use import_key::{KeyImport, ReplyImport, import_key, import_reply};
pub use material::{Material, MaterialKey};
pub use password::{KeyPasswords, change_key_passwords};
pub use readers::{Readability, Reader, readers};
pub use summary::{CertificateSummary, EntrySummary, KeyState, StoreSummary, summary};
