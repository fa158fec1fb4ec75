//! What a home's files tell about it where nobody wrote it down: its release and its role.

use super::{Call, CallTarget, Document, Generation, HomeConfig, HomeFiles, Host, State};
use crate::{
    wso2::{GATEWAY_CERTIFICATE_ALIAS, Product, Role, known_certificate},
    x509::Certificate,
};

/// A value that was concluded, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told<T> {
    /// The value.
    pub value: T,
    /// What tells it, a clause each: `` `APIStore/URL` names `store.example.com` ``.
    pub evidence: Vec<String>,
}

impl<T> Told<T> {
    /// A value with what tells it.
    pub fn new(value: T, evidence: impl Into<String>) -> Self {
        Self {
            value,
            evidence: vec![evidence.into()],
        }
    }
}

/// A role that cannot be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleUntold {
    /// The roles for which as much speaks; empty if nothing speaks for any.
    pub candidates: Vec<Role>,
}

impl HomeConfig {
    /// The role: written, or concluded from what is set and which files are there.
    ///
    /// A URL that somebody pointed at another server speaks for the roles that open it and against the
    /// others. In 2.x a thrift server that is named after the node itself speaks for a key manager, and
    /// files that the product's profile optimiser has moved away for a traffic manager; later the database
    /// that is not set, for a traffic manager or a gateway.
    ///
    /// # Errors
    ///
    /// [`RoleUntold`] with the roles that are left.
    pub fn told_role(&self, files: &HomeFiles) -> Result<Told<Role>, RoleUntold> {
        if let Some(role) = self.role.known() {
            let place = self.role.place.as_ref();
            let place = place.map_or_else(String::new, |place| format!("`{}` says so", place.key));
            return Ok(Told::new(*role, place));
        }
        let mut scores: Vec<Score> = self.roles().iter().map(|role| Score::of(*role)).collect();
        let mut keys: Vec<&str> = self.calls.iter().map(|call| call.key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.weigh(key, &mut scores);
        }
        match self.generation {
            Generation::Toml => self.weigh_database(&mut scores),
            Generation::Xml => self.weigh_files(files, &mut scores),
        }
        decide(scores)
    }

    /// True if a host is one of those by which the node knows itself.
    pub fn is_own_host(&self, host: &str) -> bool {
        let mut hosts = self.hosts.iter().filter_map(|host| host.known());
        hosts.any(|own| own.eq_ignore_ascii_case(host))
    }

    fn roles(&self) -> &'static [Role] {
        let usual = match self.generation {
            Generation::Toml => Product::of(4, 7),
            Generation::Xml => Product::of(2, 6),
        };
        self.product.known().copied().unwrap_or(usual).roles()
    }

    /// All calls of a setting: whom it names, and for whom that speaks.
    fn weigh(&self, key: &str, scores: &mut [Score]) {
        let is_of_a_role = |call: &&Call| {
            call.key == key && call.state == State::On && !call.to.roles().is_empty()
        };
        let calls: Vec<&Call> = self.calls.iter().filter(is_of_a_role).collect();
        let Some(call) = calls.first() else { return };
        let mut named: Vec<&str> = Vec::new();
        for endpoint in calls.iter().flat_map(|call| &call.endpoints) {
            if let Host::Named(host) = &endpoint.host {
                named.push(host);
            }
        }
        let other = named.iter().find(|host| !self.is_own_host(host));
        for score in scores {
            let opens = call.openers.contains(&score.role);
            match (other, named.first()) {
                (Some(host), _) if opens => {
                    score.points += 1;
                    score.evidence.push(format!("`{key}` names `{host}`"));
                }
                (Some(_), _) => score.points -= 1,
                (None, Some(host)) if call.to == CallTarget::Role(score.role) && !opens => {
                    score.points += 1;
                    let text = format!("`{key}` names `{host}`, the node itself");
                    score.evidence.push(text);
                }
                (None, None) if opens && !call.to.roles().contains(&score.role) => {
                    score.unset += 1;
                }
                (None, _) => {}
            }
        }
    }

    /// Gateways and traffic managers need no database of the product's: the role templates of all releases
    /// set `apim_db` for the others alone.
    fn weigh_database(&self, scores: &mut [Score]) {
        let mut leaves = self.documents.iter().flat_map(Document::leaves);
        if leaves.any(|leaf| leaf.key.starts_with("database.apim_db.")) {
            return;
        }
        for score in scores {
            match score.role {
                Role::Gateway | Role::TrafficManager => {
                    score
                        .evidence
                        .push("no `[database.apim_db]` is set".to_owned());
                }
                _ => score.points -= 1,
            }
        }
    }

    fn weigh_files(&self, files: &HomeFiles, scores: &mut [Score]) {
        let has = |name: &str| files.contains_key(&format!("repository/conf/{name}"));
        let mut speaks = |role, text: &str| {
            if let Some(score) = scores.iter_mut().find(|score| score.role == role) {
                score.points += 2;
                score.evidence.push(text.to_owned());
            }
        };
        let thrift = self.documents.iter().find_map(|document| {
            let file = document.file() == "repository/conf/api-manager.xml";
            file.then(|| {
                let host = document.leaf("APIManager/APIKeyValidator/ThriftServerHost")?;
                let enabled = document.leaf("APIManager/APIKeyValidator/EnableThriftServer")?;
                (enabled.text() == "true" && self.is_own_host(host.text())).then_some(())
            })?
        });
        if thrift.is_some() {
            speaks(
                Role::KeyManager,
                "its thrift server is on and named after the node",
            );
        }
        let optimised = has("axis2/axis2.xml") && !has("axis2/axis2_TM.xml");
        if optimised && has("registry.xml") && !has("registry_TM.xml") {
            speaks(
                Role::TrafficManager,
                "`axis2.xml` and `registry.xml` are those of a traffic manager",
            );
        }
        let app = |name: &str| {
            let folder = format!("repository/deployment/server/jaggeryapps/{name}/");
            files.keys().any(|file| file.starts_with(&folder))
        };
        match (app("publisher"), app("store")) {
            (true, false) => speaks(
                Role::Publisher,
                "of the portals only the publisher is there",
            ),
            (false, true) => speaks(Role::Store, "of the portals only the store is there"),
            _ => {}
        }
    }
}

