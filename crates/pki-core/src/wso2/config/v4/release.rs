//! Which release a home is of, and which role, as far as its files tell it.

use super::resolve::Resolver;
use crate::wso2::{
    Product, Role,
    config::{Document, HomeFiles, Place, Setting, Unknown, v2},
};

/// The releases that a home may be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Releases {
    pub(super) oldest: Product,
    pub(super) newest: Product,
}

/// The releases for which a row of a table holds: the first and the last, both included.
pub(super) type Span = ((u8, u8), (u8, u8));

/// Every release that is configured by `deployment.toml`.
pub(super) const ALL: Span = ((3, 0), (4, 7));

impl Releases {
    /// True if a row holds for one of them.
    pub(super) fn meet(self, (first, last): Span) -> bool {
        let after = Product::of(last.0, last.1 + 1);
        self.newest >= Product::of(first.0, first.1) && self.oldest < after
    }

    /// What a value is in all of them, or that it depends on the release.
    pub(super) fn in_all<T: PartialEq>(self, of: impl Fn(Product) -> T) -> Result<T, Unknown> {
        let value = of(self.newest);
        if self.oldest == self.newest {
            return Ok(value);
        }
        let minors = (0..=u8::MAX).map(|minor| (3, minor)).take(3);
        let minors = minors.chain((0..=7).map(|minor| (4, minor)));
        let differs = minors
            .map(|(major, minor)| Product::of(major, minor))
            .filter(|product| self.oldest <= *product && *product <= self.newest)
            .any(|product| of(product) != value);
        match differs {
            true => Err(Unknown::Release(self.to_string())),
            false => Ok(value),
        }
    }

    fn narrow(&mut self, (first, last): Span) {
        let first = Product::of(first.0, first.1);
        let last = Product::of(last.0, last.1);
        // Evidence that contradicts itself proves nothing.
        if first <= self.newest && last >= self.oldest {
            self.oldest = self.oldest.max(first);
            self.newest = self.newest.min(last);
        }
    }
}

impl std::fmt::Display for Releases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it may be {} to {}", self.oldest, self.newest)
    }
}

/// The release: what the files say, else the caller, else what can be excluded.
pub(super) fn release(
    files: &HomeFiles,
    deployment: Option<&Document>,
    caller: Option<Product>,
) -> (Setting<Product>, Releases) {
    let told = v2::release(files, caller);
    if let Ok(product) = told.value {
        let one = Releases {
            oldest: product,
            newest: product,
        };
        return (told, one);
    }
    let mut releases = Releases {
        oldest: Product::of(ALL.0.0, ALL.0.1),
        newest: Product::SUPPORTED.1,
    };
    for (script, span, _) in SCRIPTS {
        if files.contains_key(*script) {
            releases.narrow(*span);
        }
    }
    let role = deployment.and_then(|document| document.leaf("server.server_role"));
    for (name, span, _) in ROLES {
        if role.is_some_and(|leaf| leaf.text() == *name) {
            releases.narrow(*span);
        }
    }
    let value = match releases.oldest == releases.newest {
        true => Ok(releases.newest),
        false => Err(Unknown::Release(releases.to_string())),
    };
    (Setting { value, place: None }, releases)
}

/// The role: what `server_role` says, else the distribution that the start script belongs to.
pub(super) fn role(resolver: &Resolver<'_>, files: &HomeFiles) -> Setting<Role> {
    let written = resolver.string("server.server_role");
    match (&written.value, &written.place) {
        (Ok(name), Some(_)) if name != "default" => {
            let known = ROLES.iter().find(|(known, ..)| known == name);
            return Setting {
                value: known.map(|(_, _, role)| *role).ok_or_else(|| {
                    Unknown::Invalid(format!("`{name}` is no role that the product knows"))
                }),
                place: written.place,
            };
        }
        (Err(unknown), Some(_)) => {
            return Setting {
                value: Err(unknown.clone()),
                place: written.place,
            };
        }
        _ => {}
    }
    let mut scripts = SCRIPTS.iter();
    let script = scripts.find(|(script, _, role)| role.is_some() && files.contains_key(*script));
    match script {
        Some((script, _, Some(role))) => Setting::written(Ok(*role), Place::of_file(script)),
        _ => Setting::absent(),
    }
}

/// What starts the server, in which releases, and the role of the distribution that has it (startup-scripts
/// of product-apim 3.2.0, 4.0.0, 4.5.0 and 4.7.0; key managers run the control plane's distribution, which
/// has the scripts of both).
#[rustfmt::skip]
const SCRIPTS: &[(&str, Span, Option<Role>)] = &[
    ("bin/wso2server.sh", ((3, 0), (3, 2)), None),
    ("bin/api-manager.sh", ((4, 0), (4, 7)), None),
    ("bin/api-cp.sh", ((4, 5), (4, 7)), None),
    ("bin/key-manager.sh", ((4, 5), (4, 7)), None),
    ("bin/gateway.sh", ((4, 5), (4, 7)), Some(Role::Gateway)),
    ("bin/traffic-manager.sh", ((4, 5), (4, 7)), Some(Role::TrafficManager)),
];

/// The values of `[server] server_role` (`infer.json` of each release; 4.7's template of a key manager
/// says `control-plane`).
#[rustfmt::skip]
const ROLES: &[(&str, Span, Role)] = &[
    ("api-devportal", ((3, 0), (3, 2)), Role::Store),
    ("api-devportal-deprecated", ((4, 0), (4, 1)), Role::Store),
    ("api-key-manager", ((3, 0), (3, 2)), Role::KeyManager),
    ("api-key-manager-deprecated", ((4, 0), (4, 7)), Role::KeyManager),
    ("api-publisher", ((3, 0), (3, 2)), Role::Publisher),
    ("api-publisher-deprecated", ((4, 0), (4, 1)), Role::Publisher),
    ("api-store", ((3, 0), (3, 0)), Role::Store),
    ("control-plane", ((4, 0), (4, 7)), Role::ControlPlane),
    ("gateway-worker", ALL, Role::Gateway),
    ("traffic-manager", ALL, Role::TrafficManager),
];
