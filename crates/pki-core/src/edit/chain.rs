use std::collections::{HashMap, HashSet};

use crate::{
    path,
    x509::{Certificate, DistinguishedName, Fingerprint, name::Comparable},
};

/// Certificates, found by subject: where a chain's missing parts are looked for.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    by_subject: HashMap<Comparable, Vec<Certificate>>,
}

impl Pool {
    /// Puts certificates in order. What cannot be read is nobody's issuer.
    pub fn new<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Self {
        let mut by_subject: HashMap<_, Vec<_>> = HashMap::new();
        let mut seen = HashSet::new();
        for certificate in certificates {
            if let Ok(view) = certificate.view()
                && seen.insert(certificate.fingerprint())
            {
                let same_name = by_subject.entry(view.subject_key.clone()).or_default();
                same_name.push(certificate.clone());
            }
        }
        Self { by_subject }
    }

    /// Who issued a certificate: of several with the right name the one whose key made the signature; if
    /// that cannot be told for any, the first.
    fn issuer(&self, of: &Certificate, not: &[Certificate]) -> Option<&Certificate> {
        let named = self.by_subject.get(&of.view().ok()?.issuer_key)?;
        let mut untold = None;
        for candidate in named
            .iter()
            .filter(|found| !not.contains(found))
            .take(MAX_NAMESAKES)
        {
            match path::is_signed_by(of, candidate) {
                Some(true) => return Some(candidate),
                Some(false) => {}
                None => untold = untold.or(Some(candidate)),
            }
        }
        untold
    }
}

/// What becomes of the self-signed end of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Root {
    /// It stays if it was given with the chain, and is not fetched from elsewhere.
    #[default]
    AsGiven,
    /// It is part of the chain, wherever it was found. Servers may send it; clients ignore it.
    Include,
    /// It is left out. A certificate that is alone in its chain stays.
    LeaveOut,
}

/// A chain put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arranged {
    /// End-entity certificate first, each followed by its issuer.
    pub chain: Vec<Certificate>,
    /// Those that were not given and came from the pool.
    pub completed_with: Vec<Certificate>,
    /// The given ones stood in another order.
    pub reordered: bool,
    /// The given ones that are no part of it.
    pub left_out: Vec<Certificate>,
    /// The given root that was left out because somebody asked.
    pub root_left_out: Option<Certificate>,
    /// Who would be next, where the chain ends before a self-signed certificate, and not because
    /// somebody asked.
    pub missing: Option<DistinguishedName>,
}

/// Makes a chain: from its end-entity certificate upwards, with the given certificates in whatever order
/// they came, then with those of the pool.
pub fn arrange(head: &Certificate, given: &[Certificate], pool: &Pool, root: Root) -> Arranged {
    let own = Pool::new(given);
    let mut chain = vec![head.clone()];
    let mut completed_with = Vec::new();
    let mut root_left_out = None;
    let mut missing = None;
    while let Some(last) = chain.last() {
        if chain.len() > 1 && root == Root::LeaveOut && is_root(last) {
            root_left_out = chain.pop();
            completed_with.retain(|certificate| Some(certificate) != root_left_out.as_ref());
            break;
        }
        if is_root(last) {
            break;
        }
        if let Some(next) = own.issuer(last, &chain) {
            chain.push(next.clone());
        } else if let Some(next) = pool.issuer(last, &chain) {
            if root == Root::AsGiven && is_root(next) {
                break;
            }
            completed_with.push(next.clone());
            chain.push(next.clone());
        } else {
            missing = last.view().ok().map(|view| view.issuer.clone());
            break;
        }
        if chain.len() > MAX_LENGTH {
            break;
        }
    }
    let used: HashSet<Fingerprint> = chain.iter().map(Certificate::fingerprint).collect();
    root_left_out = root_left_out.filter(|omitted| given.contains(omitted));
    let omitted = root_left_out.as_ref();
    let left_out = given
        .iter()
        .filter(|found| !used.contains(&found.fingerprint()) && Some(*found) != omitted)
        .cloned()
        .collect();
    let from_given: HashSet<_> = given.iter().map(Certificate::fingerprint).collect();
    let mut seen = HashSet::new();
    let before = given
        .iter()
        .filter(|found| used.contains(&found.fingerprint()) && seen.insert(found.fingerprint()));
    let after = chain
        .iter()
        .filter(|found| from_given.contains(&found.fingerprint()));
    let reordered = before.ne(after);
    Arranged {
        chain,
        completed_with,
        reordered,
        left_out,
        root_left_out,
        missing,
    }
}

