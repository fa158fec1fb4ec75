//! PKCS #12 as keytool lays it out: one safe of keys, one encrypted safe of certificates, a MAC.

use std::{collections::HashSet, num::NonZeroU32};

use aws_lc_rs::digest;

use super::{
    bags::{
        BAG_TYPES, BMP_STRING, CERTIFICATE, EXPLICIT_0, FRIENDLY_NAME, IMPLICIT_0, LOCAL_KEY_ID,
        SECRET, SHROUDED_KEY, TRUSTED_USE, TRUSTED_USE_DOTTED, X509_CERTIFICATE,
    },
    mac::Hash,
};
use crate::{
    key::{
        Random,
        der::{self, Reader},
        pbes2::Pbes2,
    },
    keystore::{
        Attribute, Content, EncodeError, Entry, Format, Keystore, Pkcs12Profile, Protection,
        entry::Seal,
        protect::{
            pbes::{NOT_ASCII, Scheme},
            pbes1::{Pbes1, Pbes1Cipher},
        },
    },
    secret::{Bytes, Password},
    x509::Certificate,
};

/// Writes a store. Random bytes are drawn in the file's order: salt and IV of the certificates' safe,
/// salt of the MAC.
pub(super) fn encode(
    store: &Keystore,
    password: &Password,
    profile: Pkcs12Profile,
    random: &mut dyn Random,
) -> Result<Bytes, EncodeError> {
    if !password.is_ascii() {
        return Err(EncodeError::Password {
            format: Format::Pkcs12,
            reason: NOT_ASCII,
        });
    }
    let mut aliases = HashSet::new();
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    for entry in store.entries() {
        check_alias(entry, &mut aliases)?;
        keys.extend(key_bag(entry, profile)?);
        certificates.extend(certificate_bags(entry));
    }

    let mut safes = Vec::new();
    if !keys.is_empty() {
        let contents = der::sequence(&slices(&keys));
        safes.push(content_info(
            DATA,
            &der::encode(der::OCTET_STRING, &[&contents]),
        ));
    }
    if !certificates.is_empty() {
        let contents = der::sequence(&slices(&certificates));
        safes.push(encrypted_safe(&contents, password, profile, random)?);
    }
    let authenticated = der::sequence(&slices(&safes));

    let mut salt = [0; 20];
    random.fill(&mut salt);
    let (hash, iterations) = mac_of(profile);
    let mac = hash.mac_data(&authenticated, password, &salt, iterations);
    let data = der::encode(der::OCTET_STRING, &[&authenticated]);
    let pfx = [der::unsigned(3), content_info(DATA, &data), mac];
    Ok(Bytes::from(der::sequence(&slices(&pfx))))
}

/// The profile's MAC: hash and iterations, measured on what keytool 17 writes with and without
/// `-J-Dkeystore.pkcs12.legacy`.
pub(super) fn mac_of(profile: Pkcs12Profile) -> (Hash, NonZeroU32) {
    match profile {
        Pkcs12Profile::Java8 => (Hash::Sha1, iterations(100_000)),
        Pkcs12Profile::Modern => (Hash::Sha256, iterations(10_000)),
    }
}

/// The protection of the profile's certificates.
pub(super) fn certificate_protection(profile: Pkcs12Profile) -> Protection {
    match profile {
        Pkcs12Profile::Java8 => Protection::Sha1Rc2 { iterations: 50_000 },
        Pkcs12Profile::Modern => Protection::Pbes2Aes256Sha256 { iterations: 10_000 },
    }
}

/// Whether the profile's readers open a key with this protection.
pub(super) fn takes(profile: Pkcs12Profile, protection: Option<Protection>) -> bool {
    match protection {
        Some(Protection::Sha1TripleDes { .. } | Protection::Sha1Rc2 { .. }) => true,
        Some(Protection::Pbes2Aes256Sha256 { .. } | Protection::Pbes2Other { .. }) => {
            profile == Pkcs12Profile::Modern
        }
        _ => false,
    }
}

