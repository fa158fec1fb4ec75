//! XML homes with other stores in them, and other servers in their URLs.
//!
//! A value is set where it stands; nothing is added but what a part needs to read another format, or to take
//! a secret. No comment is added anywhere: the product's profile optimiser comments blocks out line by line,
//! and a comment inside of one would break the file.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    reader::path,
    stores::{Shared, uses},
};
use crate::{
    keystore::Format,
    wso2::{
        SECURITY_FOLDER,
        config::{
            BlockId, Document, EditError, Edited, Edits, HomeConfig, Leaf, Place, Shown, Syntax,
            ValueChange, Wanted, WantedStore, Written,
        },
    },
};

/// See [`HomeConfig::edited`].
pub(in crate::wso2::config) fn edited(
    config: &HomeConfig,
    wanted: &Wanted,
) -> Result<Vec<Edited>, EditError> {
    let mut editor = Editor::default();
    let named = uses(&config.documents);
    let shared = Shared::of(&named);
    for named in &named {
        if named.is_foreign(&shared) {
            continue;
        }
        let Some(store) = wanted.stores.get(&named.row.slot()) else {
            continue;
        };
        let (document, block, fields) = (named.document, named.block, named.row.fields);
        let leaf = |field: &str| match field {
            "" => None,
            field => document.within(block, field),
        };
        if let Some(leaf) = leaf(fields.location) {
            let text = location(leaf.text(), &store.file);
            editor.set(document, leaf, &text, Shown::Text(text.clone()));
        }
        editor.kind(document, block, leaf(fields.kind), store);
        if let (Some(leaf), Some(alias)) = (leaf(fields.alias), &store.alias) {
            editor.set(document, leaf, alias, Shown::Text(alias.clone()));
        }
        for field in [fields.password, fields.key_password] {
            if let Some(leaf) = leaf(field) {
                editor.secret(document, block, leaf, &store.password, fields.takes_secrets)?;
            }
        }
    }
    editor.authorities(config, wanted)?;
    Ok(editor.finish(&config.documents))
}

#[derive(Default)]
struct Editor {
    files: BTreeMap<String, Changed>,
}

#[derive(Default)]
struct Changed {
    edits: Edits,
    changes: Vec<ValueChange>,
    /// Where values that are set already begin: two parts may read the same one.
    seen: BTreeSet<usize>,
    declares: bool,
}

impl Editor {
    fn file(&mut self, document: &Document) -> &mut Changed {
        self.files.entry(document.file().to_owned()).or_default()
    }

    fn set(&mut self, document: &Document, leaf: &Leaf, text: &str, after: Shown) {
        let changed = self.file(document);
        if !changed.seen.insert(leaf.start()) || leaf.text() == text {
            return;
        }
        changed.edits.set(document, leaf, text);
        let before = match &after {
            Shown::Hidden => Shown::Hidden,
            Shown::Text(_) => Shown::Text(leaf.text().to_owned()),
        };
        changed.changes.push(ValueChange {
            place: place(document, leaf),
            before: Some(before),
            after,
        });
    }

    /// The type, where one stands; an attribute of a connector that has none is added, since Tomcat takes a
    /// JKS for granted.
    fn kind(
        &mut self,
        document: &Document,
        block: BlockId,
        leaf: Option<&Leaf>,
        store: &WantedStore,
    ) {
        let name = match store.format {
            Format::Pkcs12 => "PKCS12",
            _ => "JKS",
        };
        match leaf {
            Some(leaf) if leaf.text().eq_ignore_ascii_case(name) => {}
            Some(leaf) => self.set(document, leaf, name, Shown::Text(name.to_owned())),
            None if store.format == Format::Pkcs12
                && document.within(block, "@keystoreFile").is_some() =>
            {
                let (line, column) = document.block_position(block);
                let changed = self.file(document);
                changed
                    .edits
                    .add_attribute(document, block, "keystoreType", name);
                changed.changes.push(ValueChange {
                    place: Place {
                        file: document.file().into(),
                        line,
                        column,
                        key: format!("{}/@keystoreType", document.block_key(block)),
                    },
                    before: None,
                    after: Shown::Text(name.to_owned()),
                });
            }
            None => {}
        }
    }

