//! The encrypted secrets that a home's configuration names.

use super::{At, Homes};
use crate::{
    verify::{NodeSecrets, ProblemKind, SecretProblem, Severity, verify_secrets},
    wso2::{
        Slot,
        vault::{Keeper, Verdict},
    },
};

impl Homes<'_> {
    /// Those that the node does not read. What else there is to say of secrets, `verify_secrets` says.
    pub(super) fn secrets(&mut self, at: usize) {
        let member = self.member(at);
        let home = member.home;
        let Some(opened) = &home.vault else {
            return;
        };
        let vault = opened.vault();
        let primary = home.certificate(Slot::Primary);
        let node = NodeSecrets {
            node: member.name.clone(),
            product: home.product.as_ref().map(|told| told.value),
            vault: &vault,
            keys: &opened.keys.keyring,
            built_in_key: opened.keys.built_in,
            clear: Vec::new(),
            primary,
            internal: home.certificate(Slot::Internal).or(primary),
        };
        for judged in verify_secrets(&[node]) {
            let secrets = vault.secrets.iter().zip(&judged.verdicts);
            let mut named = secrets.filter(|(secret, _)| {
                secret.keeper == Keeper::Vault
                    && vault.references_to(&secret.alias).next().is_some()
            });
            let unseen = named.any(|(_, verdict)| *verdict == Verdict::NoKey);
            if let Some(missing) = opened.keys.missing.as_ref().filter(|_| unseen) {
                let why = format!("the encrypted secrets were not tried: {missing}");
                self.unjudged(at, None, why);
            }
            let errors = judged.problems.into_iter();
            let errors = errors.filter(|it| it.severity == Severity::Error);
            errors.for_each(|problem| self.secret(at, problem));
        }
    }

    fn secret(&mut self, at: usize, problem: SecretProblem) {
        let file = problem.place.as_ref().map(|place| self.place(at, place));
        let here = At {
            file,
            alias: problem.alias.as_deref(),
            ..self.at(at)
        };
        self.error(here, ProblemKind::Secret(problem.kind));
    }
}
