//! The XML files of 2.x: every element that names a store, with what is around it.

use zeroize::Zeroizing;

use super::{Snippet, SnippetError, SnippetForm, literal};
use crate::{
    keystore::Format,
    secret::Bytes,
    wso2::{
        SECURITY_FOLDER,
        config::{
            StoreConsumer, WantedStore, Written,
            edit::escaped,
            v2::{self, Named},
        },
    },
};

/// Every file, with its elements.
pub(super) fn files(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    if !snippet.product.is_2x() {
        let reason = "the release makes its XML of `deployment.toml` at each start";
        return Err(snippet.not_for(SnippetForm::Xml, reason));
    }
    written(snippet, |_| true)
}

/// Tomcat's connector.
pub(super) fn tomcat(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    written(snippet, |named| named.consumer == StoreConsumer::Tomcat)
}

fn written(
    snippet: &Snippet<'_>,
    is_meant: impl Fn(&Named) -> bool,
) -> Result<Bytes, SnippetError> {
    let mut files: Vec<(&'static str, Element)> = Vec::new();
    for named in v2::named(snippet.product) {
        if !is_meant(&named) {
            continue;
        }
        let store = snippet.store(named.slot)?;
        let root = match files.iter().position(|(file, _)| *file == named.file) {
            Some(at) => &mut files[at].1,
            None => {
                files.push((named.file, Element::default()));
                let last = files.len() - 1;
                &mut files[last].1
            }
        };
        fill(root, &named, store);
    }
    let mut out = Zeroizing::new(format!(
        "<!-- {}, {} of {}: the values of these elements, in the files that have them.{} -->\n",
        snippet.node,
        snippet.role,
        snippet.product,
        match snippet.has_placeholders() {
            true => "\n     @NAME@ stands for a password.",
            false => "",
        }
    ));
    for (file, root) in &files {
        out.push_str(&format!("\n<!-- {file} -->\n"));
        for child in &root.children {
            child.write(0, &mut out);
        }
    }
    Ok(Bytes::from(out.as_bytes()))
}

/// Puts the values of one store into the elements of a file.
fn fill(root: &mut Element, named: &Named, store: &WantedStore) {
    let fields = named.fields;
    let block = named.block.as_str();
    if named.consumer == StoreConsumer::SenderProfile {
        let servers = block.rsplit_once('/').map_or(block, |(profile, _)| profile);
        root.at(servers).at("servers").text = Some(Zeroizing::new("*".to_owned()));
    }
    let mut set = |field: &str, value: &str, secret: Option<&str>| {
        let block = root.at(block);
        match field.strip_prefix('@') {
            Some(attribute) => {
                block.set(attribute, value);
                if let Some(alias) = secret {
                    block.set(SECRET, alias);
                }
            }
            None => {
                let element = block.at(field);
                element.text = Some(Zeroizing::new(value.to_owned()));
                if let Some(alias) = secret {
                    element.set(SECRET, alias);
                }
            }
        }
    };
    let location = format!("{}{SECURITY_FOLDER}/{}", named.root, store.file);
    set(fields.location, &location, None);
    let is_attribute = fields.kind.starts_with('@');
    match store.format {
        _ if fields.kind.is_empty() => {}
        Format::Pkcs12 => set(fields.kind, "PKCS12", None),
        // A connector takes JKS for granted.
        _ if is_attribute => {}
        _ => set(fields.kind, "JKS", None),
    }
    let password = literal(&store.password);
    let secret = |field: &str| {
        let alias = match &store.password {
            Written::Secret { .. } => fields.secret_alias(block, field),
            _ => None,
        };
        let text = alias.as_ref().map_or(password.expose(), |_| "password");
        (text, alias)
    };
    let (text, alias) = secret(fields.password);
    set(fields.password, text, alias.as_deref());
    if !fields.alias.is_empty()
        && let Some(alias) = &store.alias
    {
        set(fields.alias, alias, None);
    }
    // A connector takes the store's password for the key.
    if !fields.key_password.is_empty() && !fields.key_password.starts_with('@') {
        let (text, alias) = secret(fields.key_password);
        set(fields.key_password, text, alias.as_deref());
    }
}

/// An element that is to be written.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, Zeroizing<String>)>,
    text: Option<Zeroizing<String>>,
    children: Vec<Self>,
}

