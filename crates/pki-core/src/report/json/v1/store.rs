use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{
    certificate::{ChainCertificate, moment},
    write,
};
use crate::{
    edit::{EntrySummary, StoreSummary},
    keystore::{Integrity, Protection},
    report::text::{Listed, Unread},
};

/// Writes stores, and those that could not be read, as `apim-pki/store/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn stores(stores: &[Listed], unread: &[Unread], sink: &mut dyn Write) -> io::Result<()> {
    write(
        &Stores {
            schema: "apim-pki/store/v1",
            stores: stores.iter().map(Store::from).collect(),
            unread: unread
                .iter()
                .map(|unread| UnreadStore {
                    path: &unread.path,
                    reason: &unread.reason,
                })
                .collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Stores<'a> {
    schema: &'static str,
    stores: Vec<Store<'a>>,
    unread: Vec<UnreadStore<'a>>,
}

#[derive(Serialize)]
struct UnreadStore<'a> {
    path: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Store<'a> {
    path: &'a str,
    format: &'static str,
    integrity: &'static str,
    kdf: Option<&'a str>,
    iterations: Option<u32>,
    mac: Option<&'a str>,
    protections: Vec<Sealing>,
    readers: Vec<String>,
    #[serde(serialize_with = "one_by_one")]
    entries: &'a [EntrySummary],
}

#[derive(Serialize)]
struct Entry {
    alias: String,
    kind: &'static str,
    created: Option<String>,
    java_visible: bool,
    key: Option<&'static str>,
    protection: Option<Sealing>,
    chain: Vec<ChainCertificate>,
}

/// How a key, or the content of a store, is encrypted.
#[derive(Serialize)]
struct Sealing {
    algorithm: &'static str,
    iterations: Option<u32>,
}

impl From<Protection> for Sealing {
    fn from(protection: Protection) -> Self {
        Self {
            algorithm: protection.name(),
            iterations: protection.iterations(),
        }
    }
}

impl<'a> From<&'a Listed> for Store<'a> {
    fn from(listed: &'a Listed) -> Self {
        let StoreSummary {
            format,
            integrity,
            kdf,
            iterations,
            mac,
            protections,
            readers,
            entries,
            ..
        } = &listed.summary;
        Self {
            path: &listed.path,
            format: format.name(),
            integrity: match integrity {
                Integrity::Absent => "absent",
                Integrity::Unchecked => "unchecked",
                Integrity::Verified => "verified",
            },
            kdf: kdf.as_deref(),
            iterations: *iterations,
            mac: mac.as_deref(),
            protections: protections.iter().copied().map(Sealing::from).collect(),
            readers: readers
                .iter()
                .filter(|reader| reader.reads())
                .map(|found| match found.with {
                    Some(with) => format!("{} with {with}", found.reader),
                    None => found.reader.to_string(),
                })
                .collect(),
            entries,
        }
    }
}

impl From<&EntrySummary> for Entry {
    fn from(entry: &EntrySummary) -> Self {
        Self {
            alias: entry.alias.as_str().to_owned(),
            kind: entry.kind.name(),
            created: entry.created.and_then(moment),
            java_visible: entry.java_visible,
            key: entry.key.as_ref().map(|key| key.name()),
            protection: entry.protection.map(Sealing::from),
            chain: entry
                .chain
                .iter()
                .map(|found| (&found.certificate).into())
                .collect(),
        }
    }
}

/// A truststore may have a hundred thousand: none of them is kept in its written form.
fn one_by_one<S: Serializer>(entries: &&[EntrySummary], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(entries.iter().map(Entry::from))
}
