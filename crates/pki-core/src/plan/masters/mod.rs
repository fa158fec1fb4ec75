//! The keystores that all nodes share: made once, then kept, restored, or spelled otherwise.

mod adopt;
mod look;

use look::State;

use super::{
    Action, CertificateSpec, Draft, KeyOrigin, Note, Reason, Refusal, Verb, Work,
    spec::{common_name, not_before, subject, whole_seconds},
};
use crate::{
    disk::RelPath,
    issue::Profile,
    key::KeyAlgorithm,
    observe::{Layout, OpenStore},
    topology::{Adopted, Span, StoreFile},
    wso2::Slot,
    x509::{Certificate, Fingerprint},
};

/// Where the content of a master comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// The keystore that the topology names.
    Adopt { alias: String },
    /// A key and a certificate that are made.
    New(Box<CertificateSpec>),
    /// The same key and certificate, from this file.
    Reencode { from: RelPath, alias: String },
    /// The bytes of a copy.
    Restore { from: RelPath },
}

/// The stores that all nodes share.
pub(super) struct Masters {
    pub(super) primary: Master,
    pub(super) internal: Option<Master>,
}

/// One of them.
pub(super) struct Master {
    pub(super) path: RelPath,
    /// Its certificate; `None` if it will be made.
    pub(super) certificate: Option<Certificate>,
    /// SHA-256 of the file as it will be; `None` if it is encoded anew.
    pub(super) digest: Option<Fingerprint>,
}

pub(super) fn plan(draft: &mut Draft<'_>) -> Result<Masters, Refusal> {
    let topology = draft.topology;
    let primary = Wanted {
        slot: Slot::Primary,
        settings: &topology.stores.primary,
        what: "primary keystore",
        key: topology.primary.key,
        validity: topology.primary.validity,
        pin: topology.primary.pin,
        adopted: topology.primary.adopted.as_ref(),
    };
    let master = primary.plan(draft)?;
    let primary_pem = Layout::primary_certificate();
    let pem_there = draft.found.certificates(&primary_pem);
    if master.certificate.is_none() || pem_there.first() != master.certificate.as_ref() {
        let verb = if pem_there.is_empty() {
            Verb::Make
        } else {
            Verb::Update
        };
        draft.actions.push(Action {
            node: None,
            file: primary_pem,
            verb,
            reason: if pem_there.is_empty() {
                Reason::Missing
            } else {
                Reason::DiffersFromMaster
            },
            detail: vec!["for backends that verify the product's tokens".to_owned()],
            work: Work::PrimaryCertificate,
        });
    }
    let internal = match (&topology.internal, &topology.stores.internal) {
        (Some(internal), Some(settings)) => Some(
            Wanted {
                slot: Slot::Internal,
                settings,
                what: "internal keystore",
                key: internal.key,
                validity: internal.validity,
                pin: None,
                adopted: internal.adopted.as_ref(),
            }
            .plan(draft)?,
        ),
        _ => {
            if let Some(path) = orphaned_internal(draft, &master) {
                return Err(Refusal::InternalRemoved { path });
            }
            None
        }
    };
    if let Some(view) = master.certificate.as_ref().and_then(|it| it.view().ok())
        && Span::years(10).after(draft.now) > view.not_after
    {
        let not_after = view.not_after;
        draft.notes.push(Note::PrimaryShort { not_after });
    }
    Ok(Masters {
        primary: master,
        internal,
    })
}

/// A store that a run made beside the primary, and that holds another key: the internal one.
fn orphaned_internal(draft: &Draft<'_>, primary: &Master) -> Option<RelPath> {
    let masters = Layout::masters();
    let mut others = draft.found.below(&masters).filter(|path| {
        let store = draft.found.store(path);
        **path != primary.path && store.is_some() && draft.found.recorded(path).is_some()
    });
    let other_key = |path: &&RelPath| match draft.found.open_store(path) {
        Some(store) => store
            .private_keys()
            .filter_map(|(_, chain)| chain.first())
            .any(|certificate| Some(certificate) != primary.certificate.as_ref()),
        None => path.file_name().starts_with("internal"),
    };
    others.find(other_key).cloned()
}

/// Plans the copies in every folder.
pub(super) fn copy(draft: &mut Draft<'_>, masters: &Masters) {
    for master in std::iter::once(&masters.primary).chain(&masters.internal) {
        for folder in draft.folders() {
            let file = Layout::node_file(&folder, master.path.file_name());
            let found = draft.found.digest(&file);
            if found.is_some() && found == master.digest {
                continue;
            }
            let reason = match found {
                None => Reason::Missing,
                Some(_) if master.digest.is_none() => Reason::ContentChanged,
                Some(_) => Reason::DiffersFromMaster,
            };
            draft.actions.push(Action {
                node: Some(folder),
                file,
                verb: Verb::Copy,
                reason,
                detail: vec![format!("the bytes of `{}`", master.path)],
                work: Work::Copy {
                    from: master.path.clone(),
                },
            });
        }
    }
}

/// What the topology wants of a master.
struct Wanted<'a> {
    slot: Slot,
    settings: &'a StoreFile,
    what: &'static str,
    key: KeyAlgorithm,
    validity: Span,
    pin: Option<Fingerprint>,
    adopted: Option<&'a Adopted>,
}