    fn secret(
        &mut self,
        document: &Document,
        block: BlockId,
        leaf: &Leaf,
        written: &Written,
        takes_secrets: bool,
    ) -> Result<(), EditError> {
        let is_xml = document.syntax() == Syntax::Xml;
        match written {
            Written::Environment(_) => return Err(EditError::NoEnvironment),
            Written::Plain(password)
            | Written::Secret {
                otherwise: password,
                ..
            } if matches!(written, Written::Plain(_)) || !takes_secrets || !is_xml => {
                self.forget_alias(document, leaf);
                self.set(document, leaf, password.expose(), Shown::Hidden);
            }
            Written::Secret { alias, .. } => self.name_secret(document, block, leaf, alias),
            Written::Plain(_) => {}
        }
        Ok(())
    }

    /// The value becomes `password`, its element names the alias, and the root declares the prefix, as the
    /// product's cipher tool does it.
    fn name_secret(&mut self, document: &Document, block: BlockId, leaf: &Leaf, alias: &str) {
        if leaf.secret_alias.as_deref() == Some(alias) {
            return;
        }
        self.set(document, leaf, "password", Shown::Hidden);
        let changed = self.file(document);
        if let Some(old) = document.secret_alias_leaf(leaf) {
            if changed.seen.insert(old.start()) {
                changed.edits.set(document, old, alias);
            }
            return;
        }
        let element = document.element_of(leaf).unwrap_or(block);
        let (line, column) = document.block_position(element);
        if !changed.seen.insert(document.block_start(element)) {
            return;
        }
        if !changed.declares && !document.mentions("xmlns:svns") {
            let root = leaf.blocks.first().copied().unwrap_or(element);
            changed
                .edits
                .add_attribute(document, root, "xmlns:svns", NAMESPACE);
            changed.declares = true;
        }
        changed
            .edits
            .add_attribute(document, element, "svns:secretAlias", alias);
        changed.changes.push(ValueChange {
            place: Place {
                file: document.file().into(),
                line,
                column,
                key: format!("{}/@secretAlias", document.block_key(element)),
            },
            before: None,
            after: Shown::Text(alias.to_owned()),
        });
    }

    /// A value that is written out has no secret any more.
    fn forget_alias(&mut self, document: &Document, leaf: &Leaf) {
        if let Some(old) = document.secret_alias_leaf(leaf) {
            let changed = self.file(document);
            if changed.seen.insert(old.start()) {
                changed.edits.remove_attribute(document, old);
            }
        }
    }

    fn authorities(&mut self, config: &HomeConfig, wanted: &Wanted) -> Result<(), EditError> {
        let mut calls: BTreeMap<usize, Vec<(std::ops::Range<usize>, &str)>> = BTreeMap::new();
        for it in &wanted.authorities {
            let Some(endpoint) = config
                .calls
                .get(it.call)
                .and_then(|call| call.endpoints.get(it.endpoint))
            else {
                continue;
            };
            let part = (endpoint.authority.clone(), it.authority.as_str());
            calls.entry(it.call).or_default().push(part);
        }
        for (index, mut parts) in calls {
            let Some(place) = &config.calls[index].setting.place else {
                continue;
            };
            let document = config.documents.iter().find(|it| it.file() == &*place.file);
            let found = document.and_then(|document| {
                let mut leaves = document.leaves().iter();
                let leaf = leaves.find(|it| (it.line, it.column) == (place.line, place.column))?;
                Some((document, leaf))
            });
            let no_place = |reason: &str| EditError::NoPlace {
                place: place.clone(),
                reason: reason.to_owned(),
            };
            let (document, leaf) = found.ok_or_else(|| no_place("nothing stands there"))?;
            parts.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
            let mut text = leaf.text().to_owned();
            for (range, authority) in parts {
                if text.get(range.clone()).is_none() {
                    return Err(no_place("the server's place in it is not known"));
                }
                text.replace_range(range, authority);
            }
            self.set(document, leaf, &text, Shown::Text(without_user(&text)));
            // What it was may hold a password too.
            if let Some(change) = self.file(document).changes.last_mut() {
                change.before = Some(Shown::Text(without_user(leaf.text())));
            }
        }
        Ok(())
    }

