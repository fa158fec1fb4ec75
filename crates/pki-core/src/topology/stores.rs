use std::path::PathBuf;

use super::{
    ProblemKind,
    reader::{Field, Reader, Section},
    secret,
};
use crate::{
    keystore::{Encoding, Format, Pkcs12Profile},
    secret::Source,
    wso2::{Product, Slot},
    x509::Fingerprint,
};

/// `[stores]`: the files that every node gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stores {
    /// The key for stored data; there only where the topology has `[internal]`.
    pub internal: Option<StoreFile>,
    /// The key that all nodes share.
    pub primary: StoreFile,
    /// The node's own key.
    pub tls: StoreFile,
    /// Whom the node trusts. Its alias is that of the anchor.
    pub truststore: StoreFile,
    /// The truststore of the product's vendor, whose CAs stay.
    pub vendor: Option<VendorTruststore>,
    /// PEM files with what else the nodes trust.
    pub trust: Vec<PathBuf>,
}

impl Stores {
    /// The file of a slot; `None` for `internal` where the primary serves.
    pub fn get(&self, slot: Slot) -> Option<&StoreFile> {
        match slot {
            Slot::Internal => self.internal.as_ref(),
            Slot::Primary => Some(&self.primary),
            Slot::Tls => Some(&self.tls),
            Slot::Truststore => Some(&self.truststore),
        }
    }

    /// The slots that a node has, with their files, as a node's folder lists them.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &StoreFile)> {
        Slot::ALL
            .into_iter()
            .filter_map(|slot| Some((slot, self.get(slot)?)))
    }
}

/// One of the files that a node gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreFile {
    /// The file's name, one path component.
    pub file: String,
    /// The alias of the entry that matters.
    pub alias: String,
    /// The password of the store and of the key in it.
    pub password: Source,
    /// How the file is written.
    pub encoding: Encoding,
}

/// The truststore that the nodes' own begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VendorTruststore {
    /// The file.
    pub path: PathBuf,
    /// What proves its integrity, where given.
    pub password: Option<Source>,
    /// SHA-256 of the file's bytes, where given.
    pub sha256: Option<Fingerprint>,
}

/// Reads `[stores]`. `product` decides aliases and profile; `internal` says whether `[internal]` is
/// there; `primary_alias` is what `[primary]` says.
pub(super) fn read(
    r: &mut Reader<'_>,
    mut table: Section<'_>,
    product: Product,
    internal: bool,
    primary_alias: Option<&str>,
) -> Stores {
    let format = read_format(r, &mut table);
    let profile_field = table.get("profile");
    let profile = profile_field
        .as_ref()
        .and_then(|field| field.word(r, PROFILES));
    let password = table.get("password").and_then(|field| field.source(r));
    let common = Common {
        product,
        format: format.unwrap_or(Format::Jks),
        profile: profile.unwrap_or(product.pkcs12_profile()),
        password: password.unwrap_or_else(|| secret("stores")),
    };
    let trust = table.get("trust").map(|field| paths(r, &field));
    let internal_table = table.section(r, Slot::Internal.name());
    if internal_table.is_there() && !internal {
        let other = "[internal]".to_owned();
        r.note(
            internal_table.at,
            &internal_table.path,
            ProblemKind::Needs { other },
        );
    }
    let (truststore_table, vendor) = read_vendor(r, &mut table);
    let primary_table = table.section(r, Slot::Primary.name());
    let tls_table = table.section(r, Slot::Tls.name());

    let primary = read_slot(r, primary_table, Slot::Primary, &common, primary_alias);
    let internal_file = read_slot(r, internal_table, Slot::Internal, &common, None);
    let tls = read_slot(r, tls_table, Slot::Tls, &common, None);
    let truststore = read_slot(r, truststore_table, Slot::Truststore, &common, None);
    if let Some(field) = profile_field
        && [&primary, &internal_file, &tls, &truststore]
            .iter()
            .all(|slot| slot.file.encoding == Encoding::Jks)
    {
        let other = "format = \"pkcs12\"".to_owned();
        field.note_key(r, ProblemKind::Needs { other });
    }
    table.finish(r);

    let mut files: Vec<&ReadSlot> = vec![&primary, &tls, &truststore];
    if internal {
        files.insert(1, &internal_file);
    }
    check_files(r, &files);
    Stores {
        internal: internal.then_some(internal_file.file),
        primary: primary.file,
        tls: tls.file,
        truststore: truststore.file,
        vendor,
        trust: trust.unwrap_or_default(),
    }
}

/// A list of paths.
pub(super) fn paths(r: &mut Reader<'_>, field: &Field<'_>) -> Vec<PathBuf> {
    let elements = field.elements(r);
    elements
        .iter()
        .filter_map(|element| element.path(r))
        .collect()
}

/// What holds for every slot that says nothing else.
struct Common {
    product: Product,
    format: Format,
    profile: Pkcs12Profile,
    password: Source,
}

struct ReadSlot {
    slot: Slot,
    /// Where the file's name stands, in bytes, and under which key.
    at: usize,
    path: String,
    /// Whether the topology gives the name.
    is_written: bool,
    file: StoreFile,
}

