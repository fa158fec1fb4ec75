//! The stores that a home's configuration names.

use std::{collections::HashSet, path::PathBuf};

use super::{At, Homes};
use crate::{
    keystore::Keystore,
    observe::{KeyLead, StoreLead},
    topology::Span,
    verify::{ProblemKind, Validity, files::shared_key, store as judged},
    wso2::{
        GATEWAY_CERTIFICATE_ALIAS, Slot,
        config::{DEPLOYMENT_TOML, Generation, State, StoreUse, Unknown},
        known_certificate,
    },
    x509::Certificate,
};

impl Homes<'_> {
    pub(super) fn stores(&mut self, at: usize) {
        let home = self.member(at).home;
        for (reference, lead) in home.stores() {
            if reference.state == State::On {
                self.reference(at, reference, lead);
                self.key_password(at, reference);
            }
        }
        self.defaults(at);
        self.own_certificates(at);
        self.token_signer(at);
        self.implicit(at);
    }

    /// Whether a reference leads to a file that opens and holds what is wanted.
    fn reference(&mut self, at: usize, reference: &StoreUse, lead: &StoreLead) {
        let place = lead.path().map(|path| self.file(at, path));
        let here = |alias| At {
            member: at,
            file: place.clone(),
            alias,
            named_by: Some(&reference.location.place),
        };
        match lead {
            StoreLead::Unknown { why } => self.unknown(at, &reference.location.place, why),
            StoreLead::Missing { .. } => self.error(here(None), ProblemKind::FileMissing),
            StoreLead::Closed { reason, .. } => {
                let at = At {
                    named_by: Some(&reference.password.place),
                    ..here(None)
                };
                self.error(at, ProblemKind::StoreDoesNotOpen(reason.clone()));
            }
            StoreLead::Sealed { why, .. } => self.unknown(at, &reference.password.place, why),
            StoreLead::Open { store, key, .. } => {
                let keystore = &store.decoded.keystore;
                let alias = reference.alias.known().map(String::as_str);
                let at_alias = At {
                    named_by: Some(&reference.alias.place),
                    ..here(alias)
                };
                match key {
                    KeyLead::None | KeyLead::Opens => {}
                    KeyLead::Any => {
                        if let Some(kind) = any_key(keystore, store) {
                            self.error(here(None), kind);
                        }
                    }
                    KeyLead::Unknown(why) => self.unknown(at, &reference.alias.place, why),
                    KeyLead::Missing => {
                        if let Err(kind) = judged::key(keystore, alias.unwrap_or_default()) {
                            self.error(at_alias, kind);
                        }
                    }
                    KeyLead::Mismatch | KeyLead::Sealed(_) => {
                        let state = alias.and_then(|alias| store.key_state(alias));
                        if let Some(kind) = judged::opened(state) {
                            self.error(at_alias, kind);
                        }
                    }
                }
            }
        }
    }

    fn unknown(&mut self, at: usize, place: &Option<crate::wso2::config::Place>, why: &Unknown) {
        let place = place.as_ref().map(|place| self.place(at, place));
        self.unjudged(at, place, why.to_string());
    }

    /// The product uses the store's password for the key, whatever stands beside it.
    fn key_password(&mut self, at: usize, reference: &StoreUse) {
        let (store, key) = (reference.password.known(), reference.key_password.known());
        if let (Some(store), Some(key)) = (store, key)
            && store != key
        {
            let place = &reference.key_password.place;
            let here = At {
                file: place.as_ref().map(|place| self.place(at, place)),
                ..self.at(at)
            };
            self.error(here, ProblemKind::KeyPasswordDiffers);
        }
    }

    /// Keys that everybody owns, and trust in them: in each file once.
    fn defaults(&mut self, at: usize) {
        let mut seen: HashSet<PathBuf> = HashSet::new();
        let home = self.member(at).home;
        for (_, lead) in home.stores().filter(|(it, _)| it.state == State::On) {
            let (Some(path), Some(content)) = (lead.path(), lead.content()) else {
                continue;
            };
            if !seen.insert(path.to_path_buf()) {
                continue;
            }
            for (alias, kind) in judged::defaults(content) {
                let here = At {
                    file: Some(self.file(at, path)),
                    alias: Some(&alias),
                    ..self.at(at)
                };
                self.error(here, kind);
            }
        }
    }

    /// The certificates that the node presents and signs with: their validity, and what the product needs of
    /// a key that all share.
    fn own_certificates(&mut self, at: usize) {
        let member = self.member(at);
        let renew_before = match (member.node, self.cluster.topology()) {
            (Some(node), Some(topology)) => topology.tls_of(node).renew_before,
            _ => Span::days(RENEW_BEFORE),
        };
        for slot in [Slot::Tls, Slot::Primary, Slot::Internal] {
            let Some((reference, lead)) = member.home.slot(slot) else {
                continue;
            };
            let (Some(path), Some(certificate)) = (
                lead.path(),
                lead.chain(reference).and_then(|chain| chain.first()),
            ) else {
                continue;
            };
            let alias = reference.alias.known().map(String::as_str);
            let shared = slot != Slot::Tls;
            let first = !shared || self.told.insert(certificate.fingerprint());
            let renew = (!shared).then_some(renew_before);
            let (not_after, problems) = judged::validity(certificate, self.now, renew);
            let owner = match shared {
                true => slot.to_string(),
                false => member.name.clone(),
            };
            let file = self.file(at, path);
            if let Some(not_after) = not_after
                && first
            {
                self.report.validity.push(Validity {
                    owner,
                    file: file.clone(),
                    not_after,
                });
            }
            // A default key has to go, whatever else it is.
            let judged = match shared && known_certificate(certificate).is_none() {
                true => shared_key(certificate, self.now),
                false => Vec::new(),
            };
            for (severity, kind) in problems.into_iter().chain(judged) {
                let here = At {
                    file: Some(file.clone()),
                    alias,
                    ..self.at(at)
                };
                self.push(severity, here, kind);
            }
        }
    }

    /// From 3.0 on the truststore must hold the certificate that signs tokens.
    fn token_signer(&mut self, at: usize) {
        let home = self.member(at).home;
        if home.config.generation != Generation::Toml {
            return;
        }
        let primary: Option<&Certificate> = home.certificate(Slot::Primary);
        let truststore = home.slot(Slot::Truststore).map(|(_, lead)| lead);
        let (Some(primary), Some(lead)) = (primary, truststore) else {
            return;
        };
        let (Some(content), Some(path)) = (lead.content(), lead.path()) else {
            return;
        };
        let alias = GATEWAY_CERTIFICATE_ALIAS;
        if let Some(kind) = judged::holds_primary(content, alias, primary) {
            let here = At {
                file: Some(self.file(at, path)),
                alias: Some(alias),
                ..self.at(at)
            };
            self.error(here, kind);
        }
    }

    /// A primary that nothing sets is the release's own.
    fn implicit(&mut self, at: usize) {
        let home = self.member(at).home;
        let Some((reference, _)) = home.slot(Slot::Primary) else {
            return;
        };
        if home.config.generation == Generation::Toml && reference.location.place.is_none() {
            let slot = Slot::Primary;
            // It is where others are set that this one is missing.
            let tls = home
                .slot(Slot::Tls)
                .and_then(|(it, _)| it.location.place.as_ref());
            let beside = tls.filter(|place| &*place.file == DEPLOYMENT_TOML);
            let here = At {
                file: Some(match beside {
                    Some(place) => self.place(at, place),
                    None => self.in_home(at, DEPLOYMENT_TOML, None),
                }),
                ..self.at(at)
            };
            self.warn(here, ProblemKind::PrimaryImplicit { slot });
        }
    }
}

/// What is wrong where a part takes any key of a store.
fn any_key(keystore: &Keystore, store: &crate::observe::OpenStore) -> Option<ProblemKind> {
    if keystore.private_keys().next().is_none() {
        return Some(ProblemKind::KeyMissing { found: Vec::new() });
    }
    let several = judged::several_keys(keystore);
    several.or_else(|| {
        store
            .keys
            .values()
            .find_map(|state| judged::opened(Some(state)))
    })
}

/// In days: as a topology has it that says nothing else.
const RENEW_BEFORE: u16 = 30;
