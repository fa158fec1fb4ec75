//! Variables of a host for the product's Ansible playbooks (ansible-apim, branches 2.6.x to 4.2.x).

use super::{Snippet, SnippetError, SnippetForm, chart::Out};
use crate::{
    secret::Bytes,
    wso2::{
        Role, SECURITY_FOLDER, Slot,
        config::{Written, json},
    },
};

/// `host_vars/….yml`.
pub(super) fn ansible(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    let form = SnippetForm::Ansible;
    if !snippet.product.at_least(3, 2) {
        let reason = "the playbooks before 3.2 have one keystore for everything";
        return Err(snippet.not_for(form, reason));
    }
    let own = snippet.own_slots()?;
    let mut out = Out::new(&format!(
        "# {}, {} of {}: variables of this host alone. Its stores go to the controller, to\n\
         # files/security/wso2am/{}/. The newest playbooks are those for 4.2.\n",
        snippet.node, snippet.role, snippet.product, snippet.node
    ));
    out.line(0, "security_file_list:");
    for (_, store) in &own {
        let from = format!(
            "{{{{ security_file_location }}}}/wso2am/{}/{}",
            snippet.node, store.file
        );
        let to = format!("{{{{ carbon_home }}}}/{SECURITY_FOLDER}/{}", store.file);
        let item = format!(
            "- {{ src: {}, dest: {} }}",
            json::string(&from).as_str(),
            json::string(&to).as_str()
        );
        out.line(1, &item);
    }
    for slot in [Slot::Primary, Slot::Internal, Slot::Tls] {
        // Where the primary serves as internal keystore the playbooks must be told.
        let played_by = match slot {
            Slot::Internal if own.iter().all(|(own, _)| *own != slot) => Slot::Primary,
            slot => slot,
        };
        let store = snippet.store(played_by)?;
        let name = |part: &str| format!("{slot}_key_store_{part}");
        out.text(0, &name("name"), &store.file);
        secret(snippet, &mut out, &name("password"), &store.password)?;
        secret(snippet, &mut out, &name("key_password"), &store.password)?;
        let alias = store.alias.as_deref().unwrap_or_default();
        out.text(0, &name("key_alias"), alias);
    }
    let truststore = snippet.store(Slot::Truststore)?;
    out.text(0, "trust_store_name", &truststore.file);
    secret(
        snippet,
        &mut out,
        "trust_store_password",
        &truststore.password,
    )?;
    if let Some(key) = &snippet.wanted.encryption_key {
        secret(snippet, &mut out, "encryption_key", key)?;
    }
    template(snippet, &mut out);
    Ok(out.done())
}

/// A password: a variable that Ansible's vault holds, or the text itself, which is no template then.
fn secret(
    snippet: &Snippet<'_>,
    out: &mut Out,
    key: &str,
    written: &Written,
) -> Result<(), SnippetError> {
    match written {
        Written::Environment(_) => {
            out.text(0, key, &format!("{{{{ vault_{key} }}}}"));
            Ok(())
        }
        Written::Plain(password) => {
            let value = json::string(password.expose());
            let line = zeroize::Zeroizing::new(format!("{key}: !unsafe {}", value.as_str()));
            out.line(0, &line);
            Ok(())
        }
        Written::Secret { .. } => {
            let reason = "the playbooks name secrets themselves (`secure_vault_enabled`)";
            Err(snippet.not_for(SnippetForm::Ansible, reason))
        }
    }
}

/// What templates of the playbooks lack: without it a variable is set and nothing reads it.
fn template(snippet: &Snippet<'_>, out: &mut Out) {
    let mut lines = Vec::new();
    let alone = matches!(snippet.role, Role::Gateway | Role::TrafficManager);
    if snippet.product.at_least(4, 1) && alone {
        for slot in [Slot::Primary, Slot::Internal] {
            lines.push(format!("[keystore.{slot}]"));
            lines.push(format!("file_name = \"{{{{ {slot}_key_store_name }}}}\""));
            lines.push("type = \"JKS\"".to_owned());
            lines.push(format!(
                "password = \"{{{{ {slot}_key_store_password }}}}\""
            ));
            lines.push(format!("alias = \"{{{{ {slot}_key_store_key_alias }}}}\""));
            lines.push(format!(
                "key_password = \"{{{{ {slot}_key_store_key_password }}}}\""
            ));
        }
    }
    if snippet.wanted.encryption_key.is_some() {
        lines.push("[encryption]".to_owned());
        lines.push("key = \"{{ encryption_key }}\"".to_owned());
    }
    if lines.is_empty() {
        return;
    }
    out.line(0, "# The role's template of deployment.toml needs these lines, before [secrets]; without them");
    out.line(
        0,
        "# the product takes its public default key for the primary:",
    );
    for line in lines {
        out.line(0, &format!("#   {line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};
    use crate::wso2::Product;

    #[test]
    fn the_variables_are_the_playbooks_own_and_passwords_are_vaulted() {
        let text = snippet(
            SnippetForm::Ansible,
            Product::of(4, 2),
            Style::Environment,
            "wso2carbon.jks",
        )
        .unwrap();
        for line in [
            "  - { src: \"{{ security_file_location }}/wso2am/gateway-1/tls.jks\", dest: \"{{ carbon_home }}/repository/resources/security/tls.jks\" }",
            "primary_key_store_name: \"wso2carbon.jks\"",
            "internal_key_store_name: \"wso2carbon.jks\"",
            "tls_key_store_key_password: \"{{ vault_tls_key_store_key_password }}\"",
            "tls_key_store_key_alias: \"wso2carbon\"",
            "trust_store_password: \"{{ vault_trust_store_password }}\"",
            "#   [keystore.primary]",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert_eq!(text.matches("- { src:").count(), 3);
    }

    #[test]
    fn a_plain_password_is_no_template() {
        let text = snippet(
            SnippetForm::Ansible,
            Product::of(4, 7),
            Style::Plain,
            "internal.jks",
        )
        .unwrap();
        assert!(
            text.contains("tls_key_store_password: !unsafe \"S3cret \\\"<&\"\n"),
            "{text}"
        );
        assert!(text.contains("encryption_key: !unsafe"));
        assert!(text.contains("#   key = \"{{ encryption_key }}\"\n"));
    }

    #[test]
    fn playbooks_that_know_one_keystore_are_refused() {
        for product in [Product::of(2, 6), Product::of(3, 1)] {
            let refused = snippet(SnippetForm::Ansible, product, Style::Plain, "internal.jks");
            assert!(matches!(refused, Err(SnippetError::NotFor { .. })));
        }
    }
}
