//! Encrypted secrets of homes, as reports show them.

use crate::{
    verify::JudgedSecrets,
    wso2::{
        Product, Slot,
        vault::{Changes, Content, Keeper, Sealed, Secret, Vault, thumbprint},
    },
    x509::Certificate,
};

/// The secrets of one home.
#[derive(Clone, Debug)]
pub struct SecretsOfHome<'a> {
    /// The home, as it was named.
    pub path: String,
    /// Its release, if that is known.
    pub product: Option<Product>,
    /// Its secrets.
    pub vault: &'a Vault<'a>,
    /// Certificates that an envelope may name, with what they are for.
    pub certificates: Vec<(Slot, &'a Certificate)>,
    /// What the node makes of them, if that was looked at.
    pub judged: Option<&'a JudgedSecrets>,
}

/// What was done to the secrets of one home.
#[derive(Clone, Debug)]
pub struct ChangedSecrets<'a> {
    /// The home, as it was named.
    pub path: String,
    /// What was done.
    pub changes: &'a Changes,
    /// False for a dry run.
    pub written: bool,
}

impl SecretsOfHome<'_> {
    /// What stands in a secret's place, in words.
    pub(super) fn form(&self, secret: &Secret<'_>) -> String {
        match &secret.content {
            Content::Empty => "nothing".to_owned(),
            Content::Malformed(malformed) => format!("no encrypted value: {malformed}"),
            Content::Plain { cut: false, .. } => "not encrypted".to_owned(),
            Content::Plain { cut: true, .. } => {
                "not encrypted, and more than what is between the brackets".to_owned()
            }
            Content::Sealed(sealed) => match self.named(sealed) {
                Some(named) => format!("{sealed}, {named}"),
                None => sealed.to_string(),
            },
        }
    }

    fn named(&self, sealed: &Sealed) -> Option<String> {
        let named = sealed.thumbprint()?;
        Some(match self.slot(sealed) {
            Some(slot) => format!("names the certificate of the {slot} key"),
            None => format!("names the certificate with the SHA-1 {named}"),
        })
    }

    /// Whose certificate an envelope names.
    pub(super) fn slot(&self, sealed: &Sealed) -> Option<Slot> {
        let named = sealed.thumbprint()?;
        let is_it = |certificate: &Certificate| thumbprint(certificate).eq_ignore_ascii_case(named);
        let mut all = self.certificates.iter();
        all.find(|(_, certificate)| is_it(certificate))
            .map(|(slot, _)| *slot)
    }

    /// How many places name a secret.
    pub(super) fn named_by(&self, secret: &Secret<'_>) -> usize {
        match secret.keeper {
            Keeper::Vault => self.vault.references_to(&secret.alias).count(),
            _ => 0,
        }
    }
}
