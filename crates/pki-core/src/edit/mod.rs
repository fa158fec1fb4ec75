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
//! | single entries | [`find`], [`delete`], [`rename`], [`copy`] |
//! | another password | [`change_key_passwords`] |
//! | another format | [`convert`], [`write_pem_bundle`] |
//! | several stores | [`merge`], [`diff`] |
//! | take out what is expired, weak, doubled or denied | [`prune`] |
//! | is it what Java will see | [`check`], [`repair`] |
//! | does everybody have its keys | [`check_published`] |
//! | whom Java trusts because of it | [`trusted_by_java`] |
//! | see what is in a store, and who can read it | [`summary`], [`readers`] |
//! | the same bytes each time | [`deterministic_random`], [`set_dates`] |

mod alias_pattern;
mod chain;
mod change;
mod check;
mod convert;
mod deterministic;
mod diff;
mod entries;
mod error;
mod finding;
mod import_certificates;
mod import_key;
mod material;
mod merge;
mod password;
mod prune;
mod readers;
mod repair;
mod summary;
#[cfg(test)]
mod testing;
mod visible;

pub use alias_pattern::AliasPattern;
pub use chain::{Arranged, Pool, Root, arrange};
pub use change::{Change, Edited, Event, Kind, Reason, What};
pub use check::{check, check_published};
pub use convert::{Conversion, Target, convert, write_pem_bundle};
pub use deterministic::{Dates, DerivedRandom, deterministic_random, set_dates};
pub use diff::{Aspect, Difference, Lone, Side, diff};
pub use entries::{copy, delete, find, rename};
pub use error::EditError;
pub use finding::{Fault, Finding, Severity};
pub use import_certificates::{CertificateImport, Duplicates, import_certificates};
pub use import_key::{KeyImport, ReplyImport, import_key, import_reply};
pub use material::{Material, MaterialCertificate, MaterialKey};
pub use merge::{Conflict, merge};
pub use password::{KeyPasswords, change_key_passwords};
pub use prune::{PruneRules, prune, weaknesses};
pub use readers::{Readability, Reader, readers};
pub use repair::{Repair, repair};
pub use summary::{CertificateSummary, EntrySummary, KeyState, StoreSummary, summary};
pub use visible::trusted_by_java;
