//! Keystores from files that have no aliases and no entries, but keys and certificates in some order.

use std::collections::{HashMap, HashSet};

use super::{DecodeError, Decoded, Entry, Format, Integrity, Keystore, SealedKey, entry::Seal};
use crate::{
    key::{
        KeyMatch,
        der::{self, DerError, Length},
    },
    x509::Certificate,
};

/// Every certificate as a trusted one.
pub(super) fn trusted(certificates: &[Certificate]) -> Keystore {
    assemble(Vec::new(), certificates)
}

/// A file that proves nothing about itself.
pub(super) fn decoded(format: Format, keystore: Keystore) -> Decoded {
    Decoded {
        format,
        integrity: Integrity::Absent,
        mac: None,
        kdf: None,
        iterations: None,
        protections: Vec::new(),
        encoding: None,
        keystore,
        proven: None,
    }
}

/// A broken encoding, in the element that begins at `start` of the file: damage, or an end too early.
pub(super) fn broken(format: Format, error: DerError, file: &[u8], start: usize) -> DecodeError {
    let element = file.get(start..).unwrap_or_default();
    let cut = match der::header(element) {
        Ok((header, Length::Definite(length))) => header.saturating_add(length) > element.len(),
        _ => error.offset >= file.len(),
    };
    let reason = error.reason.to_owned();
    if cut {
        return DecodeError::Truncated {
            format,
            offset: file.len(),
            reason,
        };
    }
    DecodeError::Damaged {
        format,
        offset: error.offset,
        reason,
    }
}

/// A private key that stands in a bundle.
pub(super) struct Key {
    pub(super) sealed: SealedKey,
    /// How many certificates stand before it.
    pub(super) follows: usize,
}

/// Keys with their chains first, then the certificates that are in no chain, each in the file's order.
pub(super) fn assemble(keys: Vec<Key>, certificates: &[Certificate]) -> Keystore {
    let mut used = vec![false; certificates.len()];
    let mut names = Names::default();
    let mut keystore = Keystore::new();
    let by_subject = if keys.is_empty() {
        HashMap::new()
    } else {
        first_by_subject(certificates)
    };
    for key in keys {
        let chain = match end_entity(&key, certificates, &used) {
            Some(first) => chain(first, certificates, &by_subject, &mut used),
            None => Vec::new(),
        };
        let alias = names.unique(chain.first(), "key");
        keystore.push(Entry::private_key(alias, key.sealed, chain));
    }
    for (certificate, used) in certificates.iter().zip(used) {
        if !used {
            let alias = names.unique(Some(certificate), "certificate");
            keystore.push(Entry::trusted(alias, certificate.clone()));
        }
    }
    keystore
}

/// The certificate over a key. Of an encrypted key nobody can tell: the next certificate behind it that
/// is in no chain yet, else the first in the file, which is how servers have their bundles.
fn end_entity(key: &Key, certificates: &[Certificate], used: &[bool]) -> Option<usize> {
    match &key.sealed.0 {
        Seal::Open(open) => {
            // Asking the key costs a multiplication on a curve, so only for what looks alike.
            let spki = open.spki().ok()?;
            let alike = |certificate: &Certificate| {
                let view = certificate.view().ok();
                view.is_some_and(|view| spki_end(&view.spki) == spki_end(&spki))
            };
            certificates
                .iter()
                .position(|found| alike(found) && open.matches(found) == KeyMatch::Yes)
        }
        Seal::Encrypted(_) | Seal::Bks(_) | Seal::Traditional(_) => {
            let behind = (key.follows..certificates.len()).find(|at| !used[*at]);
            behind.or_else(|| used.iter().position(|used| !used))
        }
    }
}

/// From a certificate up as far as issuers are in the file. Names alone are compared: whether a
/// signature holds is for those to say who judge paths.
fn chain(
    first: usize,
    certificates: &[Certificate],
    by_subject: &HashMap<&[u8], usize>,
    used: &mut [bool],
) -> Vec<Certificate> {
    let mut chain = vec![certificates[first].clone()];
    let mut in_chain = HashSet::from([first]);
    used[first] = true;
    let mut last = first;
    while let Ok(view) = certificates[last].view() {
        if view.subject == view.issuer {
            break;
        }
        let issuer = by_subject.get(view.issuer.der()).copied();
        let Some(next) = issuer.filter(|next| in_chain.insert(*next)) else {
            break;
        };
        used[next] = true;
        chain.push(certificates[next].clone());
        last = next;
    }
    chain
}

fn first_by_subject(certificates: &[Certificate]) -> HashMap<&[u8], usize> {
    let mut by_subject = HashMap::new();
    for (at, certificate) in certificates.iter().enumerate() {
        if let Ok(view) = certificate.view() {
            by_subject.entry(view.subject.der()).or_insert(at);
        }
    }
    by_subject
}

/// Enough of a public key to tell it from others, without the algorithm, which has several spellings.
fn spki_end(spki: &[u8]) -> &[u8] {
    &spki[spki.len().saturating_sub(32)..]
}

/// Aliases that are in use, and how often each was asked for.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    asked: HashMap<String, usize>,
}

impl Names {
    /// The common name in lower case, reduced to letters, digits, `.`, `-` and `_`, and numbered where it
    /// is taken.
    fn unique(&mut self, certificate: Option<&Certificate>, otherwise: &str) -> String {
        let name = certificate
            .and_then(|certificate| certificate.view().ok())
            .and_then(|view| view.subject.common_names().pop())
            .map(|name| plain(&name))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| otherwise.to_owned());
        let asked = self.asked.entry(name.clone()).or_default();
        loop {
            *asked += 1;
            let alias = match *asked {
                1 => name.clone(),
                number => format!("{name}-{number}"),
            };
            if self.taken.insert(alias.clone()) {
                return alias;
            }
        }
    }
}

fn plain(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars().take(MAX_ALIAS) {
        if c.is_alphanumeric() || matches!(c, '.' | '_') {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// In characters, so that an alias is readable in a list.
const MAX_ALIAS: usize = 64;
