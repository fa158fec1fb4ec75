use std::{fmt, path::PathBuf};

use time::Date;

use crate::{
    disk::RelPath, issue::SubjectError, observe::Unopened, secret::Source, wso2::Slot,
    x509::Fingerprint,
};

/// What a plan refuses to do, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The keystore to adopt has no such key.
    #[error("the adopted keystore `{}` has no private key `{alias}`: it has {}", path.display(), List(aliases))]
    AdoptedAlias {
        /// The keystore.
        path: PathBuf,
        /// As the topology names it.
        alias: String,
        /// The aliases of the private keys that are there.
        aliases: Vec<String>,
    },
    /// The key in the keystore to adopt does not open with the store's password, or is not its
    /// certificate's, or is no RSA key.
    #[error("the key `{alias}` of the adopted keystore `{}` cannot be used: {reason}", path.display())]
    AdoptedKey {
        /// The keystore.
        path: PathBuf,
        /// The key's alias.
        alias: String,
        /// Why not.
        reason: String,
    },
    /// The workspace holds another key than the one that is to be adopted.
    #[error("`{path}` holds another {slot} key than `{}`", adopted.display())]
    AdoptedDiffers {
        /// In the workspace.
        path: RelPath,
        /// The slot.
        slot: Slot,
        /// The keystore to adopt.
        adopted: PathBuf,
    },
    /// A certificate that must be trusted has an alias that the vendor's truststore uses for another.
    #[error("the vendor's truststore holds another certificate under the alias `{alias}`")]
    AliasTaken {
        /// The alias.
        alias: String,
    },
    /// The CA cannot issue.
    #[error("`{}` cannot issue certificates: {reason}", path.display())]
    Authority {
        /// The CA's certificate.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The workspace was made with another CA than the topology names.
    #[error("the workspace was made with another CA than `{}`", path.display())]
    AuthorityDiffers {
        /// The CA that the topology names.
        path: PathBuf,
    },
    /// The CA, or an issuer above it, is over: nothing that it signs would be valid.
    #[error("the CA `{subject}` expired on {not_after}")]
    AuthorityExpired {
        /// Its subject.
        subject: String,
        /// Its last day.
        not_after: Date,
    },
    /// The encryption key has no form that the product takes.
    #[error(
        "the encryption key from `{place}` cannot be used: it is neither 64 or 48 hex digits nor 16, 24 or 32 characters"
    )]
    EncryptionKey {
        /// The source.
        place: Source,
    },
    /// The encryption key is another than the workspace first had: what is stored could not be decrypted.
    #[error("the encryption key changed: its SHA-256 was {recorded} and is {found}")]
    EncryptionKeyChanged {
        /// As it was.
        recorded: Fingerprint,
        /// As it is.
        found: Fingerprint,
    },
    /// `issuer = "external"`.
    #[error(
        "`issuer = \"external\"` is not there yet: certificates cannot be requested from a CA elsewhere"
    )]
    ExternalIssuer,
    /// Data is encrypted with the internal key, and the primary would not decrypt it.
    #[error(
        "`{path}` holds an internal key, and the topology has no `[internal]` any more: the primary could not decrypt what is stored"
    )]
    InternalRemoved {
        /// The store.
        path: RelPath,
    },
    /// Data may be encrypted with the primary, and a new internal key would not decrypt it.
    #[error(
        "the primary has served as internal key: a new internal key could not decrypt what is stored"
    )]
    InternalAdded,
    /// Something of which there is only one is gone, and no copy can be trusted.
    #[error("the {what} is lost: `{path}` {state}")]
    Lost {
        /// What it is: `CA certificate`, `primary keystore`…
        what: &'static str,
        /// Where it should be.
        path: RelPath,
        /// `is missing`, `does not open`…
        state: String,
        /// Every place where a copy may be, and what is there.
        places: Vec<Place>,
    },
    /// A password is not fit for the store.
    #[error("the password of the {slot} store, from `{source_text}`, cannot be used: {reason}")]
    Password {
        /// The slot.
        slot: Slot,
        /// The source.
        source_text: Source,
        /// Why not.
        reason: &'static str,
    },
    /// A pin that what is there, or what is given, does not meet.
    #[error(
        "the topology pins the {what} with SHA-256 {pinned}, but {}",
        Found(found)
    )]
    Pin {
        /// `CA` or `primary`.
        what: &'static str,
        /// What the topology says.
        pinned: Fingerprint,
        /// The certificate that is there; `None`: there is none, and none would be made that fits.
        found: Option<Fingerprint>,
    },
    /// A generated password is gone, and stores are there that need it.
    #[error("the generated password `{path}` is missing, and `{needed_by}` needs it")]
    SecretLost {
        /// Where it should be.
        path: RelPath,
        /// What needs it.
        needed_by: RelPath,
    },
    /// A part of the subject that no certificate may have.
    #[error("the subject of the topology cannot be used")]
    Subject(#[from] SubjectError),
    /// No such node.
    #[error("there is no node `{name}` in the topology")]
    UnknownNode {
        /// As given.
        name: String,
    },
    /// A store, or a key in it, does not open: nothing is made in its place.
    #[error("`{path}` does not open")]
    Unopened {
        /// The store.
        path: RelPath,
        /// Why.
        #[source]
        reason: Unopened,
    },
    /// A key does not open with the password of its store.
    #[error("the key `{alias}` in `{path}` does not open with the store's password")]
    UnopenedKey {
        /// The store.
        path: RelPath,
        /// The key's alias.
        alias: String,
    },
    /// A PEM key does not open: nothing is made in its place.
    #[error("`{path}` does not open: {reason}")]
    UnopenedPem {
        /// The file.
        path: RelPath,
        /// Why.
        reason: String,
    },
    /// The vendor's truststore is not the file that the topology pins.
    #[error("the vendor's truststore has SHA-256 {found}, the topology says {pinned}")]
    VendorPin {
        /// What the topology says.
        pinned: Fingerprint,
        /// What is there.
        found: Fingerprint,
    },
}

/// A place where a copy may be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file, from the workspace's folder.
    pub path: String,
    /// What is there.
    pub state: String,
}

struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (at, item) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}`{item}`")?;
        }
        Ok(())
    }
}

struct Found<'a>(&'a Option<Fingerprint>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(found) => write!(f, "the one that is there has {found}"),
            None => f.write_str("there is none, and a new one could not meet it"),
        }
    }
}
