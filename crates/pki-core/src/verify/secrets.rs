//! Whether nodes read their encrypted secrets.
//!
//! A secret that a node does not read is silent: the server takes its *alias* for the secret, and fails far away,
//! if at all. Here it is an error, with every value that would get the alias.

mod problem;

use std::collections::BTreeMap;

pub use problem::{SecretProblem, SecretProblemKind};

use super::Severity;
use crate::{
    observe::{NodeKeys, VaultHome},
    secret::Bytes,
    wso2::{
        Product, Slot,
        config::{Generation, Place},
        vault::{
            Consequence, Content, Keeper, Keyring, OpeningKey, Secret, TargetState, Vault, Verdict,
            certificate_of_envelope, names_certificate,
        },
    },
    x509::Certificate,
};

/// A node's secrets, and with what it reads them.
#[derive(Clone, Debug)]
pub struct NodeSecrets<'a> {
    /// What the node is called in reports.
    pub node: String,
    /// Its release, if that is known.
    pub product: Option<Product>,
    /// Its secrets.
    pub vault: &'a Vault<'a>,
    /// Its keys.
    pub keys: &'a Keyring,
    /// True if the vault's key is the one that stands in the product's source.
    pub built_in_key: bool,
    /// Where its configuration says the password of the vault's keystore in clear.
    pub clear: Vec<Place>,
    /// The certificate of its primary key.
    pub primary: Option<&'a Certificate>,
    /// The certificate of the key that encrypts what is stored: the internal one, or the primary's.
    pub internal: Option<&'a Certificate>,
}

/// What a node makes of its secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JudgedSecrets {
    /// The node.
    pub node: String,
    /// Of each secret, in the order of [`Vault::secrets`].
    pub verdicts: Vec<Verdict>,
    /// What is wrong.
    pub problems: Vec<SecretProblem>,
}

impl<'a> NodeSecrets<'a> {
    /// A home's, with its keys.
    pub fn of_home(home: &'a VaultHome, vault: &'a Vault<'a>, keys: &'a NodeKeys) -> Self {
        let primary = home.home.certificate(Slot::Primary);
        Self {
            node: home.home.dir.display().to_string(),
            product: home.product(),
            vault,
            keys: &keys.keyring,
            built_in_key: keys.built_in,
            clear: keys
                .store
                .as_deref()
                .map(|store| home.clear_passwords(store))
                .unwrap_or_default(),
            primary,
            internal: home.home.certificate(Slot::Internal).or(primary),
        }
    }
}

