//! Who leads to whom, over all stores that were looked at: by names and key identifiers, since a thousand
//! truststores are held against ten thousand keys. Signatures are the work of `path`.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{CertificateFacts, KeyFacts, Looked, StoreFacts, facts::AnchorId};

/// The anchors of every truststore, by name; of those to which the same chains lead, one.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    by_subject: HashMap<u64, Vec<Arc<CertificateFacts>>>,
    /// How many truststores there are.
    pub(crate) truststores: usize,
}

/// A trusted certificate of a store, to which a private key's chain leads.
#[derive(Debug)]
pub(crate) struct AnchorInUse<'a> {
    /// The store that trusts it.
    pub(crate) store: &'a Looked,
    /// Its alias there.
    pub(crate) alias: &'a str,
    /// The anchor.
    pub(crate) certificate: &'a Arc<CertificateFacts>,
    /// Whose key's chain leads to it: one, and how many more.
    pub(crate) used_by: String,
}

impl Trust {
    pub(super) fn of(stores: &[Looked]) -> Self {
        let mut trust = Self::default();
        let mut seen = HashSet::new();
        let mut contents = HashSet::new();
        for store in stores.iter().filter(|store| store.facts.is_truststore()) {
            trust.truststores += 1;
            // Equal files have the same facts.
            if !contents.insert(Arc::as_ptr(&store.facts)) {
                continue;
            }
            for (_, certificate) in &store.facts.trusted {
                if seen.insert(certificate.anchor()) {
                    let (subject, _) = certificate.names();
                    let same_name = trust.by_subject.entry(subject).or_default();
                    same_name.push(certificate.clone());
                }
            }
        }
        trust
    }

    /// True if a chain has an anchor in it, or ends at one.
    pub(crate) fn leads_to_an_anchor(&self, chain: &[Arc<CertificateFacts>]) -> bool {
        self.anchors(chain).next().is_some()
    }

    /// The anchors that a chain leads to.
    pub(crate) fn anchors<'s>(
        &'s self,
        chain: &'s [Arc<CertificateFacts>],
    ) -> impl Iterator<Item = &'s Arc<CertificateFacts>> {
        let in_it = chain.iter().flat_map(|certificate| {
            let same_name = self.named(certificate.names().0);
            same_name.filter(|anchor| anchor.is_same_anchor(certificate))
        });
        let above = chain.last().into_iter().flat_map(|last| {
            let issuers = self.named(last.names().1);
            issuers.filter(|anchor| last.names_as_issuer(anchor) && !last.is_same_anchor(anchor))
        });
        in_it.chain(above)
    }

    fn named(&self, subject: u64) -> impl Iterator<Item = &Arc<CertificateFacts>> {
        self.by_subject.get(&subject).into_iter().flatten()
    }
}

/// True if a chain leads to an anchor of a store, by names and key identifiers. No signature is looked at.
pub fn leads_to(chain: &[Arc<CertificateFacts>], store: &StoreFacts) -> bool {
    store.trusted.iter().any(|(_, anchor)| {
        chain
            .iter()
            .any(|certificate| anchor.is_same_anchor(certificate))
            || chain
                .last()
                .is_some_and(|last| last.names_as_issuer(anchor))
    })
}

/// Every entry of a truststore to which a private key's chain leads.
pub(super) fn anchors_in_use<'a>(stores: &'a [Looked], trust: &Trust) -> Vec<AnchorInUse<'a>> {
    let mut users: HashMap<AnchorId, (String, usize)> = HashMap::new();
    let mut contents = HashSet::new();
    for store in stores {
        if !contents.insert(Arc::as_ptr(&store.facts)) {
            continue;
        }
        for key in &store.facts.keys {
            for anchor in trust.anchors(&key.chain) {
                let user = || (format!("`{}` in {}", key.alias, store.path), 0);
                users.entry(anchor.anchor()).or_insert_with(user).1 += 1;
            }
        }
    }
    let mut found = Vec::new();
    for store in stores.iter().filter(|store| store.facts.is_truststore()) {
        for (alias, certificate) in &store.facts.trusted {
            if let Some((user, uses)) = users.get(&certificate.anchor()) {
                let used_by = match uses {
                    1 => user.clone(),
                    _ => format!("{user}, one of {uses},"),
                };
                found.push(AnchorInUse {
                    store,
                    alias,
                    certificate,
                    used_by,
                });
            }
        }
    }
    found
}

/// Every private key, with the store that it is in.
pub(super) fn keys(stores: &[Looked]) -> impl Iterator<Item = (&Looked, &KeyFacts)> {
    stores
        .iter()
        .flat_map(|store| store.facts.keys.iter().map(move |key| (store, key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Lab, Made};

    #[test]
    fn every_certificate_of_an_authority_that_kept_its_key_is_in_use() {
        let (old, new) = (Lab.ca(), Lab.ca().years(2025, 2050));
        let leaf = Lab.tls().issued_by(&old);
        let stores = Lab
            .jks("tls.jks", [leaf.entry("tls")])
            .and_trust("a.jks", [("old", old.certificate())])
            .and_trust(
                "b.jks",
                [
                    ("new", new.certificate()),
                    ("other", Lab.other().certificate()),
                ],
            )
            .audit(&[])
            .stores;
        let trust = Trust::of(&stores);
        let used = anchors_in_use(&stores, &trust);
        let used: Vec<_> = used.iter().map(|it| (it.alias, &*it.used_by)).collect();
        let user = "`tls` in tls.jks";
        assert_eq!(used, [("old", user), ("new", user)]);
        assert_eq!(trust.truststores, 2);
    }

    #[test]
    fn a_chain_leads_to_its_own_certificate_to_its_issuer_and_to_nobody_else() {
        let (ca, tls) = (Lab.ca(), Lab.tls().issued_by(&Lab.ca()));
        let leads = |made: &Made, anchor: &Made| {
            let case = Lab.jks("tls.jks", [made.entry("tls")]);
            let stores = case
                .and_trust("trust.jks", [("a", anchor.certificate())])
                .audit(&[])
                .stores;
            leads_to(&stores[0].facts.keys[0].chain, &stores[1].facts)
        };
        assert!(leads(&tls.clone().leaf_alone(), &ca));
        assert!(leads(&tls, &ca));
        assert!(leads(&Lab.tls(), &Lab.tls().years(2020, 2022)));
        assert!(!leads(&tls, &Lab.namesake_ca()));
        assert!(!leads(&tls, &Lab.other()));
        assert!(!leads(&Lab.tls(), &Lab.namesake()));
    }
}
