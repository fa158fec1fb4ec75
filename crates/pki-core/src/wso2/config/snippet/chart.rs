//! Values and secrets for the product's Helm charts (helm-apim, branches 3.2.x and 4.2.x to 4.7.x:
//! `values.yaml`, `confs/deployment.toml` and the deployments of `distributed/*`).

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use super::{Snippet, SnippetError, SnippetForm, literal};
use crate::{
    secret::Bytes,
    wso2::{
        Product, Role, Slot,
        config::{WantedStore, Written, json},
    },
};

/// `values.yaml`.
pub(super) fn values(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    let chart = chart(snippet, SnippetForm::Helm)?;
    let own = snippet.own_slots()?;
    let by_reference = reads_passwords(snippet.product) && !is_plain(&own);
    let mut out = Out::new(&format!(
        "# {}, {} of {}: values for the chart `{chart}` of helm-apim.\n\
         # All pods of the chart have the same stores: one certificate needs the names of all of them\n\
         # (`[tls] shared = true` in the topology).\n",
        snippet.node, snippet.role, snippet.product
    ));
    out.line(0, "wso2:");
    out.line(1, "apim:");
    out.line(2, "configurations:");
    if let Some(key) = &snippet.wanted.encryption_key {
        match (by_reference, key) {
            (true, Written::Environment(_)) => {
                out.line(
                    3,
                    "# a secret of your own that is named here must have the key too",
                );
                out.line(3, "existingSecret:");
                out.text(4, "secretName", &passwords_name(snippet));
                out.text(4, "encryptionKeyKey", ENCRYPTION_KEY);
            }
            _ => {
                out.line(3, "encryption:");
                out.text(4, "key", literal(key).expose());
            }
        }
    }
    out.line(3, "security:");
    out.text(4, "jksSecretName", &stores_name(snippet));
    if by_reference {
        out.line(4, "jksExistingSecret:");
        out.text(5, "secretName", &passwords_name(snippet));
        for (slot, _) in &own {
            let key = password_key(*slot);
            match slot {
                Slot::Truststore => out.text(5, "truststorePasswordKey", key),
                slot => {
                    // The product takes one password for the store and for the key in it.
                    out.text(5, &format!("{slot}KeystorePasswordKey"), key);
                    out.text(5, &format!("{slot}KeystoreKeyPasswordKey"), key);
                }
            }
        }
    }
    out.line(4, "keystores:");
    for slot in [Slot::Primary, Slot::Tls, Slot::Internal] {
        out.line(5, &format!("{slot}:"));
        let Some((_, store)) = own.iter().find(|(own, _)| *own == slot) else {
            // Without one the product takes the primary.
            out.line(6, "enabled: false");
            continue;
        };
        out.line(6, "enabled: true");
        out.text(6, "name", &store.file);
        out.text(6, "alias", store.alias.as_deref().unwrap_or_default());
        if !by_reference {
            let password = literal(&store.password);
            out.text(6, "password", password.expose());
            out.text(6, "keyPassword", password.expose());
        }
    }
    out.line(4, "truststore:");
    let truststore = snippet.store(Slot::Truststore)?;
    out.text(5, "name", &truststore.file);
    if !by_reference {
        out.text(5, "password", literal(&truststore.password).expose());
    }
    Ok(out.done())
}

/// The secrets that the values name: the stores under their files' names, and where the chart reads them
/// from one, the passwords.
pub(super) fn secrets(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    chart(snippet, SnippetForm::Kubernetes)?;
    let own = snippet.own_slots()?;
    let mut out = Out::new(&format!(
        "# {}, {} of {}: kubectl apply -f -\n",
        snippet.node, snippet.role, snippet.product
    ));
    head(&mut out, &stores_name(snippet));
    out.line(0, "data:");
    for (_, store) in &own {
        let content = snippet.files.get(&store.file);
        let content = content.ok_or_else(|| SnippetError::NoContent {
            file: store.file.clone(),
        })?;
        out.text(1, &store.file, &Base64::encode_string(content.expose()));
    }
    if reads_passwords(snippet.product) {
        out.line(0, "---");
        head(&mut out, &passwords_name(snippet));
        out.line(0, "stringData:");
        for (slot, store) in &own {
            out.text(1, password_key(*slot), literal(&store.password).expose());
        }
        if let Some(key) = &snippet.wanted.encryption_key {
            out.text(1, ENCRYPTION_KEY, literal(key).expose());
        }
    }
    Ok(out.done())
}

fn head(out: &mut Out, name: &str) {
    out.line(0, "apiVersion: v1");
    out.line(0, "kind: Secret");
    out.line(0, "metadata:");
    out.text(1, "name", name);
    out.line(0, "type: Opaque");
}

