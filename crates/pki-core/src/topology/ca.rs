use std::path::PathBuf;

use super::{ProblemKind, Span, reader::Reader, reader::Section, secret};
use crate::{key::KeyAlgorithm, secret::Source, x509::Fingerprint};

/// `[ca]`: who certifies the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ca {
    /// Who signs.
    pub issuer: Issuer,
    /// The key of a CA that is made here. Means nothing for an imported one.
    pub key: KeyAlgorithm,
    /// How long a CA that is made here is valid. Means nothing for an imported one.
    pub validity: Span,
    /// The password of `ca/ca.key`.
    pub password: Source,
    /// An existing CA.
    pub imported: Option<ImportedCa>,
    /// Whether the certificate of a CA that is made here is limited to the topology's names.
    pub name_constraints: bool,
    /// SHA-256 of the DER of the CA's certificate, where the topology pins it.
    pub pin: Option<Fingerprint>,
}

/// Who signs the certificates of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Issuer {
    /// A CA elsewhere, by CSR. Parsed, not yet built: whoever plans refuses it.
    External,
    /// A CA whose key is at hand, made here or imported.
    Local,
    /// Nobody: each certificate is its own anchor.
    SelfSigned,
}

/// A CA that existed before, root or intermediate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedCa {
    /// PEM: its certificate and what leads to the root.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key_file: PathBuf,
    /// What opens the key; `None` for a key that lies in the clear.
    pub key_password: Option<Source>,
}

pub(super) fn read(r: &mut Reader<'_>, mut table: Section<'_>) -> Ca {
    let issuer = table
        .get("issuer")
        .and_then(|field| field.word(r, ISSUERS))
        .unwrap_or(Issuer::Local);
    let key = table.get("key").and_then(|field| field.algorithm(r));
    let validity = table.get("validity").and_then(|field| field.validity(r));
    let password = table.get("password").and_then(|field| field.source(r));
    let pin = table.get("sha256").and_then(|field| field.fingerprint(r));
    let name_constraints = table
        .get("name_constraints")
        .and_then(|field| field.flag(r))
        .unwrap_or(false);
    let imported = read_imported(r, &mut table);
    if issuer == Issuer::SelfSigned {
        for key in [
            "certificate",
            "key_file",
            "key_password",
            "sha256",
            "name_constraints",
        ] {
            if let Some(field) = table.get(key) {
                let with = "ca.issuer = \"self-signed\"".to_owned();
                field.note_key(r, ProblemKind::Conflict { with });
            }
        }
    }
    // Its certificate is made: nothing that it says can be chosen any more.
    if imported.is_some()
        && let Some(field) = table.get("name_constraints")
    {
        let with = "ca.certificate".to_owned();
        field.note_key(r, ProblemKind::Conflict { with });
    }
    table.finish(r);
    Ca {
        issuer,
        key: key.unwrap_or(KeyAlgorithm::Rsa3072),
        validity: validity.unwrap_or(Span::years(20)),
        password: password.unwrap_or_else(|| secret("ca")),
        imported,
        name_constraints,
        pin,
    }
}

fn read_imported(r: &mut Reader<'_>, table: &mut Section<'_>) -> Option<ImportedCa> {
    let certificate = table.get("certificate");
    let key_file = table.get("key_file");
    let key_password = table.get("key_password");
    match (&certificate, &key_file) {
        (Some(certificate), None) => {
            let other = "ca.key_file".to_owned();
            certificate.note_key(r, ProblemKind::Needs { other });
        }
        (None, Some(key_file)) => {
            let other = "ca.certificate".to_owned();
            key_file.note_key(r, ProblemKind::Needs { other });
        }
        (None, None) => {
            if let Some(key_password) = &key_password {
                let other = "ca.key_file".to_owned();
                key_password.note_key(r, ProblemKind::Needs { other });
            }
        }
        (Some(_), Some(_)) => {}
    }
    let key_password = key_password.and_then(|field| field.source(r));
    let certificate = certificate.and_then(|field| field.path(r));
    let key_file = key_file.and_then(|field| field.path(r));
    Some(ImportedCa {
        certificate: certificate?,
        key_file: key_file?,
        key_password,
    })
}

const ISSUERS: &[(&str, Issuer)] = &[
    ("local", Issuer::Local),
    ("self-signed", Issuer::SelfSigned),
    ("external", Issuer::External),
];
