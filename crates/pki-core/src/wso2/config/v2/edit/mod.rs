//! The stores and servers that a home is to name, written in the places of those that it names.
//!
//! Only values change: a commented-out copy stays, and no comment is made, since the product's profile
//! optimiser comments blocks out line by line. What is switched off is written too, so that switching it on
//! later works. Somebody's own stores are left ([`StoreUse::foreign`](crate::wso2::config::StoreUse)).

mod changes;
mod servers;

use std::sync::Arc;

use changes::{Editor, addition};

use super::{
    reader::path,
    stores::{self, Secrets, Shared, Use},
};
use crate::{
    keystore::Format,
    wso2::{
        Product, SECURITY_FOLDER, Slot,
        config::{
            BlockId, Call, Document, EditError, Edited, Element, HomeConfig, Leaf, Place, Shown,
            StoreConsumer, ValueChange, Wanted, WantedStore, Written, beside,
        },
    },
};

/// The files that have to change so that the home says what is wanted.
pub(in crate::wso2::config) fn edited(
    config: &HomeConfig,
    wanted: &Wanted,
) -> Result<Vec<Edited>, EditError> {
    let uses = stores::uses(&config.documents);
    let shared = Shared::of(&uses);
    refuse(config, wanted)?;
    let mut editor = Editor::default();
    for it in uses.iter().filter(|it| !it.is_foreign(&shared)) {
        if let Some(store) = store_of(it, &shared, wanted) {
            editor.store(it, store)?;
        }
    }
    editor.internal(config, &uses, wanted)?;
    editor.broker_stores(config, &shared, wanted)?;
    editor.authorities(config, wanted)?;
    editor.beside(config, wanted)?;
    editor.done(&config.documents)
}

/// See [`HomeConfig::takes_beside`].
pub(in crate::wso2::config) fn takes_beside(config: &HomeConfig, call: &Call) -> bool {
    let found = call.setting.place.as_ref().and_then(|it| config.at(it));
    let any = ["server:1".to_owned()];
    found.is_some_and(|(_, leaf)| beside::beside(leaf.text(), call, &any).is_some())
}

/// See [`HomeConfig::secret_aliases`].
pub(in crate::wso2::config) fn secret_aliases(config: &HomeConfig, slot: Slot) -> Vec<String> {
    let uses = stores::uses(&config.documents);
    let shared = Shared::of(&uses);
    let mut aliases = Vec::new();
    for it in uses
        .iter()
        .filter(|it| it.row.slot() == slot && !it.is_foreign(&shared))
    {
        let fields = [it.row.fields.password, it.row.fields.key_password];
        for field in fields.into_iter().filter(|field| !field.is_empty()) {
            aliases.extend(it.secret_alias(field));
        }
    }
    aliases
}

/// The store that an element is to name. An internal keystore that is the primary follows it.
fn store_of<'a>(it: &Use<'_>, shared: &Shared, wanted: &'a Wanted) -> Option<&'a WantedStore> {
    let follows = it.row.slot() == Slot::Internal && shared.internal == shared.primary;
    let own = wanted.stores.get(&it.row.slot());
    own.or_else(|| wanted.stores.get(&Slot::Primary).filter(|_| follows))
}

fn refuse(config: &HomeConfig, wanted: &Wanted) -> Result<(), EditError> {
    let mut passwords = wanted.stores.values().map(|store| &store.password);
    if passwords.any(|it| matches!(it, Written::Environment(_))) {
        return Err(EditError::NoEnvironment);
    }
    let mut unread = config.unread.iter();
    match unread.find(|it| !wanted.stores.is_empty() && stores::is_read(&it.file)) {
        Some(unread) => Err(EditError::Unread {
            file: Arc::clone(&unread.file),
        }),
        None => Ok(()),
    }
}

