use std::path::{Path, PathBuf};

use super::{
    Action, Authority, CertificateSpec, Draft, KeyOrigin, Note, Place, Reason, Refusal, Verb, Work,
    spec::{common_name, not_before, subject, whole_seconds},
};
use crate::{
    issue::Profile,
    key::{KeyError, read_private_key},
    keystore::write_pem_certificates,
    observe::Layout,
    topology::{ImportedCa, Issuer},
    x509::{Certificate, ExtendedKeyUsage, Fingerprint, GeneralName, KeyUsage},
};

/// Who signs: a CA that is there, one that will be made, or nobody.
pub(super) fn plan(draft: &mut Draft<'_>) -> Result<Authority, Refusal> {
    let ca = &draft.topology.ca;
    match (ca.issuer, &ca.imported) {
        (Issuer::SelfSigned, _) => Ok(Authority::SelfSigned),
        (_, Some(imported)) => imported_authority(draft, imported),
        (_, None) => local_authority(draft),
    }
}

fn imported_authority(draft: &mut Draft<'_>, imported: &ImportedCa) -> Result<Authority, Refusal> {
    let given = draft.found.inputs().ca_chain.clone().unwrap_or_default();
    let chain = ordered(&given);
    check_can_issue(&chain, &imported.certificate)?;
    check_pin(draft, chain.first())?;
    note_doubtful(draft, &chain);
    let file = Layout::ca_certificate();
    let there = draft.found.certificates(&file);
    let same_key = |a: &Certificate, b: &Certificate| match (a.view(), b.view()) {
        (Ok(a), Ok(b)) => a.spki == b.spki,
        _ => false,
    };
    if let (Some(before), Some(now)) = (there.first(), chain.first())
        && !same_key(before, now)
    {
        let path = imported.certificate.clone();
        return Err(Refusal::AuthorityDiffers { path });
    }
    if there != chain {
        draft.actions.push(Action {
            node: None,
            file,
            verb: Verb::Adopt,
            reason: Reason::Adopted,
            detail: chain.iter().map(describe).collect(),
            work: Work::AuthorityChain {
                chain: chain.clone(),
            },
        });
    }
    Ok(Authority::Known(chain))
}

fn local_authority(draft: &mut Draft<'_>) -> Result<Authority, Refusal> {
    let file = Layout::ca_certificate();
    let there = draft.found.certificates(&file);
    if !there.is_empty() {
        check_can_issue(&there, file.as_path())?;
        check_pin(draft, there.first())?;
        plan_key(draft)?;
        return Ok(Authority::Known(there));
    }
    let ca = &draft.topology.ca;
    let recorded = draft.found.recorded(&file);
    let key_there = draft.found.content(&Layout::ca_key()).is_some();
    // A record that knows of no CA tells that there was none: the nodes signed themselves.
    let never_was = draft.found.has_record() && recorded.is_none() && !key_there;
    if !draft.found.has_traces() || (never_was && draft.found.content(&file).is_none()) {
        if let Some(pinned) = ca.pin {
            return Err(Refusal::Pin {
                what: "CA",
                pinned,
                found: None,
            });
        }
        return make(draft);
    }
    restore(draft, recorded)
}

/// The CA's key under a new password: looked at only where an old one was given.
fn plan_key(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let file = Layout::ca_key();
    let (Some(pem), false) = (
        draft.found.content(&file),
        draft.found.old_passwords().is_empty(),
    ) else {
        return Ok(());
    };
    let Some(current) = draft.found.password(&draft.topology.ca.password) else {
        return Ok(());
    };
    match read_private_key(pem.expose(), Some(current)) {
        Ok(_) => Ok(()),
        Err(KeyError::WrongPassword) if draft.found.with_old_password(pem).is_some() => {
            draft.actions.push(Action {
                node: None,
                file,
                verb: Verb::Reencode,
                reason: Reason::PasswordChanged,
                detail: vec!["the same key".to_owned()],
                work: Work::AuthorityKey,
            });
            Ok(())
        }
        Err(reason) => Err(Refusal::UnopenedPem {
            path: file,
            reason: reason.to_string(),
        }),
    }
}