/// True for the trusted-use attribute that is written anyway.
pub(super) fn is_any_use(attribute: &Attribute) -> bool {
    attribute.der == trusted_use()
}

fn check_alias(entry: &Entry, aliases: &mut HashSet<String>) -> Result<(), EncodeError> {
    let refuse = |reason| {
        Err(EncodeError::Alias {
            alias: entry.alias.clone(),
            reason,
        })
    };
    if entry.alias.as_str().is_empty() {
        return refuse("it is empty");
    }
    if !aliases.insert(entry.alias.lookup()) {
        return refuse("another entry has it, and Java does not tell upper from lower case");
    }
    Ok(())
}

fn key_bag(entry: &Entry, profile: Pkcs12Profile) -> Result<Option<Vec<u8>>, EncodeError> {
    let refuse = |reason| {
        Err(EncodeError::Entry {
            alias: entry.alias.clone(),
            format: Format::Pkcs12,
            reason,
        })
    };
    let (kind, value) = match &entry.content {
        Content::TrustedCertificate { .. } => return Ok(None),
        Content::PrivateKey { key, .. } => match &key.0 {
            Seal::Open(_) => return refuse("its key is not sealed under a password"),
            Seal::Encrypted(der) if takes(profile, key.protection()) => {
                (SHROUDED_KEY, der.as_slice())
            }
            Seal::Encrypted(_) | Seal::Bks(_) | Seal::Traditional(_) => {
                return refuse(
                    "its key is protected in a way that readers of the profile do not know",
                );
            }
        },
        Content::SecretKey { sealed } if is_secret_bag(sealed) => (SECRET, sealed.expose()),
        Content::SecretKey { .. } => return refuse("its secret key comes from another format"),
    };
    let attributes = attributes(
        Some(entry.alias.as_str()),
        Some(&key_id(entry)),
        entry,
        false,
    );
    Ok(Some(bag(kind, value, &attributes)))
}

/// The certificates of an entry: the first with the entry's name and, for a key, its localKeyID; the
/// others named by their subjects. Java gives all of them the entry's other attributes.
fn certificate_bags(entry: &Entry) -> Vec<Vec<u8>> {
    let is_key = matches!(entry.content, Content::PrivateKey { .. });
    let visible = matches!(
        entry.content,
        Content::TrustedCertificate {
            java_visible: true,
            ..
        }
    );
    let mut bags = Vec::new();
    for (at, certificate) in entry.certificates().iter().enumerate() {
        let attributes = if at == 0 {
            let key_id = is_key.then(|| key_id(entry));
            attributes(
                Some(entry.alias.as_str()),
                key_id.as_deref(),
                entry,
                visible,
            )
        } else {
            let subject = certificate.view().ok().map(|view| view.subject.to_string());
            attributes(subject.as_deref(), None, entry, false)
        };
        let octets = der::encode(der::OCTET_STRING, &[certificate.der()]);
        let value = der::sequence(&[
            &der::encode(der::OID, &[X509_CERTIFICATE]),
            &der::encode(EXPLICIT_0, &[&octets]),
        ]);
        bags.push(bag(CERTIFICATE, &value, &attributes));
    }
    bags
}

fn bag(kind: u8, value: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let oid = der::encode(der::OID, &[BAG_TYPES, &[kind]]);
    let value = der::encode(EXPLICIT_0, &[value]);
    if attributes.is_empty() {
        return der::sequence(&[&oid, &value]);
    }
    der::sequence(&[&oid, &value, &der::encode(der::SET, &slices(attributes))])
}

/// The attributes in Java's order, which is not DER's.
fn attributes(
    name: Option<&str>,
    key_id: Option<&[u8]>,
    entry: &Entry,
    visible: bool,
) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = name.map(friendly_name).into_iter().collect();
    out.extend(key_id.map(|id| attribute(LOCAL_KEY_ID, &der::encode(der::OCTET_STRING, &[id]))));
    let (uses, others): (Vec<_>, Vec<_>) = entry
        .attributes
        .iter()
        .partition(|attribute| attribute.oid == TRUSTED_USE_DOTTED);
    if visible {
        out.push(
            uses.first()
                .map_or_else(trusted_use, |kept| kept.der.clone()),
        );
    }
    out.extend(others.iter().map(|attribute| attribute.der.clone()));
    out
}