/// Self-issued, and not shown to be signed by another key of that name.
pub(super) fn is_root(certificate: &Certificate) -> bool {
    certificate.is_self_issued() && path::is_signed_by(certificate, certificate) != Some(false)
}

/// The longest chain that JSSE takes is ten (`jdk.tls.maxCertificateChainLength`, its default).
const MAX_LENGTH: usize = 10;
/// How many certificates of one name are held against a signature: webpki's figure for all of a path.
const MAX_NAMESAKES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::made;

    #[test]
    fn a_chain_is_put_in_order_whatever_order_it_came_in() {
        let root = made("root", None);
        let middle = made("middle", Some(&root));
        let leaf = made("leaf", Some(&middle));
        let [r, m, l] = [&root, &middle, &leaf].map(|made| made.certificate.clone());
        let wanted = [l.clone(), m.clone(), r.clone()];
        for (given, reordered) in [
            ([r.clone(), m.clone(), l.clone()], true),
            ([l.clone(), r.clone(), m.clone()], true),
            ([l.clone(), m.clone(), r.clone()], false),
        ] {
            let arranged = arrange(&l, &given, &Pool::default(), Root::AsGiven);
            assert_eq!(arranged.chain, wanted);
            assert_eq!(arranged.reordered, reordered);
            assert_eq!((arranged.missing, arranged.left_out), (None, vec![]));
        }
    }

    #[test]
    fn what_is_missing_comes_from_the_pool_and_the_root_only_if_asked() {
        let root = made("root", None);
        let middle = made("middle", Some(&root));
        let leaf = made("leaf", Some(&middle));
        let [r, m, l] = [&root, &middle, &leaf].map(|made| made.certificate.clone());
        let pool = Pool::new([&m, &r]);
        let given = [l.clone()];
        let arranged = |root| arrange(&l, &given, &pool, root);
        assert_eq!(arranged(Root::AsGiven).chain, [l.clone(), m.clone()]);
        assert_eq!(arranged(Root::AsGiven).completed_with, vec![m.clone()]);
        assert_eq!(
            arranged(Root::Include).chain,
            [l.clone(), m.clone(), r.clone()]
        );
        let without = arranged(Root::LeaveOut);
        assert_eq!(without.chain, [l.clone(), m.clone()]);
        assert_eq!(
            (without.completed_with, without.root_left_out),
            (vec![m.clone()], None)
        );
        let all = [l.clone(), m.clone(), r.clone()];
        let without = arrange(&l, &all, &pool, Root::LeaveOut);
        assert_eq!((without.root_left_out, without.left_out), (Some(r), vec![]));
    }

    #[test]
    fn of_two_issuers_of_one_name_the_one_that_signed_is_taken() {
        let (wrong, right) = (made("ca", None), made("ca", None));
        let leaf = made("leaf", Some(&right));
        let given = [
            leaf.certificate.clone(),
            wrong.certificate.clone(),
            right.certificate.clone(),
        ];
        let arranged = arrange(&leaf.certificate, &given, &Pool::default(), Root::AsGiven);
        assert_eq!(arranged.chain, [leaf.certificate, right.certificate]);
        assert_eq!(arranged.left_out, [wrong.certificate]);
    }

    #[test]
    fn who_is_missing_is_named_and_a_root_alone_stays() {
        let root = made("root", None);
        let leaf = made("leaf", Some(&root));
        let arranged = arrange(&leaf.certificate, &[], &Pool::default(), Root::AsGiven);
        assert_eq!(arranged.missing.unwrap().to_string(), "CN=root");
        let alone = arrange(&root.certificate, &[], &Pool::default(), Root::LeaveOut);
        assert_eq!(alone.chain, [root.certificate]);
        assert_eq!((alone.missing, alone.root_left_out), (None, None));
    }
}
