use super::{State, describe, wanted_chain, without_root};
use crate::{
    issue::Profile,
    key::{KeyError, KeyMatch, read_private_key},
    observe::Layout,
    plan::{
        Action, Authority, CertificateSpec, Draft, KeyOrigin, Reason, Refusal, Verb, Work,
        action::Target,
        signing_end,
        spec::{
            check_alive, differences, not_before, note_cut, note_not_permitted, subject,
            whole_seconds,
        },
    },
    topology::Group,
    x509::{Certificate, GeneralName},
};

/// Plans the key and certificate that are issued for the balancers of a group.
pub(super) fn plan(
    draft: &mut Draft<'_>,
    authority: &Authority,
    group: &Group,
) -> Result<State, Refusal> {
    let topology = draft.topology;
    let settings = &topology.tls;
    let names: Vec<GeneralName> = topology
        .balancer_sans(group)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let common_name = topology.balancer_common_name(group).unwrap_or_default();
    let (not_after, cut) = signing_end(draft.now, settings.validity, authority);
    let mut spec = CertificateSpec {
        profile: Profile::Tls { client_auth: false },
        subject: subject(topology, &common_name)?,
        names,
        key: settings.key,
        key_origin: KeyOrigin::New,
        not_before: not_before(draft.now),
        not_after: whole_seconds(not_after),
        self_signed: matches!(authority, Authority::SelfSigned),
        label: format!("balancer {}", group.name),
    };
    let chain_file = Layout::balancer_chain(&group.name);
    let chain = draft.found.certificates(&chain_file);
    let key = balancer_key(draft, group, chain.first())?;
    let reasons = match (chain.first(), key) {
        (None, _) | (_, BalancerKey::Missing) => vec![Reason::Missing],
        (_, BalancerKey::Mismatch) => vec![Reason::KeyMismatch],
        (Some(certificate), _) => match certificate.view() {
            Err(_) => vec![Reason::ContentChanged],
            Ok(view) => differences(view, &spec, authority, settings.renew_before, draft.now),
        },
    };
    let mut reasons = reasons.into_iter();
    let Some(reason) = reasons.next() else {
        let certificate = chain[0].clone();
        if key == BalancerKey::OpensWithOld {
            draft.actions.push(Action {
                node: None,
                file: Layout::balancer_key(&group.name),
                verb: Verb::Reencode,
                reason: Reason::PasswordChanged,
                detail: Vec::new(),
                work: Work::BalancerKey {
                    group: group.name.clone(),
                },
            });
        }
        let wanted = without_root(&wanted_chain(authority, &certificate));
        if wanted != chain {
            draft.actions.push(Action {
                node: None,
                file: chain_file,
                verb: Verb::Update,
                reason: Reason::ChainChanged,
                detail: Vec::new(),
                work: Work::Chain { chain: wanted },
            });
        }
        return Ok(State::Kept(certificate));
    };
    check_alive(draft, authority)?;
    let same_algorithm = !matches!(reason, Reason::KeyChanged { .. });
    if settings.keep_key
        && same_algorithm
        && matches!(key, BalancerKey::Opens | BalancerKey::OpensWithOld)
    {
        spec.key_origin = KeyOrigin::Kept(Layout::balancer_key(&group.name));
    }
    if cut {
        note_cut(draft, &spec.label, spec.not_after);
    }
    note_not_permitted(draft, &spec, authority);
    let mut detail = describe(&spec);
    detail.extend(reasons.map(|reason| format!("also: {reason}")));
    let origins = topology.balancer_sans(group);
    detail.extend(
        origins
            .into_iter()
            .map(|(name, from)| format!("{name}  from {from}")),
    );
    detail.push(format!(
        "its key, encrypted, in `{}`",
        Layout::balancer_key(&group.name)
    ));
    draft.actions.push(Action {
        node: None,
        file: chain_file,
        verb: Verb::Issue,
        reason,
        detail,
        work: Work::Certificate {
            target: Target::Balancer(group.name.clone()),
            spec: Box::new(spec),
        },
    });
    Ok(State::New {
        before: (draft
            .found
            .is_as_recorded(&Layout::balancer_chain(&group.name)))
        .then(|| chain.first().cloned())
        .flatten(),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BalancerKey {
    Mismatch,
    Missing,
    Opens,
    OpensWithOld,
}

fn balancer_key(
    draft: &Draft<'_>,
    group: &Group,
    certificate: Option<&Certificate>,
) -> Result<BalancerKey, Refusal> {
    let path = Layout::balancer_key(&group.name);
    let Some(content) = draft.found.content(&path) else {
        return Ok(BalancerKey::Missing);
    };
    let unopened = |reason: String| Refusal::UnopenedPem {
        path: path.clone(),
        reason,
    };
    let Some(current) = draft.found.password(&group.balancer_password) else {
        return Err(unopened("there is no password for it".to_owned()));
    };
    let candidates = std::iter::once((current, BalancerKey::Opens)).chain(
        draft
            .found
            .old_passwords()
            .iter()
            .map(|old| (old, BalancerKey::OpensWithOld)),
    );
    let mut last = KeyError::PasswordNeeded;
    for (password, outcome) in candidates {
        match read_private_key(content.expose(), Some(password)) {
            Ok(key) => {
                let matches = certificate.map(|certificate| key.matches(certificate));
                return Ok(match matches {
                    Some(KeyMatch::No) => BalancerKey::Mismatch,
                    _ => outcome,
                });
            }
            Err(error) => last = error,
        }
    }
    Err(unopened(last.to_string()))
}