/// What pairs a key with its certificate. Java puts the date there; without a date it is the SHA-1 of
/// the certificate, as OpenSSL has it, or of the sealed key.
fn key_id(entry: &Entry) -> Vec<u8> {
    if let Some(created) = entry.created {
        let milliseconds = created.unix_timestamp_nanos().div_euclid(1_000_000);
        return format!("Time {milliseconds}").into_bytes();
    }
    let sealed = match &entry.content {
        Content::PrivateKey { chain, key } => {
            match (chain.first().map(Certificate::sha1), &key.0) {
                (Some(sha1), _) => return sha1.to_vec(),
                (None, Seal::Encrypted(sealed) | Seal::Bks(sealed)) => sealed.as_slice(),
                (None, Seal::Open(_) | Seal::Traditional(_)) => &[],
            }
        }
        Content::SecretKey { sealed } => sealed.expose(),
        Content::TrustedCertificate { .. } => &[],
    };
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, sealed)
        .as_ref()
        .to_vec()
}

fn friendly_name(name: &str) -> Vec<u8> {
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    attribute(FRIENDLY_NAME, &der::encode(BMP_STRING, &[&units]))
}

fn trusted_use() -> Vec<u8> {
    attribute(
        TRUSTED_USE,
        &der::encode(der::OID, &[ANY_EXTENDED_KEY_USAGE]),
    )
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    der::sequence(&[
        &der::encode(der::OID, &[oid]),
        &der::encode(der::SET, &[value]),
    ])
}

/// `SecretBag ::= SEQUENCE { OID, [0] EXPLICIT ANY }`, as this format's reader keeps it.
fn is_secret_bag(sealed: &Bytes) -> bool {
    let check = || {
        let mut outer = Reader::new(sealed.expose());
        let mut bag = outer.sequence("a SecretBag")?;
        bag.oid("a secret's type")?;
        bag.expect(EXPLICIT_0, "a secret")?;
        outer.finish("the end of a SecretBag")
    };
    check().is_ok()
}

fn encrypted_safe(
    contents: &[u8],
    password: &Password,
    profile: Pkcs12Profile,
    random: &mut dyn Random,
) -> Result<Vec<u8>, EncodeError> {
    let rounds = iterations(match certificate_protection(profile) {
        Protection::Sha1Rc2 { iterations } | Protection::Pbes2Aes256Sha256 { iterations } => {
            iterations
        }
        _ => 1,
    });
    let scheme = match profile {
        Pkcs12Profile::Java8 => Scheme::Pbes1(Pbes1::new(Pbes1Cipher::Rc2Of40, rounds, random)),
        Pkcs12Profile::Modern => Scheme::Pbes2(Pbes2::aes256_sha256(rounds, random)),
    };
    // The lengths are the ciphers' own, so that no provider has a reason to refuse.
    let encrypted = scheme
        .encrypt(contents, password)
        .map_err(|_| EncodeError::Password {
            format: Format::Pkcs12,
            reason: "the crypto provider refuses the key that is derived from it",
        })?;
    let info = der::sequence(&[
        &der::encode(der::OID, &[DATA]),
        &scheme.to_algorithm(),
        &der::encode(IMPLICIT_0, &[&encrypted]),
    ]);
    Ok(content_info(
        ENCRYPTED_DATA,
        &der::sequence(&[&der::unsigned(0), &info]),
    ))
}

fn content_info(kind: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[
        &der::encode(der::OID, &[kind]),
        &der::encode(EXPLICIT_0, &[content]),
    ])
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

fn iterations(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// 1.2.840.113549.1.7.1 (RFC 5652)
pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
/// 1.2.840.113549.1.7.6
pub(super) const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
/// 2.5.29.37.0
const ANY_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0];