    fn finish(self, documents: &[Document]) -> Vec<Edited> {
        let of = |file: &str| documents.iter().find(|document| document.file() == file);
        self.files
            .into_iter()
            .filter(|(_, changed)| !changed.edits.is_empty())
            .filter_map(|(file, mut changed)| {
                changed
                    .changes
                    .sort_by_key(|it| (it.place.line, it.place.column));
                Some(Edited {
                    bytes: of(&file)?.edited(&changed.edits),
                    file: file.into(),
                    changes: changed.changes,
                })
            })
            .collect()
    }
}

/// The new file in the place of the old one, spelled as the old one was.
fn location(old: &str, file: &str) -> String {
    let folder = path(old);
    let folder = folder.rsplit_once('/').map(|(folder, _)| folder);
    match (old.rsplit_once('/'), folder) {
        // A portal names the file alone.
        (None, _) if !old.is_empty() => file.to_owned(),
        (Some((before, _)), Some(SECURITY_FOLDER)) => format!("{before}/{file}"),
        _ if old.starts_with("${carbon.home}") => {
            format!("${{carbon.home}}/{SECURITY_FOLDER}/{file}")
        }
        _ => format!("{SECURITY_FOLDER}/{file}"),
    }
}

fn place(document: &Document, leaf: &Leaf) -> Place {
    Place {
        file: document.file().into(),
        line: leaf.line,
        column: leaf.column,
        key: leaf.key.clone(),
    }
}

/// A URL without the user and the password in it.
fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => format!("{scheme}://[hidden]@{rest}"),
        _ => text.to_owned(),
    }
}