impl<'a> Editor<'a> {
    fn store(&mut self, it: &Use<'a>, wanted: &WantedStore) -> Result<(), EditError> {
        let Use {
            row,
            document,
            block,
        } = *it;
        let fields = row.fields;
        let leaf = |field: &str| match field {
            "" => None,
            field => document.within(block, field),
        };
        if let Some(leaf) = leaf(fields.location) {
            let location = located(leaf.text(), &wanted.file, row.root());
            refuse_dashes(it, leaf, &location)?;
            self.set(document, leaf, &location);
        }
        let kind = wanted.format.java_name();
        match leaf(fields.kind) {
            Some(leaf) => self.set(document, leaf, kind),
            // Where no type is written it is JKS, which most readers take for PKCS #12 too.
            None if wanted.format != Format::Jks => self.add(it, fields.kind, kind),
            None => {}
        }
        if let Some(alias) = &wanted.alias {
            match leaf(fields.alias) {
                Some(leaf) => self.set(document, leaf, alias),
                None if fields.secrets == Secrets::Carbon => self.add(it, fields.alias, alias),
                None => {}
            }
        }
        let has_key = row.slot() != Slot::Truststore;
        for field in [fields.password, fields.key_password] {
            match leaf(field) {
                Some(leaf) => {
                    refuse_dashes(it, leaf, plain(&wanted.password))?;
                    self.password(it, field, leaf, &wanted.password);
                }
                None if has_key && fields.secrets == Secrets::Carbon => {
                    self.add_password(it, field, &wanted.password);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Writes a password, or the alias of the secret that stands for it.
    fn password(&mut self, it: &Use<'a>, field: &str, leaf: &'a Leaf, written: &Written) {
        let document = it.document;
        let Some(element) = document.element_of(leaf) else {
            return;
        };
        match (written, it.secret_alias(field)) {
            (Written::Secret { .. }, Some(alias)) => {
                self.put(document, leaf, 0..leaf.text().len(), "password", true);
                let work = self.work(document);
                work.edits.name_secret(document, leaf, element, &alias);
                let before = leaf.secret_alias.clone();
                if before.as_ref() != Some(&alias) {
                    work.changes.push(ValueChange {
                        place: Place {
                            key: format!("{}/@secretAlias", document.block_key(element)),
                            ..Place::of(document, leaf)
                        },
                        before: before.map(Shown::Text),
                        after: Shown::Text(alias),
                    });
                }
            }
            _ => {
                self.put(document, leaf, 0..leaf.text().len(), plain(written), true);
                // An alias that stayed would be what counts. A connector's is its keystore's password's.
                let alias = document.secret_alias_leaf(leaf);
                if let Some(alias) = alias.filter(|_| it.owns_alias(field)) {
                    self.work(document).edits.remove_attribute(document, alias);
                }
            }
        }
    }

    /// An attribute or element that is not there.
    fn add(&mut self, it: &Use<'a>, field: &str, value: &str) {
        if field.is_empty() {
            return;
        }
        let Use {
            document, block, ..
        } = *it;
        let work = self.work(document);
        let at = match field.strip_prefix('@') {
            Some(attribute) => {
                work.edits.add_attribute(document, block, attribute, value);
                document.end_of_start_tag(block)
            }
            None => {
                let Some(beside) = beside(it) else { return };
                let element = Element::new(field, value);
                work.edits.add_element(document, beside, &element);
                document.end_of(beside)
            }
        };
        let after = Shown::Text(value.to_owned());
        let change = addition(document, at, block, field, after);
        work.changes.push(change);
    }

    fn add_password(&mut self, it: &Use<'a>, field: &str, written: &Written) {
        let Use {
            document, block, ..
        } = *it;
        let Some(beside) = beside(it) else { return };
        let work = self.work(document);
        let alias = match written {
            Written::Secret { .. } => it.secret_alias(field),
            _ => None,
        };
        let element = match &alias {
            Some(_) => Element::new(field, "password"),
            None => Element::new(field, plain(written)),
        };
        let element = Element { alias, ..element };
        work.edits.add_element(document, beside, &element);
        let at = document.end_of(beside);
        let change = addition(document, at, block, field, Shown::Hidden);
        work.changes.push(change);
    }

    /// An internal keystore of its own, where `carbon.xml` has none. Code that reads one is there from 2.5
    /// on (kernel 4.4.27).
    fn internal(
        &mut self,
        config: &'a HomeConfig,
        uses: &[Use<'a>],
        wanted: &Wanted,
    ) -> Result<(), EditError> {
        let named = uses.iter().any(|it| it.row.slot() == Slot::Internal);
        let (Some(internal), Some(primary)) = (
            wanted.stores.get(&Slot::Internal),
            uses.iter()
                .find(|it| it.row.consumer() == StoreConsumer::Primary),
        ) else {
            return Ok(());
        };
        let as_primary = wanted.stores.get(&Slot::Primary);
        if named || as_primary.is_none_or(|it| it.file == internal.file) {
            return Ok(());
        }
        let place = |document: &Document, block| {
            let (line, column) = document.end_of(block);
            Place {
                line,
                column,
                key: INTERNAL.to_owned(),
                ..Place::of_file(document.file())
            }
        };
        let release = config.product.known();
        if release.is_none_or(|it| *it < Product::of(2, 5)) {
            return Err(EditError::NoPlace {
                place: place(primary.document, primary.block),
                reason: "the release has no internal keystore".to_owned(),
            });
        }
        let location = format!("${{carbon.home}}/{SECURITY_FOLDER}/{}", internal.file);
        let alias = internal.alias.clone().unwrap_or_default();
        let password = |field: &str| match &internal.password {
            Written::Secret { .. } => Element {
                alias: Some(format!("Carbon.Security.InternalKeyStore.{field}")),
                ..Element::new(field, "password")
            },
            other => Element::new(field, plain(other)),
        };
        let element = Element {
            children: vec![
                Element::new("Location", &location),
                Element::new("Type", internal.format.java_name()),
                password("Password"),
                Element::new("KeyAlias", &alias),
                password("KeyPassword"),
            ],
            ..Element::new("InternalKeyStore", "")
        };
        let work = self.work(primary.document);
        work.edits
            .add_element(primary.document, primary.block, &element);
        work.changes.push(ValueChange {
            place: place(primary.document, primary.block),
            before: None,
            after: Shown::Text(location),
        });
        Ok(())
    }
}

/// The element beside which those that are missing are put.
fn beside(it: &Use<'_>) -> Option<BlockId> {
    let (document, leaf) = it.location_leaf()?;
    document.element_of(leaf)
}

/// The password itself.
fn plain(written: &Written) -> &str {
    match written {
        Written::Plain(password)
        | Written::Secret {
            otherwise: password,
            ..
        } => password.expose(),
        // Refused before.
        Written::Environment(_) => "",
    }
}

/// The new file in the place of the old one, spelled as the old one was; from another folder it comes to the
/// folder of the stores.
fn located(old: &str, file: &str, root: &str) -> String {
    let old = old.trim();
    let now = path(old);
    let in_folder = match now.rsplit_once('/') {
        Some((folder, _)) => folder.trim_start_matches('/') == SECURITY_FOLDER,
        // A portal names the file alone.
        None => !old.is_empty(),
    };
    let folder = old.rfind(['/', '\\']).map_or("", |at| &old[..=at]);
    match in_folder {
        true => format!("{folder}{file}"),
        false => format!("{root}{SECURITY_FOLDER}/{file}"),
    }
}

/// The profile optimiser makes a comment of each line of the WebSocket senders, and no comment may hold `--`.
fn refuse_dashes(it: &Use<'_>, leaf: &Leaf, value: &str) -> Result<(), EditError> {
    let is_commented_out = it.row.consumer() == StoreConsumer::WebsocketSender;
    match is_commented_out && value.contains("--") {
        true => Err(EditError::NoPlace {
            place: Place::of(it.document, leaf),
            reason: "the product's profile optimiser makes a comment of the line, which cannot hold `--`"
                .to_owned(),
        }),
        false => Ok(()),
    }
}

const INTERNAL: &str = "Server/Security/InternalKeyStore";

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
            carbon.contains(
                "<Password svns:secretAlias=\"Carbon.Security.KeyStore.Password\">password</Password>"
            ),
            "{carbon}"
        );
        let catalina = text(&files, "repository/conf/tomcat/catalina-server.xml");
        assert!(
            catalina.contains("svns:secretAlias=\"Server.Service.Connector.keystorePass\""),
            "{catalina}"
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
            let root = match old.starts_with("${carbon.home}") {
                true => "${carbon.home}/",
                false => "",
            };
            assert_eq!(located(old, "t.jks", root), expected, "{old}");
        }
    }
}