fn read_slot(
    r: &mut Reader<'_>,
    mut table: Section<'_>,
    slot: Slot,
    common: &Common,
    alias_elsewhere: Option<&str>,
) -> ReadSlot {
    let format = read_format(r, &mut table).unwrap_or(common.format);
    let profile_field = table.get("profile");
    let profile = profile_field
        .as_ref()
        .and_then(|field| field.word(r, PROFILES));
    if let (Some(field), true) = (&profile_field, format == Format::Jks) {
        let other = "format = \"pkcs12\"".to_owned();
        field.note_key(r, ProblemKind::Needs { other });
    }
    let password = table.get("password").and_then(|field| field.source(r));
    let file_field = table.get("file");
    let file = file_field.as_ref().and_then(|field| field.file_name(r));
    let alias_field = table.get("alias");
    let alias = alias_field.as_ref().and_then(|field| field.alias(r));
    if let (Some(field), Some(here), Some(there)) = (&alias_field, &alias, alias_elsewhere)
        && here != there
    {
        let with = format!("primary.alias = \"{there}\"");
        field.note(r, ProblemKind::Conflict { with });
    }
    table.finish(r);
    let encoding = match format {
        Format::Pkcs12 => Encoding::Pkcs12(profile.unwrap_or(common.profile)),
        _ => Encoding::Jks,
    };
    let is_written = file_field.is_some();
    let (at, path) = match file_field {
        Some(field) => (field.at, field.path),
        None => (table.at, table.path),
    };
    ReadSlot {
        slot,
        at,
        path,
        is_written,
        file: StoreFile {
            file: file.unwrap_or_else(|| slot.file_name(format)),
            alias: alias
                .or(alias_elsewhere.map(str::to_owned))
                .unwrap_or_else(|| slot.alias(common.product).to_owned()),
            password: password.unwrap_or_else(|| common.password.clone()),
            encoding,
        },
    }
}

/// `truststore` is two things: the vendor's file (a path, or `{ file, password, sha256 }` in braces or
/// with the pin), and, as a table with a header, what `[stores.SLOT]` is for the other slots. There the
/// vendor's file is called `vendor`.
fn read_vendor<'t>(
    r: &mut Reader<'_>,
    table: &mut Section<'t>,
) -> (Section<'t>, Option<VendorTruststore>) {
    let key = Slot::Truststore.name();
    let absent = Section::absent(format!("{}.{key}", table.path), table.at);
    let Some(field) = table.get(key) else {
        return (absent, None);
    };
    let pinned = field.has("sha256");
    if !field.is_table() || field.is_inline_table() || pinned {
        return (absent, read_vendor_file(r, &field));
    }
    let Some(mut slot) = field.section(r) else {
        return (absent, None);
    };
    let vendor = slot
        .get("vendor")
        .and_then(|field| read_vendor_file(r, &field));
    (slot, vendor)
}

fn read_vendor_file(r: &mut Reader<'_>, field: &Field<'_>) -> Option<VendorTruststore> {
    if !field.is_table() {
        return Some(VendorTruststore {
            path: field.path(r)?,
            password: None,
            sha256: None,
        });
    }
    let mut table = field.section(r)?;
    let path = table.require(r, "file").and_then(|field| field.path(r));
    let password = table.get("password").and_then(|field| field.source(r));
    let sha256 = table.get("sha256").and_then(|field| field.fingerprint(r));
    table.finish(r);
    Some(VendorTruststore {
        path: path?,
        password,
        sha256,
    })
}

fn read_format(r: &mut Reader<'_>, table: &mut Section<'_>) -> Option<Format> {
    table.get("format").and_then(|field| {
        field.word(
            r,
            &[
                (Format::Jks.name(), Format::Jks),
                (Format::Pkcs12.name(), Format::Pkcs12),
            ],
        )
    })
}

/// Each file of a node's folder has a name of its own on every file system.
fn check_files(r: &mut Reader<'_>, slots: &[&ReadSlot]) {
    let mut taken = vec![(CHAIN_FILE.to_owned(), "the node's chain".to_owned())];
    // Names that the file gives come behind those that it does not, so that the place of a problem is
    // a place where somebody wrote something.
    let mut slots = slots.to_vec();
    slots.sort_by_key(|slot| slot.is_written.then_some(slot.at));
    for slot in slots {
        let key = slot.file.file.to_lowercase();
        if let Some((_, holder)) = taken.iter().find(|(name, _)| *name == key) {
            let kind = ProblemKind::FileTaken {
                file: slot.file.file.clone(),
                holder: holder.clone(),
            };
            r.note(slot.at, &slot.path, kind);
        } else {
            taken.push((key, format!("slot `{}`", slot.slot)));
        }
    }
}

const PROFILES: &[(&str, Pkcs12Profile)] = &[
    (Pkcs12Profile::Java8.name(), Pkcs12Profile::Java8),
    (Pkcs12Profile::Modern.name(), Pkcs12Profile::Modern),
];

/// What every node's folder holds besides stores.
const CHAIN_FILE: &str = "tls.pem";
