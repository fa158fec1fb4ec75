//! Every rule, one a file. A rule's id is its file's name with `-` for `_`.

use super::Rule;

/// Registers rules: the module and its rule, and for tests what it is tried on and what can be made of it.
macro_rules! rules {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Every rule, by id.
        pub static ALL: &[&Rule] = &[$(&$module::RULE),*];

        /// Every rule with its fixtures and its mutants.
        #[cfg(test)]
        static TRIED: &[super::testing::Tried] = &[$({
            struct It;
            impl super::testing::Own for It {
                fn rule() -> &'static Rule {
                    &$module::RULE
                }
            }
            super::testing::Tried {
                rule: &$module::RULE,
                fixtures: $module::FIXTURES,
                mutants: super::testing::mutants::<It>,
            }
        }),*];
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
mod tests;