/// The chart for a node.
fn chart(snippet: &Snippet<'_>, form: SnippetForm) -> Result<&'static str, SnippetError> {
    let product = snippet.product;
    let own = snippet.own_slots()?;
    if !(product.at_least(4, 2) || product.is_same_minor(Product::of(3, 2))) {
        let reason = "helm-apim has charts for 3.2 and from 4.2 on";
        return Err(snippet.not_for(form, reason));
    }
    let vault = own
        .iter()
        .any(|(_, store)| matches!(store.password, Written::Secret { .. }));
    if vault {
        let reason = "the chart names secrets itself (`secureVaultEnabled`)";
        return Err(snippet.not_for(form, reason));
    }
    match snippet.role {
        Role::ControlPlane => Ok("distributed/control-plane"),
        Role::Gateway => Ok("distributed/gateway"),
        Role::TrafficManager => Ok("distributed/traffic-manager"),
        Role::KeyManager if product.at_least(4, 3) => Ok("distributed/key-manager"),
        _ => Err(snippet.not_for(form, "helm-apim has no chart for the role")),
    }
}

/// From 4.6 on the charts take passwords from a secret.
fn reads_passwords(product: Product) -> bool {
    product.at_least(4, 6)
}

/// True if somebody wants passwords in the values themselves.
fn is_plain(own: &[(Slot, &WantedStore)]) -> bool {
    own.iter()
        .any(|(_, store)| matches!(store.password, Written::Plain(_)))
}

fn stores_name(snippet: &Snippet<'_>) -> String {
    format!("apim-pki-{}", snippet.node)
}

fn passwords_name(snippet: &Snippet<'_>) -> String {
    format!("apim-pki-{}-passwords", snippet.node)
}

fn password_key(slot: Slot) -> &'static str {
    match slot {
        Slot::Internal => "internal-keystore-password",
        Slot::Primary => "primary-keystore-password",
        Slot::Tls => "tls-keystore-password",
        Slot::Truststore => "truststore-password",
    }
}

const ENCRYPTION_KEY: &str = "encryption-key";

/// YAML, line by line. Every text is in quotes, which are those of JSON.
pub(super) struct Out(Zeroizing<String>);

impl Out {
    pub(super) fn new(head: &str) -> Self {
        Self(Zeroizing::new(head.to_owned()))
    }

    pub(super) fn line(&mut self, depth: usize, text: &str) {
        self.0.push_str(&"  ".repeat(depth));
        self.0.push_str(text);
        self.0.push('\n');
    }

    pub(super) fn text(&mut self, depth: usize, key: &str, value: &str) {
        let value = json::string(value);
        let line = Zeroizing::new(format!("{key}: {}", value.as_str()));
        self.line(depth, &line);
    }

    pub(super) fn done(self) -> Bytes {
        Bytes::from(self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn from_4_6_on_passwords_are_read_from_a_secret_whose_keys_the_values_name() {
        let of = |form| {
            snippet(
                form,
                Product::of(4, 7),
                Style::Environment,
                "wso2carbon.jks",
            )
            .unwrap()
        };
        let (values, secrets) = (of(SnippetForm::Helm), of(SnippetForm::Kubernetes));
        for line in [
            "      existingSecret:\n        secretName: \"apim-pki-gateway-1-passwords\"\n        encryptionKeyKey: \"encryption-key\"\n",
            "        jksSecretName: \"apim-pki-gateway-1\"\n",
            "          primaryKeystorePasswordKey: \"primary-keystore-password\"\n          primaryKeystoreKeyPasswordKey: \"primary-keystore-password\"\n",
            "          primary:\n            enabled: true\n            name: \"wso2carbon.jks\"\n            alias: \"wso2carbon\"\n",
            "          tls:\n            enabled: true\n            name: \"tls.jks\"\n",
            "          internal:\n            enabled: false\n",
            "        truststore:\n          name: \"client-truststore.jks\"\n",
        ] {
            assert!(values.contains(line), "{line}\n{values}");
        }
        assert!(!values.contains("assword: "), "{values}");
        // The names of the files are the keys, each once.
        for key in [
            "  wso2carbon.jks: \"",
            "  tls.jks: \"",
            "  client-truststore.jks: \"",
        ] {
            assert_eq!(secrets.matches(key).count(), 1, "{secrets}");
        }
        assert!(
            secrets.contains("  tls.jks: \"dGxzLmprcw==\"\n"),
            "{secrets}"
        );
        assert!(secrets.contains("  encryption-key: \"@WSO2_ENCRYPTION_KEY@\"\n"));
        assert!(secrets.contains("  truststore-password: \"@WSO2_TRUSTSTORE_PASSWORD@\"\n"));
    }

    #[test]
    fn before_that_and_where_it_is_wanted_the_values_hold_them() {
        for (product, style) in [
            (Product::of(4, 5), Style::Environment),
            (Product::of(4, 7), Style::Plain),
        ] {
            let values = snippet(SnippetForm::Helm, product, style, "internal.jks").unwrap();
            let shown = match style {
                Style::Plain => "S3cret \\\"<&",
                _ => "@WSO2_INTERNAL_KEYSTORE_PASSWORD@",
            };
            let internal = format!(
                "          internal:\n            enabled: true\n            name: \"internal.jks\"\n            \
                 alias: \"wso2carbon\"\n            password: \"{shown}\"\n            keyPassword: \"{shown}\"\n"
            );
            assert!(values.contains(&internal), "{values}");
            assert!(!values.contains("jksExistingSecret"));
        }
        let secrets = snippet(
            SnippetForm::Kubernetes,
            Product::of(4, 5),
            Style::Environment,
            "internal.jks",
        );
        assert!(!secrets.unwrap().contains("passwords"));
    }

    #[test]
    fn releases_without_a_chart_are_refused() {
        for product in [Product::of(2, 6), Product::of(3, 1), Product::of(4, 1)] {
            for form in [SnippetForm::Helm, SnippetForm::Kubernetes] {
                let refused = snippet(form, product, Style::Environment, "internal.jks");
                assert!(
                    matches!(refused, Err(SnippetError::NotFor { .. })),
                    "{product}"
                );
            }
        }
        assert!(
            snippet(
                SnippetForm::Helm,
                Product::of(3, 2),
                Style::Plain,
                "internal.jks"
            )
            .is_ok()
        );
    }
}