/// Judges the secrets of nodes, each by itself and all compared.
pub fn verify_secrets(nodes: &[NodeSecrets<'_>]) -> Vec<JudgedSecrets> {
    let mut judged: Vec<JudgedSecrets> = nodes.iter().map(judge).collect();
    compare(nodes, &mut judged);
    judged
}

fn judge(node: &NodeSecrets<'_>) -> JudgedSecrets {
    let vault = node.vault;
    let mut problems = Vec::new();
    let of_node = |severity, kind| SecretProblem {
        severity,
        place: None,
        alias: None,
        kind,
    };
    if let Some(bits) = node.keys.vault.as_ref().and_then(OpeningKey::rsa_bits)
        && bits < 2048
    {
        let kind = SecretProblemKind::WeakKey { bits };
        problems.push(of_node(Severity::Warning, kind));
    }
    if node.built_in_key {
        problems.push(of_node(Severity::Error, SecretProblemKind::BuiltInKey));
    }
    let sealed =
        |it: &Secret<'_>| it.keeper == Keeper::Vault && matches!(it.content, Content::Sealed(_));
    if !node.clear.is_empty() && vault.secrets.iter().any(sealed) {
        let places = node.clear.clone();
        let kind = SecretProblemKind::KeyInClear { places };
        problems.push(of_node(Severity::Warning, kind));
    }
    let references = vault.references.len();
    let is_off = !vault.settings.configured || !vault.settings.enabled;
    if is_off && references > 0 {
        let kind = SecretProblemKind::Off { references };
        problems.push(of_node(Severity::Error, kind));
    }
    let mut verdicts = Vec::new();
    for secret in &vault.secrets {
        let verdict = vault.check(secret, node.keys);
        let kinds = of_secret(node, secret, &verdict);
        problems.extend(kinds.into_iter().map(|(severity, kind)| SecretProblem {
            severity,
            place: Some(secret.place.clone()),
            alias: Some(secret.alias.clone()),
            kind,
        }));
        verdicts.push(verdict);
    }
    problems.extend(vault.dangling().map(|reference| SecretProblem {
        severity: Severity::Error,
        place: Some(reference.place.clone()),
        alias: Some(reference.alias.clone()),
        kind: SecretProblemKind::Dangling {
            consequence: match vault.generation {
                Generation::Toml => Consequence::DoesNotStart,
                _ => Consequence::AliasInItsPlace,
            },
        },
    }));
    problems.extend(vault.targets.iter().filter_map(|target| {
        let TargetState::WrittenOut {
            place,
            same: Some(false),
        } = &target.state
        else {
            return None;
        };
        Some(SecretProblem {
            severity: Severity::Warning,
            place: Some(target.place.clone()),
            alias: Some(target.alias.clone()),
            kind: SecretProblemKind::TargetDiffers {
                written: place.clone(),
            },
        })
    }));
    problems.extend(vault.hazards.iter().map(|hazard| {
        of_node(
            Severity::Warning,
            SecretProblemKind::CipherTool(hazard.clone()),
        )
    }));
    JudgedSecrets {
        node: node.node.clone(),
        verdicts,
        problems,
    }
}

fn of_secret(
    node: &NodeSecrets<'_>,
    secret: &Secret<'_>,
    verdict: &Verdict,
) -> Vec<(Severity, SecretProblemKind)> {
    let mut found = Vec::new();
    if secret.shadowed {
        return vec![(Severity::Warning, SecretProblemKind::Shadowed)];
    }
    let consequence = node.vault.consequence(secret, verdict);
    let by_consequence = match consequence {
        Some(_) => Severity::Error,
        None => Severity::Warning,
    };
    match verdict {
        Verdict::NoKey => {}
        Verdict::Reads(opened) => {
            let blank = |byte: &u8| byte.is_ascii_whitespace();
            if opened.plain.expose().last().is_some_and(blank) {
                found.push((Severity::Warning, SecretProblemKind::EndsBlank));
            }
        }
        Verdict::Plain { .. } => found.push((
            by_consequence,
            SecretProblemKind::NotEncrypted { consequence },
        )),
        verdict => {
            let severity = match verdict {
                Verdict::Empty => by_consequence,
                _ => Severity::Error,
            };
            let named_by = node.vault.references_to(&secret.alias);
            found.push((
                severity,
                SecretProblemKind::Unreadable {
                    verdict: verdict.clone(),
                    consequence,
                    named_by: match secret.keeper {
                        Keeper::Vault => named_by.map(|it| it.place.clone()).collect(),
                        _ => Vec::new(),
                    },
                },
            ));
        }
    }
    found.extend(other_certificate(node, secret).map(|kind| (Severity::Warning, kind)));
    found
}

fn other_certificate(node: &NodeSecrets<'_>, secret: &Secret<'_>) -> Option<SecretProblemKind> {
    let Content::Sealed(sealed) = &secret.content else {
        return None;
    };
    let expected = certificate_of_envelope(node.product?)?;
    let certificate = match expected {
        Slot::Internal => node.internal,
        _ => node.primary,
    };
    match names_certificate(sealed, certificate?) {
        Some(false) => Some(SecretProblemKind::OtherCertificate {
            named: sealed.thumbprint()?.to_owned(),
            expected,
        }),
        _ => None,
    }
}

/// What several nodes have under one alias should be the same, or one of them was forgotten.
fn compare(nodes: &[NodeSecrets<'_>], judged: &mut [JudgedSecrets]) {
    if nodes.len() < 2 {
        return;
    }
    let values: Vec<BTreeMap<&str, (&Place, Option<Bytes>)>> = nodes
        .iter()
        .zip(&*judged)
        .map(|(node, judged)| {
            let secrets = node.vault.secrets.iter().zip(&judged.verdicts);
            secrets
                .filter(|(secret, _)| secret.keeper == Keeper::Vault && !secret.shadowed)
                .map(|(secret, verdict)| {
                    let value = value(secret, verdict);
                    (secret.alias.as_str(), (&secret.place, value))
                })
                .collect()
        })
        .collect();
    let aliases: BTreeMap<&str, usize> = values
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(at, values)| values.keys().map(move |alias| (*alias, at)))
        .collect();
    for (alias, first) in aliases {
        let reference = values
            .iter()
            .enumerate()
            .find_map(|(at, values)| Some((at, values.get(alias)?.1.as_ref()?)));
        for (at, values) in values.iter().enumerate() {
            let (place, kind) = match (values.get(alias), reference) {
                (None, _) => {
                    let on = nodes[first].node.clone();
                    (None, SecretProblemKind::Missing { on })
                }
                (Some((place, Some(value))), Some((from, other))) if value != other => {
                    let from = nodes[from].node.clone();
                    (Some((*place).clone()), SecretProblemKind::Differs { from })
                }
                _ => continue,
            };
            judged[at].problems.push(SecretProblem {
                severity: Severity::Warning,
                place,
                alias: Some(alias.to_owned()),
                kind,
            });
        }
    }
}

fn value(secret: &Secret<'_>, verdict: &Verdict) -> Option<Bytes> {
    match (verdict, &secret.content) {
        (Verdict::Reads(opened) | Verdict::OtherCipher { opened, .. }, _) => {
            Some(opened.plain.clone())
        }
        (_, Content::Plain { text, .. }) => Some(Bytes::from(text.utf8())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key::SystemRandom,
        secret::Password,
        wso2::{
            config::{Document, Syntax},
            vault::{Cipher, SealingKey, SymmetricKey, seal},
        },
    };

    const CONF: &str =
        "secretRepositories=file\nsecretRepositories.file.encryptionMode=symmetric\n";

    fn key(byte: u8) -> SymmetricKey {
        SymmetricKey::from_bytes(vec![byte; 32]).unwrap()
    }

    fn sealed(secret: &str, byte: u8) -> String {
        let key = SealingKey::Symmetric(key(byte));
        seal(secret.as_bytes(), Cipher::AesGcm, &key, &mut SystemRandom).unwrap()
    }

    fn home(text: &str, conf: &str) -> Vec<Document> {
        let xml = br#"<S xmlns:svns="x"><P svns:secretAlias="a">password</P></S>"#;
        let security = "repository/conf/security";
        vec![
            Document::read("repository/conf/carbon.xml", Syntax::Xml, xml).unwrap(),
            Document::read(
                &format!("{security}/cipher-text.properties"),
                Syntax::Properties,
                text.as_bytes(),
            )
            .unwrap(),
            Document::read(
                &format!("{security}/secret-conf.properties"),
                Syntax::Properties,
                conf.as_bytes(),
            )
            .unwrap(),
        ]
    }

    fn judged(homes: &[Vec<Document>], built_in_key: bool) -> Vec<Vec<String>> {
        let mut keys = Keyring::new();
        keys.vault = Some(OpeningKey::Symmetric(key(1)));
        let vaults: Vec<Vault<'_>> = homes
            .iter()
            .map(|documents| Vault::of(documents, Generation::Xml))
            .collect();
        let nodes: Vec<NodeSecrets<'_>> = vaults
            .iter()
            .enumerate()
            .map(|(at, vault)| NodeSecrets {
                node: format!("n{at}"),
                product: None,
                vault,
                keys: &keys,
                built_in_key,
                clear: Vec::new(),
                primary: None,
                internal: None,
            })
            .collect();
        let line = |it: &SecretProblem| {
            let alias = it.alias.as_deref().unwrap_or("-");
            format!("{} {alias} {}", it.severity.name(), it.kind.id())
        };
        verify_secrets(&nodes)
            .iter()
            .map(|judged| judged.problems.iter().map(line).collect())
            .collect()
    }

    #[test]
    fn a_node_that_reads_all_of_its_secrets_has_no_problem() {
        let text = format!("a={}\n", sealed("secret", 1));
        assert_eq!(judged(&[home(&text, CONF)], false), [[""; 0]]);
    }

    #[test]
    fn what_a_node_does_not_read_is_an_error_and_names_what_gets_the_alias() {
        let documents = home(&format!("a={}\nb=[x]\n", sealed("secret", 2)), CONF);
        let vault = Vault::of(&documents, Generation::Xml);
        let mut keys = Keyring::new();
        keys.vault = Some(OpeningKey::Symmetric(key(1)));
        let node = NodeSecrets {
            node: "n".to_owned(),
            product: None,
            vault: &vault,
            keys: &keys,
            built_in_key: false,
            clear: Vec::new(),
            primary: None,
            internal: None,
        };
        let problems = &verify_secrets(&[node])[0].problems;
        assert_eq!(
            problems[0].kind.to_string(),
            "it was not encrypted for this key, or is damaged: the server takes the alias itself for the secret \
             at repository/conf/carbon.xml:1:40"
        );
        assert_eq!(problems[1].severity, Severity::Warning);
        assert_eq!(problems[1].kind.to_string(), "it is not encrypted");
    }

    #[test]
    fn each_problem_has_its_name() {
        let one = |text: &str, conf: &str| judged(&[home(text, conf)], false).remove(0);
        assert_eq!(one("", CONF), ["error a dangling"]);
        assert_eq!(one("a=\n", CONF), ["error a unreadable"]);
        assert_eq!(one("a=[x]\n", CONF), ["error a not-encrypted"]);
        let good = sealed("x", 1);
        assert_eq!(
            one(&format!("a=[x]\na={good}\n"), CONF),
            ["warning a shadowed"]
        );
        let blank = sealed("x\n", 1);
        assert_eq!(one(&format!("a={blank}\n"), CONF), ["warning a ends-blank"]);
        assert_eq!(
            one(
                &format!("a={good}\n"),
                &format!("{CONF}secVault.enabled=false\n")
            ),
            ["error - vault-off"]
        );
        let built_in = judged(&[home(&format!("a={good}\n"), CONF)], true);
        assert_eq!(built_in, [["error - built-in-key"]]);
    }

    #[test]
    fn nodes_are_held_against_each_other() {
        let homes = [
            home(
                &format!("a={}\nb={}\n", sealed("x", 1), sealed("y", 1)),
                CONF,
            ),
            home(&format!("a={}\n", sealed("other", 1)), CONF),
            home(&format!("a=[x]\nb={}\n", sealed("y", 1)), CONF),
        ];
        assert_eq!(
            judged(&homes, false),
            [
                &[][..],
                &["warning a differs", "warning b missing"],
                &["error a not-encrypted"]
            ]
        );
    }

    #[test]
    fn no_secret_is_in_what_is_told() {
        let documents = home(&format!("a={}\nb=[hunter2]\n", sealed("hunter2", 1)), CONF);
        let vault = Vault::of(&documents, Generation::Xml);
        let mut keys = Keyring::new();
        keys.vault = Some(OpeningKey::Symmetric(key(1)));
        let told = format!("{vault:?} {keys:?} {:?}", Password::new("hunter2"));
        let verdicts: Vec<String> = vault
            .secrets
            .iter()
            .map(|secret| format!("{:?}", vault.check(secret, &keys)))
            .collect();
        assert!(!told.contains("hunter2") && !verdicts.concat().contains("hunter2"));
    }
}