/// What speaks for one role.
struct Score {
    role: Role,
    points: i32,
    /// Settings that it would need and that nobody set.
    unset: usize,
    evidence: Vec<String>,
}

impl Score {
    fn of(role: Role) -> Self {
        Self {
            role,
            points: 0,
            unset: 0,
            evidence: Vec::new(),
        }
    }
}

/// Of roles for which as much speaks, the one that needs least that is not set.
fn decide(mut scores: Vec<Score>) -> Result<Told<Role>, RoleUntold> {
    scores.retain(|score| score.points > 0);
    let rank = |score: &Score| (score.points, std::cmp::Reverse(score.unset));
    let Some(best) = scores.iter().map(rank).max() else {
        return Err(RoleUntold::default());
    };
    let mut best: Vec<Score> = scores.into_iter().filter(|it| rank(it) == best).collect();
    match (best.pop(), best.is_empty()) {
        (Some(score), true) => Ok(Told {
            value: score.role,
            evidence: score.evidence,
        }),
        (last, _) => {
            let all = best.iter().chain(&last);
            let mut candidates: Vec<Role> = all.map(|score| score.role).collect();
            candidates.sort_unstable();
            Err(RoleUntold { candidates })
        }
    }
}

/// The release that ships default stores such as these; `None` if several do, or if there are none.
///
/// `keys` are the certificates of private keys, `trusted` the trusted ones with their aliases. Which
/// release ships which was read off its repositories at each tag.
pub fn shipping_release<'a>(
    keys: impl IntoIterator<Item = &'a Certificate>,
    trusted: impl IntoIterator<Item = (&'a str, &'a Certificate)>,
) -> Option<Told<Product>> {
    let (mut first, mut last) = Product::SUPPORTED;
    let mut evidence: Vec<String> = Vec::new();
    let mut narrow = |range: (Product, Product), text: String| {
        first = first.max(range.0);
        last = last.min(range.1);
        if !evidence.contains(&text) {
            evidence.push(text);
        }
    };
    for certificate in keys {
        let id = known_certificate(certificate).map(|known| known.id);
        if let Some((id, from, to)) = SHIPPED_KEYS.iter().find(|row| Some(row.0) == id) {
            narrow((*from, *to), format!("its key is the default key {id}"));
        }
    }
    for (alias, certificate) in trusted {
        let Some(known) = known_certificate(certificate) else {
            continue;
        };
        let shipped = |row: &&(&str, &str, Product, Product)| (row.0, row.1) == (known.id, alias);
        if let Some((id, _, from, to)) = SHIPPED_TRUST.iter().find(shipped) {
            let text = format!("it trusts the default certificate {id} as `{alias}`");
            narrow((*from, *to), text);
        }
    }
    (first == last && !evidence.is_empty()).then_some(Told {
        value: first,
        evidence,
    })
}

/// Default private keys: from which release to which.
const SHIPPED_KEYS: &[(&str, Product, Product)] = &[
    ("D1", Product::of(2, 0), Product::of(2, 1)),
    ("D2", Product::of(2, 2), Product::of(2, 6)),
    ("D3", Product::of(3, 0), Product::of(3, 0)),
    ("D4", Product::of(3, 1), Product::of(4, 0)),
    ("D5", Product::of(4, 1), Product::of(4, 1)),
    ("D6", Product::of(4, 2), Product::of(4, 2)),
    ("D7", Product::of(4, 3), Product::of(4, 3)),
    ("D8", Product::of(4, 4), Product::of(4, 4)),
    ("D9", Product::of(4, 5), Product::of(4, 5)),
    ("D10", Product::of(4, 6), Product::of(4, 6)),
    ("D11", Product::of(4, 7), Product::of(4, 7)),
];
/// Default trusted certificates with their aliases: from which release to which.
const SHIPPED_TRUST: &[(&str, &str, Product, Product)] = &[
    ("V5", "wso2carbonv5", Product::of(2, 6), Product::of(2, 6)),
    (
        "V5",
        "apim_analytics3.0.0",
        Product::of(3, 0),
        Product::of(4, 0),
    ),
    (
        "D3",
        GATEWAY_CERTIFICATE_ALIAS,
        Product::of(3, 0),
        Product::of(3, 0),
    ),
    (
        "D4",
        GATEWAY_CERTIFICATE_ALIAS,
        Product::of(3, 1),
        Product::of(4, 0),
    ),
    // The key id of D4 as an alias: 3.2 and 4.0 alone.
    (
        "D4",
        "mzyxmmfkogywmwi0zwnmndcxngywymm4zta3mwi2ndazzgqzngm0zgrlnjjkodfkzdriotfkmwfhmzu2zgvlng_rs256",
        Product::of(3, 2),
        Product::of(4, 0),
    ),
];