impl Element {
    /// The element that a path leads to, made if it is not there. `name[x]` has an attribute that tells it
    /// from its siblings.
    fn at(&mut self, path: &str) -> &mut Self {
        let mut element = self;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            let (name, told) = match step.split_once('[') {
                Some((name, told)) => (name, Some(told.trim_end_matches(']'))),
                None => (step, None),
            };
            let told_by = match name {
                "Connector" => "port",
                _ => "name",
            };
            let is_it = |it: &Self| {
                let mut attributes = it.attributes.iter();
                let own = attributes.find(|(key, _)| key == told_by);
                it.name == name && own.map(|(_, value)| value.as_str()) == told
            };
            let at = match element.children.iter().position(is_it) {
                Some(at) => at,
                None => {
                    let mut child = Self {
                        name: name.to_owned(),
                        ..Self::default()
                    };
                    if let Some(told) = told {
                        child.set(told_by, told);
                    }
                    element.children.push(child);
                    element.children.len() - 1
                }
            };
            element = &mut element.children[at];
        }
        element
    }

    fn set(&mut self, attribute: &str, value: &str) {
        let value = Zeroizing::new(value.to_owned());
        let mut attributes = self.attributes.iter_mut();
        match attributes.find(|(known, _)| known == attribute) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((attribute.to_owned(), value)),
        }
    }

    fn write(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        out.push_str(&format!("{indent}<{}", self.name));
        if depth == 0 && self.has_secret() {
            out.push_str(&format!(" xmlns:svns=\"{NAMESPACE}\""));
        }
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\""));
            out.push_str(&escaped(value, true));
            out.push('"');
        }
        match &self.text {
            Some(text) => {
                out.push('>');
                out.push_str(&escaped(text, false));
                out.push_str(&format!("</{}>\n", self.name));
            }
            None if self.children.is_empty() => out.push_str("/>\n"),
            None => {
                out.push_str(">\n");
                for child in &self.children {
                    child.write(depth + 1, out);
                }
                out.push_str(&format!("{indent}</{}>\n", self.name));
            }
        }
    }

    fn has_secret(&self) -> bool {
        self.attributes.iter().any(|(name, _)| name == SECRET)
            || self.children.iter().any(Self::has_secret)
    }
}

const SECRET: &str = "svns:secretAlias";
/// Of the secret vault's attributes.
const NAMESPACE: &str = "http://org.wso2.securevault/configuration";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{super::testing::*, *};
    use crate::wso2::{
        Product, Slot,
        config::{HomeConfig, HomeFiles},
    };

    /// The parts of a snippet, by file.
    fn parts(text: &str) -> BTreeMap<String, String> {
        let parts = text.split("\n<!-- repository").skip(1);
        parts
            .map(|part| {
                let (file, xml) = part.split_once(" -->\n").unwrap();
                (format!("repository{file}"), xml.to_owned())
            })
            .collect()
    }

    #[test]
    fn what_is_printed_is_read_as_what_was_wanted() {
        for product in [Product::of(2, 1), Product::of(2, 6)] {
            let text = snippet(SnippetForm::Xml, product, Style::Plain, "internal.jks").unwrap();
            let files: HomeFiles = parts(&text)
                .into_iter()
                .map(|(file, xml)| (file, Bytes::from(xml.as_bytes())))
                .collect();
            assert!(files.len() > 6, "{:?}", files.keys());
            let config = HomeConfig::read(&files, Some(product));
            assert!(config.unread.is_empty(), "{:?}", config.unread);
            for store in &config.stores {
                let name = match store.slot {
                    Slot::Internal => "internal.jks",
                    Slot::Primary => "wso2carbon.jks",
                    Slot::Tls => "tls.jks",
                    Slot::Truststore => "client-truststore.jks",
                };
                let location = store.location.known().unwrap();
                assert_eq!(*location, format!("{SECURITY_FOLDER}/{name}"), "{store:?}");
                assert_eq!(store.password.known().unwrap().expose(), "S3cret \"<&");
            }
            let internal = config.stores.iter().any(|it| it.slot == Slot::Internal);
            assert_eq!(internal, product.at_least(2, 5));
        }
    }

    #[test]
    fn a_secret_is_named_where_the_part_takes_one_and_stands_for_itself_elsewhere() {
        let text = snippet(
            SnippetForm::Xml,
            Product::of(2, 6),
            Style::Secret,
            "wso2carbon.jks",
        )
        .unwrap();
        let parts = parts(&text);
        let carbon = &parts["repository/conf/carbon.xml"];
        assert!(
            carbon.contains("<Password svns:secretAlias=\"Carbon.Security.KeyStore.Password\">password</Password>"),
            "{carbon}"
        );
        assert!(carbon.contains(NAMESPACE));
        let synapse = &parts["repository/conf/axis2/axis2.xml"];
        assert!(
            synapse.contains("<Password>@WSO2_TLS_KEYSTORE_PASSWORD@</Password>"),
            "{synapse}"
        );
        assert!(!synapse.contains(NAMESPACE));
    }

    #[test]
    fn tomcats_connector_is_told_by_its_port() {
        let text = snippet(
            SnippetForm::Tomcat,
            Product::of(2, 6),
            Style::Environment,
            "internal.jks",
        )
        .unwrap();
        assert!(
            text.contains(
                "<Connector port=\"9443\" keystoreFile=\"${carbon.home}/repository/resources/security/tls.jks\" \
                 keystorePass=\"@WSO2_TLS_KEYSTORE_PASSWORD@\" keyAlias=\"wso2carbon\"/>"
            ),
            "{text}"
        );
        assert_eq!(parts(&text).len(), 1);
    }
}