/// The CA's certificate is gone or unreadable: a node's chain may hold it.
fn restore(draft: &mut Draft<'_>, recorded: Option<Fingerprint>) -> Result<Authority, Refusal> {
    let file = Layout::ca_certificate();
    let mut candidates: Vec<(crate::disk::RelPath, Certificate)> = Vec::new();
    let mut places = Vec::new();
    for node in draft.topology.nodes() {
        let path = Layout::node_file(&node.name, &draft.topology.stores.tls.file);
        let Some(store) = draft.found.open_store(&path) else {
            continue;
        };
        let issuer = store
            .private_keys()
            .filter_map(|(_, chain)| chain.last())
            .find(|last| last.view().is_ok_and(|view| view.is_ca()));
        if let Some(issuer) = issuer {
            places.push(Place {
                path: path.to_string(),
                state: format!("its chain ends with {}", describe(issuer)),
            });
            candidates.push((path, issuer.clone()));
        }
    }
    let fits = |certificate: &Certificate| match (recorded, draft.topology.ca.pin) {
        (Some(recorded), _) => {
            let text = write_pem_certificates(std::slice::from_ref(certificate));
            Fingerprint::of(text.as_bytes()) == recorded
        }
        (None, Some(pinned)) => certificate.fingerprint() == pinned,
        (None, None) => false,
    };
    let found = candidates.iter().find(|(_, certificate)| fits(certificate));
    match found {
        Some((path, certificate)) => {
            let chain = vec![certificate.clone()];
            check_pin(draft, chain.first())?;
            let detail = vec![format!("from the chain in `{path}`")];
            draft.actions.push(Action {
                node: None,
                file,
                verb: Verb::Restore,
                reason: Reason::Missing,
                detail,
                work: Work::AuthorityChain {
                    chain: chain.clone(),
                },
            });
            Ok(Authority::Known(chain))
        }
        None => {
            let state = match draft.found.content(&file) {
                Some(_) => "holds no certificate",
                None => "is missing",
            };
            Err(Refusal::Lost {
                what: "CA certificate",
                path: file,
                state: state.to_owned(),
                places: draft.with_generations(places, &Layout::ca_certificate()),
            })
        }
    }
}

fn make(draft: &mut Draft<'_>) -> Result<Authority, Refusal> {
    let topology = draft.topology;
    let ca = &topology.ca;
    let not_after = whole_seconds(ca.validity.after(draft.now));
    let common_name = common_name(topology, "CA");
    let permitted = match ca.name_constraints {
        true => permitted(draft),
        false => Vec::new(),
    };
    let spec = CertificateSpec {
        profile: Profile::CertificateAuthority {
            path_len: Some(0),
            permitted: permitted.clone(),
        },
        subject: subject(topology, &common_name)?,
        names: Vec::new(),
        key: ca.key,
        key_origin: KeyOrigin::New,
        not_before: not_before(draft.now),
        not_after,
        self_signed: true,
        label: "CA".to_owned(),
    };
    let mut detail = vec![
        format!("subject {}", spec.subject),
        format!("{} key, until {}", spec.key, not_after.date()),
        "its key, encrypted, in `ca/ca.key`".to_owned(),
    ];
    detail.extend(permitted.iter().map(|name| format!("permits {name}")));
    draft.actions.push(Action {
        node: None,
        file: Layout::ca_certificate(),
        verb: Verb::Make,
        reason: Reason::Missing,
        detail,
        work: Work::Authority { spec },
    });
    Ok(Authority::New { not_after })
}

