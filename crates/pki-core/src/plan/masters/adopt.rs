use std::path::PathBuf;

use super::{Master, Origin, Wanted, look::State};
use crate::{
    disk::RelPath,
    plan::{Action, Draft, Reason, Refusal, Verb, Work},
    wso2::Slot,
    x509::{Certificate, PublicKeyAlgorithm},
};

impl Wanted<'_> {
    pub(super) fn adopt(&self, draft: &mut Draft<'_>, path: RelPath) -> Result<Master, Refusal> {
        let (alias, certificate, file) = self.adopted_key(draft)?;
        self.check_pin(Some(&certificate))?;
        let conflicting = self.copies(draft).into_iter().find(|copy| {
            matches!(self.state(draft, copy), State::Good { certificate: other, .. } if other != certificate)
        });
        if let Some(path) = conflicting {
            return Err(Refusal::AdoptedDiffers {
                path,
                slot: self.slot,
                adopted: file,
            });
        }
        draft.actions.push(Action {
            node: None,
            file: path.clone(),
            verb: Verb::Adopt,
            reason: Reason::Adopted,
            detail: vec![
                format!("the key `{alias}` of `{}`", file.display()),
                format!("certificate SHA-256 {}", certificate.fingerprint()),
            ],
            work: Work::Master {
                slot: self.slot,
                origin: Origin::Adopt { alias },
            },
        });
        Ok(Master {
            path,
            certificate: Some(certificate),
            digest: None,
        })
    }

    /// The key in the keystore that the topology names.
    fn adopted_key(&self, draft: &Draft<'_>) -> Result<(String, Certificate, PathBuf), Refusal> {
        let file = self
            .adopted
            .map(|adopted| adopted.keystore.clone())
            .unwrap_or_default();
        let inputs = draft.found.inputs();
        let store = match self.slot {
            Slot::Internal => &inputs.internal,
            _ => &inputs.primary,
        };
        let aliases: Vec<String> = store
            .iter()
            .flat_map(|store| store.private_keys())
            .map(|(entry, _)| entry.alias.to_string())
            .collect();
        let refuse = |alias: &str, reason: String| {
            Err(Refusal::AdoptedKey {
                path: file.clone(),
                alias: alias.to_owned(),
                reason,
            })
        };
        let (alias, certificate) = match store.as_deref().map(|store| self.key(store)) {
            Some(State::Good { alias, certificate }) => (alias, certificate),
            Some(State::Locked(_)) => {
                return refuse(
                    &self.settings.alias,
                    "it does not open with the store's password".to_owned(),
                );
            }
            Some(State::Bad(reason)) if !aliases.is_empty() && !reason.starts_with("it has no") => {
                return refuse(&self.settings.alias, reason);
            }
            _ => {
                return Err(Refusal::AdoptedAlias {
                    path: file,
                    alias: self.settings.alias.clone(),
                    aliases,
                });
            }
        };
        match certificate.view().map(|view| &view.public_key) {
            Ok(PublicKeyAlgorithm::Rsa(_)) => Ok((alias, certificate, file)),
            Ok(other) => refuse(
                &alias,
                format!("it is {other}, and the product encrypts with it, which only RSA can"),
            ),
            Err(malformed) => refuse(&alias, malformed.to_string()),
        }
    }

    pub(super) fn check_same_as_adopted(
        &self,
        draft: &Draft<'_>,
        path: &RelPath,
        certificate: &Certificate,
    ) -> Result<(), Refusal> {
        if self.adopted.is_none() {
            return Ok(());
        }
        let (_, adopted, file) = self.adopted_key(draft)?;
        if adopted == *certificate {
            return Ok(());
        }
        Err(Refusal::AdoptedDiffers {
            path: path.clone(),
            slot: self.slot,
            adopted: file,
        })
    }
}