/// Of the secret vault's attributes.
const NAMESPACE: &str = "http://org.wso2.securevault/configuration";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        secret::{Bytes, Password},
        wso2::{Slot, config::HomeFiles},
    };

    fn home(carbon: &str, catalina: &str) -> HomeFiles {
        [
            ("repository/conf/carbon.xml", carbon),
            ("repository/conf/tomcat/catalina-server.xml", catalina),
        ]
        .into_iter()
        .map(|(file, text)| (file.to_owned(), Bytes::from(text.as_bytes())))
        .collect()
    }

    fn wanted(password: Written, format: Format) -> Wanted {
        let store = |file: &str, alias: Option<&str>| WantedStore {
            file: file.to_owned(),
            format,
            password: password.clone(),
            alias: alias.map(str::to_owned),
        };
        let mut wanted = Wanted::default();
        wanted
            .stores
            .insert(Slot::Primary, store("wso2carbon.jks", Some("wso2carbon")));
        wanted
            .stores
            .insert(Slot::Tls, store("tls.jks", Some("tls")));
        wanted
            .stores
            .insert(Slot::Truststore, store("client-truststore.jks", None));
        wanted
    }

    fn edit(files: &mut HomeFiles, wanted: &Wanted) -> usize {
        let edited = HomeConfig::read(files, None).edited(wanted).unwrap();
        for it in &edited {
            files.insert(it.file.to_string(), it.bytes.clone());
        }
        edited.iter().map(|it| it.changes.len()).sum()
    }

    fn text(files: &HomeFiles, file: &str) -> String {
        String::from_utf8(files[file].expose().to_vec()).unwrap()
    }

    const CARBON: &str = "<Server xmlns=\"http://wso2.org/projects/carbon/carbon.xml\">\r\n<Version>2.6.0</Version>\r\n\
        <Security><KeyStore><Location>${carbon.home}/repository/resources/security/old.jks</Location><Type>JKS</Type>\
        <Password>o&amp;ld</Password><KeyAlias>x</KeyAlias><KeyPassword>old</KeyPassword></KeyStore>\r\n\
        <!-- <KeyStore><Location>dead</Location></KeyStore> --></Security></Server>";
    const CATALINA: &str = "<Server><Service><Connector port=\"9443\"\n  keystoreFile='${carbon.home}/repository/resources/security/old.jks' keystorePass=\"old\"/></Service></Server>";

    #[test]
    fn values_change_in_their_places_and_nothing_around_them() {
        let mut files = home(CARBON, CATALINA);
        let password = Written::Plain(Password::new("a<b&c\"d'e"));
        let wanted = wanted(password, Format::Jks);
        assert_eq!(edit(&mut files, &wanted), 6);
        let expected = CARBON
            .replace("old.jks", "wso2carbon.jks")
            .replace("o&amp;ld", "a&lt;b&amp;c\"d'e")
            .replace(">x<", ">wso2carbon<")
            .replace(">old<", ">a&lt;b&amp;c\"d'e<");
        assert_eq!(text(&files, "repository/conf/carbon.xml"), expected);
        let expected = CATALINA
            .replace("old.jks", "tls.jks")
            .replace("\"old\"", "\"a&lt;b&amp;c&quot;d'e\"");
        assert_eq!(
            text(&files, "repository/conf/tomcat/catalina-server.xml"),
            expected
        );
        assert_eq!(edit(&mut files, &wanted), 0, "run again: no change");
    }

    #[test]
    fn tomcat_is_told_of_a_pkcs_12() {
        let mut files = home(CARBON, CATALINA);
        edit(
            &mut files,
            &wanted(Written::Plain(Password::new("secret")), Format::Pkcs12),
        );
        let catalina = text(&files, "repository/conf/tomcat/catalina-server.xml");
        assert!(
            catalina.contains("keystorePass=\"secret\" keystoreType=\"PKCS12\"/>"),
            "{catalina}"
        );
        assert!(text(&files, "repository/conf/carbon.xml").contains("<Type>PKCS12</Type>"));
    }

    #[test]
    fn a_secret_is_named_as_the_cipher_tool_names_it_and_forgotten_again() {
        let mut files = home(CARBON, CATALINA);
        let named = Written::Secret {
            alias: "store".to_owned(),
            otherwise: Password::new("secret"),
        };
        edit(&mut files, &wanted(named.clone(), Format::Jks));
        let carbon = text(&files, "repository/conf/carbon.xml");
        assert!(
            carbon.contains("<Password svns:secretAlias=\"store\">password</Password>"),
            "{carbon}"
        );
        assert_eq!(
            carbon
                .matches("xmlns:svns=\"http://org.wso2.securevault/configuration\"")
                .count(),
            1
        );
        assert_eq!(
            edit(&mut files, &wanted(named, Format::Jks)),
            0,
            "run again: no change"
        );

        edit(
            &mut files,
            &wanted(Written::Plain(Password::new("plain1")), Format::Jks),
        );
        let carbon = text(&files, "repository/conf/carbon.xml");
        assert!(carbon.contains("<Password>plain1</Password>"), "{carbon}");
        assert!(!carbon.contains("secretAlias"), "{carbon}");
        let env = wanted(Written::Environment("X".to_owned()), Format::Jks);
        let refused = HomeConfig::read(&files, None).edited(&env);
        assert_eq!(refused.unwrap_err(), EditError::NoEnvironment);
    }

    #[test]
    fn a_place_is_spelled_as_it_was() {
        for (old, expected) in [
            (
                "${carbon.home}/repository/resources/security/a.jks",
                "${carbon.home}/repository/resources/security/t.jks",
            ),
            (
                "repository/resources/security/a.jks",
                "repository/resources/security/t.jks",
            ),
            (
                "./repository/resources/security/a.jks",
                "./repository/resources/security/t.jks",
            ),
            ("a.jks", "t.jks"),
            (
                "${carbon.home}/elsewhere/a.jks",
                "${carbon.home}/repository/resources/security/t.jks",
            ),
            ("/opt/keys/a.jks", "repository/resources/security/t.jks"),
            ("", "repository/resources/security/t.jks"),
        ] {
            assert_eq!(location(old, "t.jks"), expected, "{old}");
        }
        assert_eq!(
            without_user("amqp://admin:pw@c/carbon?brokerlist='tcp://h:1'"),
            "amqp://[hidden]@c/carbon?brokerlist='tcp://h:1'"
        );
        assert_eq!(without_user("https://h:1/a@b"), "https://h:1/a@b");
    }
}