/// The DNS names that a constrained CA may certify: the domain, and every name outside it.
fn permitted(draft: &Draft<'_>) -> Vec<String> {
    let topology = draft.topology;
    let mut permitted = vec![topology.domain.clone()];
    let suffix = format!(".{}", topology.domain);
    let nodes = topology.nodes().flat_map(|node| topology.sans(node));
    let groups = topology.groups.iter();
    let balancers = groups.flat_map(|group| topology.balancer_sans(group));
    for (name, _) in nodes.chain(balancers) {
        let GeneralName::Dns(name) = name else {
            continue;
        };
        let name = name.strip_prefix("*.").unwrap_or(&name).to_owned();
        if !name.ends_with(&suffix) && !permitted.contains(&name) {
            permitted.push(name);
        }
    }
    permitted
}

/// An issuing certificate, whatever stands before it in the file, and what leads to its root.
fn ordered(given: &[Certificate]) -> Vec<Certificate> {
    let Some(first) = given.first() else {
        return Vec::new();
    };
    let mut chain = vec![first.clone()];
    while let Some(last) = chain.last().cloned() {
        let Ok(view) = last.view() else { break };
        if view.subject == view.issuer {
            break;
        }
        let issuer = given.iter().find(|candidate| {
            !chain.contains(candidate)
                && candidate
                    .view()
                    .is_ok_and(|candidate| candidate.subject.matches(&view.issuer))
        });
        match issuer {
            Some(issuer) => chain.push(issuer.clone()),
            None => break,
        }
    }
    chain
}

fn check_can_issue(chain: &[Certificate], path: &Path) -> Result<(), Refusal> {
    let refuse = |reason: &str| {
        Err(Refusal::Authority {
            path: PathBuf::from(path),
            reason: reason.to_owned(),
        })
    };
    let view = match chain.first().map(Certificate::view) {
        None => return refuse("it holds no certificate"),
        Some(Err(malformed)) => return refuse(&malformed.to_string()),
        Some(Ok(view)) => view,
    };
    if !view.is_ca() {
        return refuse("its basicConstraints do not say CA");
    }
    if let Some(usage) = view.key_usage
        && !usage.allows(KeyUsage::KEY_CERT_SIGN)
    {
        return refuse("its keyUsage lacks keyCertSign");
    }
    Ok(())
}

/// Notes what Java accepts and others do not: Java looks at no constraint of an anchor, and at the extended
/// key usage of the end entity alone; OpenSSL's `check_extensions` looks at every certificate.
fn note_doubtful(draft: &mut Draft<'_>, chain: &[Certificate]) {
    for (at, certificate) in chain.iter().enumerate() {
        let Ok(view) = certificate.view() else {
            continue;
        };
        let mut doubt = |reason: String| {
            let subject = view.subject.to_string();
            draft
                .notes
                .push(Note::AuthorityDoubtful { subject, reason });
        };
        if let Some(usage) = &view.extended_key_usage
            && !usage
                .purposes
                .iter()
                .any(|it| it == ExtendedKeyUsage::SERVER_AUTH)
        {
            doubt("its extendedKeyUsage lacks serverAuth".to_owned());
        }
        // RFC 5280 section 4.2.1.9: certificates that issued themselves do not count.
        let below = chain[..at].iter().filter(|below| {
            below
                .view()
                .is_ok_and(|below| !below.subject.matches(&below.issuer))
        });
        let below = below.count();
        let is_anchor = at + 1 == chain.len();
        if let Some(most) = view.basic_constraints.as_ref().and_then(|it| it.path_len)
            && is_anchor
            && below > usize::try_from(most).unwrap_or(usize::MAX)
        {
            doubt(format!(
                "its pathLenConstraint is {most}, and {below} stand below it"
            ));
        }
    }
}

fn check_pin(draft: &Draft<'_>, certificate: Option<&Certificate>) -> Result<(), Refusal> {
    let found = certificate.map(Certificate::fingerprint);
    match draft.topology.ca.pin {
        Some(pinned) if found != Some(pinned) => Err(Refusal::Pin {
            what: "CA",
            pinned,
            found,
        }),
        _ => Ok(()),
    }
}

fn describe(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => format!("{}, until {}", view.subject, view.not_after.date()),
        Err(malformed) => malformed.to_string(),
    }
}