impl Wanted<'_> {
    fn plan(&self, draft: &mut Draft<'_>) -> Result<Master, Refusal> {
        let path = Layout::master(self.settings);
        let (from, state) = self.locate(draft, &path);
        match state {
            State::Good { alias, certificate } => {
                self.check_pin(Some(&certificate))?;
                self.check_same_as_adopted(draft, &path, &certificate)?;
                if let Some(right) = self.conflict(draft, &from, &certificate)? {
                    return self.restore(draft, path, right);
                }
                Ok(self.keep(draft, path, from, &alias, certificate))
            }
            State::Missing | State::Bad(_) | State::Locked(_) => {
                if let Some(copy) = self.trustworthy_copy(draft, &path) {
                    return self.restore(draft, path, copy);
                }
                if let State::Locked(reason) = state {
                    return Err(Refusal::Unopened { path: from, reason });
                }
                let untouched = !draft.found.has_traces();
                if self.adopted.is_some() && matches!(state, State::Missing) {
                    return self.adopt(draft, path);
                }
                if untouched {
                    return self.make(draft, path);
                }
                let never_was = draft.found.has_record()
                    && draft.found.recorded(&path).is_none()
                    && matches!(state, State::Missing);
                if self.slot == Slot::Internal && never_was {
                    return Err(Refusal::InternalAdded);
                }
                let state = match state {
                    State::Bad(reason) => format!("cannot be used: {reason}"),
                    _ => "is missing".to_owned(),
                };
                let places = self.places(draft);
                Err(Refusal::Lost {
                    what: self.what,
                    places: draft.with_generations(places, &path),
                    path,
                    state,
                })
            }
        }
    }

    fn restore(
        &self,
        draft: &mut Draft<'_>,
        path: RelPath,
        from: RelPath,
    ) -> Result<Master, Refusal> {
        let certificate = match self.state(draft, &from) {
            State::Good { certificate, .. } => certificate,
            State::Locked(reason) => return Err(Refusal::Unopened { path: from, reason }),
            State::Bad(state) => {
                return Err(Refusal::Lost {
                    what: self.what,
                    places: draft.with_generations(self.places(draft), &path),
                    path,
                    state,
                });
            }
            State::Missing => return self.make(draft, path),
        };
        self.check_pin(Some(&certificate))?;
        let digest = draft.found.digest(&from);
        let reason = match draft.found.content(&path) {
            Some(_) => Reason::ContentChanged,
            None => Reason::Missing,
        };
        draft.actions.push(Action {
            node: None,
            file: path.clone(),
            verb: Verb::Restore,
            reason,
            detail: vec![format!("the bytes of `{from}`")],
            work: Work::Master {
                slot: self.slot,
                origin: Origin::Restore { from },
            },
        });
        Ok(Master {
            path,
            certificate: Some(certificate),
            digest,
        })
    }

    /// The key is there and stays; its file may need another spelling.
    fn keep(
        &self,
        draft: &mut Draft<'_>,
        path: RelPath,
        from: RelPath,
        alias: &str,
        certificate: Certificate,
    ) -> Master {
        let reason = draft
            .found
            .open_store(&from)
            .and_then(|store| spelling(store, self.settings, alias))
            .or((from != path).then_some(Reason::Renamed));
        let digest = match reason {
            None => draft.found.digest(&path),
            Some(_) => None,
        };
        if let Some(reason) = reason {
            draft.actions.push(Action {
                node: None,
                file: path.clone(),
                verb: Verb::Reencode,
                reason,
                detail: vec![format!("the key and certificate of `{from}`")],
                work: Work::Master {
                    slot: self.slot,
                    origin: Origin::Reencode {
                        from,
                        alias: alias.to_owned(),
                    },
                },
            });
        }
        Master {
            path,
            certificate: Some(certificate),
            digest,
        }
    }

    fn make(&self, draft: &mut Draft<'_>, path: RelPath) -> Result<Master, Refusal> {
        self.check_pin(None)?;
        let topology = draft.topology;
        let common_name = common_name(topology, self.slot.name());
        let spec = CertificateSpec {
            profile: Profile::Primary,
            subject: subject(topology, &common_name)?,
            names: Vec::new(),
            key: self.key,
            key_origin: KeyOrigin::New,
            not_before: not_before(draft.now),
            not_after: whole_seconds(self.validity.after(draft.now)),
            self_signed: true,
            label: self.slot.name().to_owned(),
        };
        draft.actions.push(Action {
            node: None,
            file: path.clone(),
            verb: Verb::Make,
            reason: Reason::Missing,
            detail: vec![
                format!("subject {}", spec.subject),
                format!("{} key, until {}", spec.key, spec.not_after.date()),
                format!(
                    "alias `{}`, the same bytes for every node",
                    self.settings.alias
                ),
            ],
            work: Work::Master {
                slot: self.slot,
                origin: Origin::New(Box::new(spec)),
            },
        });
        Ok(Master {
            path,
            certificate: None,
            digest: None,
        })
    }

    fn check_pin(&self, certificate: Option<&Certificate>) -> Result<(), Refusal> {
        let found = certificate.map(Certificate::fingerprint);
        match self.pin {
            Some(pinned) if found != Some(pinned) => Err(Refusal::Pin {
                what: "primary",
                pinned,
                found,
            }),
            _ => Ok(()),
        }
    }
}

/// Why a store with the right key is not spelled as the topology wants it.
pub(super) fn spelling(store: &OpenStore, settings: &StoreFile, alias: &str) -> Option<Reason> {
    if store.decoded.encoding != Some(settings.encoding) {
        return Some(Reason::FormatChanged);
    }
    if !store.current {
        return Some(Reason::PasswordChanged);
    }
    if alias != settings.alias {
        let found = alias.to_owned();
        return Some(Reason::AliasChanged { found });
    }
    (store.decoded.keystore.entries().len() != 1).then_some(Reason::MoreEntries)
}
