//! Every rule, one a file. A rule's id is its file's name with `-` for `_`.

use super::Rule;

/// Registers rules: the module and its rule, and for tests what it fires on and what not.
macro_rules! rules {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Every rule, by id.
        pub static ALL: &[&Rule] = &[$(&$module::RULE),*];

        /// What each rule fires on, and what not.
        #[cfg(test)]
        pub(super) static FIXTURES: &[(&Rule, &super::testing::Fixture)] =
            &[$((&$module::RULE, &$module::FIXTURE)),*];
    };
}

rules! {
    alias_hidden,
    alias_java_cannot_find,
    cert_in_use_untrusted,
    chain_incomplete,
    chain_order,
    cipher_mismatch,
    cipher_tool_hazard,
    client_refuses,
    config_broken,
    cut_to_issuer,
    default_ca_expired,
    default_credentials,
    default_key,
    default_password,
    default_trust,
    eku_serverauth,
    enckey_differs,
    envelope_tp,
    expired,
    expiring,
    file_missing,
    file_perms,
    folder_left,
    gw_alias_missing,
    gw_alias_stale,
    handshake_fails,
    hostverifier_allowall,
    is_km_default,
    key_alias_missing,
    key_mismatch,
    key_no_chain,
    key_reused,
    key_unprotected,
    keypass_ne_storepass,
    kid_alias_stale,
    ku_no_de,
    multi_key_tls,
    name_not_permitted,
    not_in_topology,
    not_yet_valid,
    old_tls,
    outlives_issuer,
    p12_no_mac,
    p12_trust_attr,
    p12_weak_pbe,
    peer_untrusted,
    pin_missed,
    plain_secret,
    plaintext_channel,
    primary_differs,
    primary_implicit,
    primary_names_host,
    primary_not_rsa,
    primary_short,
    ref_missing_file,
    ref_stale,
    rsa_small,
    san_missing,
    san_wildcard_partial,
    served_not_on_disk,
    shared_tls_key,
    store_corrupt,
    store_does_not_open,
    store_unreadable_by_java,
    ts_has_key,
    twin_differs,
    twin_equal,
    type_mismatch,
    unused_trust,
    url_localhost,
    vault_bracket,
    vault_built_in_key,
    vault_differs,
    vault_ends_blank,
    vault_shadowed,
    vault_stale,
    vault_undecryptable,
    vault_weak_key,
    waiver_expired,
    waiver_unused,
    weak_before_end,
    weak_signature,
}

/// The rule with an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

