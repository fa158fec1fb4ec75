use std::fmt;

use crate::{
    verify::Severity,
    wso2::{
        Slot,
        config::Place,
        vault::{Consequence, Hazard, Verdict},
    },
};

/// Something that is wrong with a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretProblem {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` for what concerns the node as a whole.
    pub place: Option<Place>,
    /// The secret.
    pub alias: Option<String>,
    /// What it is.
    pub kind: SecretProblemKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretProblemKind {
    /// The vault's key is the one that the product falls back to, which everybody can read in its source.
    BuiltInKey,
    /// The product's cipher tool would stumble over it.
    CipherTool(Hazard),
    /// Another node has another value under the alias.
    Differs {
        /// That node.
        from: String,
    },
    /// A value of the configuration names a secret that is not there.
    Dangling {
        /// What comes of it.
        consequence: Consequence,
    },
    /// It ends with a blank or a line end, which is part of it.
    EndsBlank,
    /// Another node has a secret under the alias, and this one has none.
    Missing {
        /// That node.
        on: String,
    },
    /// It is not encrypted.
    NotEncrypted {
        /// What comes of it, if something names it.
        consequence: Option<Consequence>,
    },
    /// The configuration says in clear what opens the vault's keystore, and with it every secret.
    KeyInClear {
        /// Where.
        places: Vec<Place>,
    },
    /// Values name secrets, and the vault is not set up, or switched off.
    Off {
        /// How many.
        references: usize,
    },
    /// The envelope names another certificate than the release writes for the node's keys. The product never
    /// looks; people do.
    OtherCertificate {
        /// SHA-1, as it stands there.
        named: String,
        /// Whose certificate the release names.
        expected: Slot,
    },
    /// A later line of the file has the same alias, and counts.
    Shadowed,
    /// The configuration says another value than the one that would be encrypted for it.
    TargetDiffers {
        /// Where the configuration says it.
        written: Place,
    },
    /// The node does not read it.
    Unreadable {
        /// Why.
        verdict: Verdict,
        /// What comes of it, if something names it.
        consequence: Option<Consequence>,
        /// The values that it stands for.
        named_by: Vec<Place>,
    },
    /// The key under which the secrets are encrypted is short.
    WeakKey {
        /// Of its modulus.
        bits: usize,
    },
}

impl SecretProblemKind {
    /// Its name in JSON.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::BuiltInKey => "built-in-key",
            Self::CipherTool(_) => "cipher-tool",
            Self::Differs { .. } => "differs",
            Self::Dangling { .. } => "dangling",
            Self::EndsBlank => "ends-blank",
            Self::KeyInClear { .. } => "key-in-clear",
            Self::Missing { .. } => "missing",
            Self::NotEncrypted { .. } => "not-encrypted",
            Self::Off { .. } => "vault-off",
            Self::OtherCertificate { .. } => "other-certificate",
            Self::Shadowed => "shadowed",
            Self::TargetDiffers { .. } => "target-differs",
            Self::Unreadable { .. } => "unreadable",
            Self::WeakKey { .. } => "weak-key",
        }
    }
}

impl fmt::Display for SecretProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltInKey => f.write_str(
                "the vault's key is the product's built-in one, because its keystore has no secret key: \
                 everybody can decrypt these secrets",
            ),
            Self::CipherTool(Hazard::Header { .. }) => f.write_str(
                "the product's cipher tool does not find the secrets: it looks for a line `[secrets]`",
            ),
            Self::CipherTool(Hazard::Line { line }) => write!(
                f,
                "line {line} stands behind `[secrets]` and is no secret: the product's cipher tool cuts the \
                 file off there"
            ),
            Self::Differs { from } => write!(f, "{from} has another value under this alias"),
            Self::Dangling { consequence } => {
                write!(f, "no secret has this alias: {}", said(*consequence))
            }
            Self::EndsBlank => f.write_str("it ends with a blank or a line end, which is part of it"),
            Self::KeyInClear { places } => {
                let places: Vec<String> = places.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "what opens the vault's keystore, and so every secret, stands in clear at {}",
                    places.join(", ")
                )
            }
            Self::Missing { on } => write!(f, "{on} has a secret under this alias, and here is none"),
            Self::NotEncrypted { consequence } => {
                f.write_str("it is not encrypted")?;
                consequence.map_or(Ok(()), |it| write!(f, ": {}", said(it)))
            }
            Self::Off { references } => write!(
                f,
                "the configuration names secrets in {references} places, and the vault is not set up or \
                 switched off"
            ),
            Self::OtherCertificate { named, expected } => write!(
                f,
                "it names the certificate with the SHA-1 {named}, which is not that of the {expected} key"
            ),
            Self::Shadowed => f.write_str("a later line has the same alias, and counts"),
            Self::TargetDiffers { written } => {
                write!(f, "{written} says another value than the one in brackets")
            }
            Self::Unreadable {
                verdict,
                consequence,
                named_by,
            } => {
                write!(f, "{}", reason(verdict))?;
                let Some(consequence) = consequence else {
                    return Ok(());
                };
                let places: Vec<String> = named_by.iter().map(ToString::to_string).collect();
                write!(f, ": {} at {}", said(*consequence), places.join(", "))
            }
            Self::WeakKey { bits } => {
                write!(f, "the key of these secrets is RSA with {bits} bits, which is weak")
            }
        }
    }
}

fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Doubtful(_) => {
            "it opens to what is no text, so the key is probably another one".to_owned()
        }
        Verdict::Empty => "it is empty".to_owned(),
        Verdict::Fails(error) => error.to_string(),
        Verdict::Malformed(malformed) => malformed.to_string(),
        Verdict::OtherCipher { opened, read_as } => format!(
            "it is encrypted with {}, and the node reads it as {read_as}",
            opened.cipher
        ),
        _ => "the node does not read it".to_owned(),
    }
}

fn said(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::DoesNotStart => "the server does not start",
        _ => "the server takes the alias itself for the secret",
    }
}
