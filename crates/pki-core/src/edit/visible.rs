//! What Java sees of a store.

use std::collections::HashMap;

use crate::{
    keystore::{Content, Decoded, Entry, Format},
    x509::Certificate,
};

/// Whom a Java client trusts that has this store as its truststore: of each entry that it sees the
/// certificate, of a private key's the first of its chain (`sun.security.validator.TrustStoreUtil`). Of a
/// file that is no keystore, PEM, DER or PKCS #7, every certificate.
pub fn trusted_by_java(decoded: &Decoded) -> Vec<Certificate> {
    let entries = decoded.keystore.entries();
    if matches!(decoded.format, Format::Pem | Format::Der | Format::Pkcs7) {
        return entries
            .iter()
            .flat_map(|entry| entry.certificates().to_vec())
            .collect();
    }
    let seen = entries.iter().zip(visible(decoded));
    seen.filter(|(_, visible)| *visible)
        .filter_map(|(entry, _)| entry.certificates().first().cloned())
        .collect()
}

/// For each entry, whether Java finds it when asked for its alias.
pub(super) fn visible(decoded: &Decoded) -> impl Iterator<Item = bool> {
    let entries = decoded.keystore.entries();
    // Java's map has the last of two namesakes.
    let mut last = HashMap::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        last.insert(found_as(decoded.format, entry), at);
    }
    entries.iter().enumerate().map(move |(at, entry)| {
        is_visible(decoded.format, entry) && last.get(&found_as(decoded.format, entry)) == Some(&at)
    })
}

/// Under which name Java keeps an entry: a JKS file's spelling, else in lower case.
pub(super) fn found_as(format: Format, entry: &Entry) -> String {
    match format {
        Format::Jks | Format::Jceks => entry.alias.as_str().to_owned(),
        _ => entry.alias.lookup(),
    }
}

/// True if Java finds the entry, where it has no namesake.
pub(super) fn is_visible(format: Format, entry: &Entry) -> bool {
    let spelled = !matches!(format, Format::Jks | Format::Jceks) || entry.alias.is_found_by_java();
    let shown = match entry.content {
        Content::TrustedCertificate { java_visible, .. } => java_visible,
        // keytool 17 lists no entry of a keyBag, the only place of an open key in a PKCS #12.
        Content::PrivateKey { ref key, .. } => format != Format::Pkcs12 || !key.is_unprotected(),
        Content::SecretKey { .. } => true,
    };
    spelled && shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::testing::{decoded, made, store_of},
        keystore::Keystore,
    };

    #[test]
    fn what_java_does_not_find_is_not_visible() {
        let one = made("a", None).certificate;
        let mut store = decoded(&Keystore::new());
        for alias in ["Mixed", "twice", "twice"] {
            store.keystore.push(Entry::trusted(alias, one.clone()));
        }
        let seen = |store: &Decoded| visible(store).collect::<Vec<_>>();
        assert_eq!(seen(&store), [false, false, true]);
        store.format = Format::Pkcs12;
        assert_eq!(seen(&store), [true, false, true]);
    }

    #[test]
    fn of_a_keys_chain_java_trusts_the_first_certificate_alone() {
        let ca = made("ca", None);
        let server = made("server", Some(&ca));
        let mut entry = server.entry("server", "password");
        let Content::PrivateKey { chain, .. } = &mut entry.content else {
            unreachable!("it is a key");
        };
        chain.push(ca.certificate);
        let other = made("other", None).certificate;
        let hidden = Entry::trusted("Mixed", made("hidden", None).certificate);
        let mut store = decoded(&store_of([entry, Entry::trusted("other", other.clone())]));
        store.keystore.push(hidden);
        let trusted = trusted_by_java(&store);
        assert_eq!(trusted, [server.certificate.clone(), other]);
        store.format = Format::Pem;
        assert_eq!(trusted_by_java(&store).len(), 4);
    }
}