/// The list of all rules, in Markdown.
pub fn index() -> String {
    let mut out =
        "# Rules of the audit\n\nMade from the rules themselves; `apim-pki explain ID` prints a \
                   page.\n\n| rule | severity | finds |\n| --- | --- | --- |\n"
            .to_owned();
    for rule in ALL {
        let severity = rule.severity.name();
        out.push_str(&format!(
            "| [`{0}`]({0}.md) | {severity} | {1} |\n",
            rule.id, rule.what
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::audit::{
        Check, Finding,
        testing::{Case, Fixture, Lab},
    };
    use crate::{
        observe::endpoint::{Failure, TlsVersion},
        path::ModernProblem,
        verify::endpoint::{EndpointProblem, Objection},
    };

    /// Whether a rule, or what a mutation made of it, fires on a case.
    fn fires(rule: &Rule, case: &Case, registry: &[&'static Rule], mutant: Mutant) -> bool {
        let kept = |other: &&Rule| mutant != Mutant::Removed || other.id != rule.id;
        let registry: Vec<&'static Rule> = registry.iter().copied().filter(kept).collect();
        let report = case.audit(&registry);
        let own = |finding: &Finding| finding.rule.id == rule.id;
        report.findings.iter().any(own) != (mutant == Mutant::Inverted)
    }

    /// True if it does with its fixture what the fixture is for.
    fn holds(rule: &Rule, fixture: &Fixture, mutant: Mutant) -> bool {
        fires(rule, &(fixture.fires)(&Lab), ALL, mutant)
            && !fires(rule, &(fixture.silent)(&Lab), ALL, mutant)
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Mutant {
        /// The rule as it is.
        None,
        /// It is not registered.
        Removed,
        /// It fires where it should not, and nowhere else.
        Inverted,
    }

    #[test]
    fn each_rule_fires_on_what_it_is_for_and_keeps_silent_otherwise() {
        let wrong = FIXTURES.iter();
        let wrong = wrong.filter(|(rule, fixture)| !holds(rule, fixture, Mutant::None));
        let wrong: Vec<&str> = wrong.map(|(rule, _)| rule.id).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_rule_that_is_removed_or_inverted_is_noticed() {
        for (rule, fixture) in FIXTURES {
            for mutant in [Mutant::Removed, Mutant::Inverted] {
                assert!(!holds(rule, fixture, mutant), "{} {mutant:?}", rule.id);
            }
        }
    }

    #[test]
    fn ids_are_the_names_of_the_files_in_order_and_each_once() {
        let ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
        let sorted: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.iter().copied().collect::<Vec<_>>());
        for rule in ALL {
            assert!(!rule.checks.is_empty(), "{}", rule.id);
            let file = rule.id.replace('-', "_");
            let path = format!("{}/src/audit/rules/{file}.rs", env!("CARGO_MANIFEST_DIR"));
            assert!(std::path::Path::new(&path).is_file(), "{path}");
        }
    }

    /// Every id that ever was. An id goes nowhere: a rule that is given up stays here with its last day.
    #[test]
    fn ids_are_never_lost() {
        let known: BTreeSet<&str> = ALL.iter().map(|rule| rule.id).collect();
        let ever: BTreeSet<&str> = include_str!("ids.txt").lines().collect();
        let (lost, new): (Vec<_>, Vec<_>) = (
            ever.difference(&known).collect(),
            known.difference(&ever).collect(),
        );
        assert!(lost.is_empty(), "lost: {lost:?}");
        assert!(new.is_empty(), "new, add them to ids.txt: {new:?}");
    }

    #[test]
    fn every_problem_of_a_live_server_is_one_rule_s_alone() {
        let certificate = Lab.tls().certificate();
        let objections = [
            Objection::Expired(certificate.clone()),
            Objection::Modern(ModernProblem::Expired),
            Objection::Modern(ModernProblem::Untrusted),
            Objection::Name { name: "gw1".into() },
            Objection::NothingInCommon {
                reason: String::new(),
            },
            Objection::NotYetValid(certificate.clone()),
            Objection::Untrusted {
                issuer: certificate.view().unwrap().issuer.clone(),
            },
            Objection::WrongKey,
        ];
        let refused = objections
            .into_iter()
            .map(|objection| EndpointProblem::Refused {
                by: Vec::new(),
                nobody_connects: false,
                objection,
            });
        let others = [
            EndpointProblem::ChainOrder { at: 1 },
            EndpointProblem::ExpiresSoon {
                not_after: certificate.view().unwrap().not_after,
                certificate: certificate.clone(),
            },
            EndpointProblem::Handshake {
                failure: Failure::Closed { received: 0 },
            },
            EndpointProblem::OldVersion {
                version: TlsVersion::Tls10,
            },
        ];
        for problem in refused.chain(others) {
            let claims = |rule: &&&Rule| {
                let mut checks = rule.checks.iter();
                checks.any(|check| matches!(check, Check::Endpoint(claims) if claims(&problem)))
            };
            let rules: Vec<&str> = ALL.iter().filter(claims).map(|rule| rule.id).collect();
            assert_eq!(rules.len(), 1, "{problem:?}: {rules:?}");
        }
    }

    #[test]
    fn every_check_of_a_problem_is_one_rule_s_alone() {
        let lab = Lab;
        for kind in [
            lab.pin_missed(),
            lab.encryption_key_changed(),
            lab.cut_to_issuer(),
            lab.names_not_permitted(),
            lab.store_does_not_open(),
            lab.key_missing(),
            lab.anchor_missing(),
        ] {
            let problem = crate::audit::testing::problem(None, kind.clone());
            let claims = |rule: &&&Rule| {
                let mut checks = rule.checks.iter();
                checks.any(|check| matches!(check, Check::Problem(claims) if claims(&problem)))
            };
            let rules: Vec<&str> = ALL.iter().filter(claims).map(|rule| rule.id).collect();
            assert_eq!(rules.len(), 1, "{kind:?}: {rules:?}");
        }
    }
}
