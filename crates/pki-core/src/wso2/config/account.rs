//! What looks like a store, a password or a URL: taken by a table, known and of no concern, or not known.

use std::collections::HashSet;

use super::{Document, HomeConfig, Leaf, Mention, Place, Setting};

/// Sorts every value that looks like a store, a password or a URL, and that nothing else has taken, into
/// [`HomeConfig::ignored`], with the reason that is given for it, or [`HomeConfig::unknown`].
pub(super) fn account(
    config: &mut HomeConfig,
    reason: impl Fn(&Document, &Leaf) -> Option<&'static str>,
) {
    let taken: HashSet<&Place> = config.places().into_iter().collect();
    let mut ignored = Vec::new();
    let mut unknown = Vec::new();
    for document in &config.documents {
        let leaves = document.leaves().iter();
        for leaf in leaves.filter(|leaf| is_of_interest(leaf)) {
            let place = Place::of(document, leaf);
            if taken.contains(&place) {
                continue;
            }
            match reason(document, leaf) {
                Some(why) => ignored.push(Mention { place, why }),
                None => unknown.push(Mention { place, why: "" }),
            }
        }
    }
    config.ignored.extend(ignored);
    config.unknown.extend(unknown);
}

/// URLs that are names: claims, algorithms, vocabularies.
pub(super) fn is_vocabulary(leaf: &Leaf) -> bool {
    let text = leaf.text();
    VOCABULARIES.iter().any(|name| text.starts_with(name))
}

impl HomeConfig {
    /// Where everything stands that it holds: stores, calls, data sources, credentials, checks, protocols
    /// and what is about the node itself.
    pub fn places(&self) -> Vec<&Place> {
        let mut places = Vec::new();
        for store in &self.stores {
            places.extend(&store.location.place);
            places.extend(&store.kind.place);
            places.extend(&store.password.place);
            places.extend(&store.alias.place);
            places.extend(&store.key_password.place);
        }
        for call in &self.calls {
            places.extend(&call.setting.place);
        }
        for source in &self.sources {
            places.extend(&source.url.place);
            places.extend(source.truststore.iter().flat_map(place));
        }
        for credential in &self.credentials {
            places.extend(credential.user.iter().flat_map(place));
            places.extend(&credential.password.place);
        }
        for checks in &self.name_checks {
            places.extend(&checks.check.place);
        }
        for protocols in &self.protocols {
            places.extend(&protocols.versions.place);
        }
        places.extend(self.hosts.iter().flat_map(place));
        places.extend(&self.product.place);
        places.extend(&self.offset.place);
        places.extend(&self.role.place);
        places.extend(&self.transformation.place);
        places.extend(&self.encryption_key.place);
        places
    }
}

fn place<T>(setting: &Setting<T>) -> &Option<Place> {
    &setting.place
}

fn is_of_interest(leaf: &Leaf) -> bool {
    let looks = |text: &str| {
        let lower = text.to_ascii_lowercase();
        LOOKS.iter().any(|look| lower.contains(look))
    };
    looks(leaf.name()) || looks(leaf.text())
}

/// What a store, a password or a URL looks like, in lower case.
const LOOKS: &[&str] = &[
    "jks", ".p12", "assword", "http://", "https://", "ssl://", "tcp://", "amqp://", "ws://",
    "wss://", "ldap://", "ldaps://", "jdbc:",
];

const VOCABULARIES: &[&str] = &[
    "http://wso2.org/claims",
    "http://wso2.org/oidc",
    "http://schemas.",
    "http://www.w3.org/",
];
