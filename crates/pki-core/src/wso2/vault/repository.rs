//! The secrets that a home's files keep, and what its configuration says of them.

use std::fmt;

use super::{Dialect, Hazard, Malformed, Sealed, Target, VaultSettings, hazard, target};
use crate::{
    secret::{Bytes, Password},
    wso2::config::{
        DEPLOYMENT_TOML, Document, DocumentError, Generation, HomeFiles, Leaf, Place, Syntax,
    },
};

/// The secrets of a home: those of the secure vault, and passwords that the server itself encrypted and keeps
/// in files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Vault<'a> {
    /// How the home is configured.
    pub generation: Generation,
    /// Every secret, file by file, in the order of the files.
    pub secrets: Vec<Secret<'a>>,
    /// Where the configuration names a secret.
    pub references: Vec<Reference>,
    /// How the vault is set up (`secret-conf.properties`).
    pub settings: VaultSettings,
    /// Where the cipher tool would name secrets (`cipher-tool.properties`); none where a `deployment.toml` does.
    pub targets: Vec<Target<'a>>,
    /// What the product's cipher tool would stumble over in `deployment.toml`.
    pub hazards: Vec<Hazard>,
}

/// One secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Secret<'a> {
    /// Its name: what references say. For one that the server keeps, the path of its element.
    pub alias: String,
    /// Where its value stands.
    pub place: Place,
    /// Who reads it.
    pub keeper: Keeper,
    /// What stands there.
    pub content: Content,
    /// True for one behind which the same alias stands again: Java takes the last.
    pub shadowed: bool,
    pub(super) document: &'a Document,
    pub(super) leaf: &'a Leaf,
}

/// Who reads a secret, and so with which key and by which names of ciphers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Keeper {
    /// The server at run time: passwords of user stores.
    Server,
    /// The secure vault at start: `cipher-text.properties`, `[secrets]`.
    Vault,
}

/// What stands in a secret's place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Nothing. The product takes the alias for the secret.
    Empty,
    /// Neither.
    Malformed(Malformed),
    /// A text in brackets, which the cipher tool has not encrypted yet.
    Plain {
        /// The text between the brackets, as the cipher tool takes it.
        text: Password,
        /// True if that is not all that stands there: the cipher tool would encrypt a part of it. In
        /// `cipher-text.properties` the text ends at the first `]`.
        cut: bool,
    },
    /// An encrypted value.
    Sealed(Sealed),
}

/// A place of the configuration that names a secret: `svns:secretAlias`, `$secret{…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The alias.
    pub alias: String,
    /// Where. The key is that of the value which the secret stands for.
    pub place: Place,
}

/// The files of a home that matter here, as documents; and those that cannot be read as what they are.
pub fn documents(
    files: &HomeFiles,
    generation: Generation,
) -> (Vec<Document>, Vec<(String, DocumentError)>) {
    let (mut documents, mut broken) = (Vec::new(), Vec::new());
    for (file, content) in files {
        let Some(syntax) = syntax(file) else {
            continue;
        };
        let matters = match generation {
            // What else is in the folder is made from it at each start.
            Generation::Toml => {
                file == DEPLOYMENT_TOML || file == SECRET_CONF || file.starts_with(USER_STORES)
            }
            Generation::Xml => syntax != Syntax::Toml,
        };
        if !matters {
            continue;
        }
        match Document::read(file, syntax, content.expose()) {
            Ok(document) => documents.push(document),
            Err(error) => broken.push((file.clone(), error)),
        }
    }
    (documents, broken)
}

/// The documents as they will be with other files in the place of some, or beside them.
///
/// # Errors
///
/// The first of the files that is not what its name says.
pub fn with_files<'f>(
    documents: &[Document],
    files: impl IntoIterator<Item = (&'f str, &'f Bytes)>,
) -> Result<Vec<Document>, (String, DocumentError)> {
    let mut all = documents.to_vec();
    for (file, bytes) in files {
        let Some(syntax) = syntax(file) else {
            continue;
        };
        let document = Document::read(file, syntax, bytes.expose());
        let document = document.map_err(|error| (file.to_owned(), error))?;
        match all.iter().position(|it| it.file() == file) {
            Some(at) => all[at] = document,
            None => all.push(document),
        }
    }
    Ok(all)
}

/// Whether a file of a home may hold encrypted secrets, or say how they are read.
pub fn holds_secrets(file: &str) -> bool {
    matches!(file, CIPHER_TEXT | SECRET_CONF | DEPLOYMENT_TOML) || file.starts_with(USER_STORES)
}

fn syntax(file: &str) -> Option<Syntax> {
    match file.rsplit_once('.')?.1 {
        "xml" => Some(Syntax::Xml),
        "properties" => Some(Syntax::Properties),
        "toml" => Some(Syntax::Toml),
        _ => None,
    }
}

/// Whether some value of a home's configuration may name a secret; cheap, and true too often rather than too
/// seldom.
pub fn names_secrets(files: &HomeFiles, generation: Generation) -> bool {
    let (ending, mark) = match generation {
        Generation::Toml => (DEPLOYMENT_TOML, "$secret{"),
        Generation::Xml => (".xml", "secretAlias"),
    };
    let mut files = files.iter().filter(|(file, _)| file.ends_with(ending));
    files.any(|(_, content)| String::from_utf8_lossy(content.expose()).contains(mark))
}

impl<'a> Vault<'a> {
    /// Reads what the files of a home say, which are given as documents. Files that do not matter here are
    /// passed over.
    pub fn of(documents: &'a [Document], generation: Generation) -> Self {
        let file = |name: &str| documents.iter().find(|document| document.file() == name);
        let settings = VaultSettings::read(file(SECRET_CONF));
        let toml = file(DEPLOYMENT_TOML);
        let mut secrets = Vec::new();
        match generation {
            // The product writes `cipher-text.properties` anew at each start, from `[secrets]`.
            Generation::Toml => secrets.extend(toml.into_iter().flat_map(toml_secrets)),
            Generation::Xml => {
                secrets.extend(file(CIPHER_TEXT).into_iter().flat_map(cipher_texts));
            }
        }
        mark_shadowed(&mut secrets);
        let stores = documents
            .iter()
            .filter(|document| document.file().starts_with(USER_STORES));
        secrets.extend(stores.flat_map(user_store_secrets));
        let references = documents.iter().flat_map(|document| {
            let leaves = document.leaves().iter();
            leaves.flat_map(move |leaf| references(document, leaf))
        });
        let tool = file(CIPHER_TOOL).filter(|_| generation == Generation::Xml);
        Self {
            generation,
            targets: tool
                .map(|tool| target::read(tool, documents, &secrets))
                .unwrap_or_default(),
            secrets,
            references: references.collect(),
            settings,
            hazards: match generation {
                Generation::Toml => toml.map(hazard::find).unwrap_or_default(),
                Generation::Xml => Vec::new(),
            },
        }
    }

    /// The places that name a secret of the vault.
    pub fn references_to<'s>(&'s self, alias: &'s str) -> impl Iterator<Item = &'s Reference> {
        self.references.iter().filter(move |it| it.alias == alias)
    }

    /// References to an alias that no secret has. A server that is configured in XML takes the alias for the
    /// secret; one with a `deployment.toml` does not start.
    pub fn dangling(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| {
            !self
                .secrets
                .iter()
                .any(|secret| secret.keeper == Keeper::Vault && secret.alias == reference.alias)
        })
    }
}

impl Secret<'_> {
    /// By which names of ciphers it is read.
    pub fn dialect(&self) -> Dialect {
        match self.keeper {
            Keeper::Vault => Dialect::Vault,
            Keeper::Server => Dialect::Runtime,
        }
    }
}

fn cipher_texts(document: &Document) -> impl Iterator<Item = Secret<'_>> {
    let leaves = document.leaves().iter();
    leaves.map(move |leaf| Secret {
        alias: leaf.key.clone(),
        place: place(document, leaf),
        keeper: Keeper::Vault,
        content: Content::of(leaf.text(), Some(Brackets::First)),
        shadowed: false,
        document,
        leaf,
    })
}

pub(super) fn toml_secrets(document: &Document) -> impl Iterator<Item = Secret<'_>> {
    document.leaves().iter().filter_map(move |leaf| {
        let alias = leaf.key.strip_prefix("secrets.")?;
        Some(Secret {
            alias: alias.to_owned(),
            place: place(document, leaf),
            keeper: Keeper::Vault,
            content: Content::of(leaf.text(), Some(Brackets::Last)),
            shadowed: false,
            document,
            leaf,
        })
    })
}

/// Elements with `encrypted="true"` (`UserStoreConfigXMLProcessor`).
fn user_store_secrets(document: &Document) -> impl Iterator<Item = Secret<'_>> {
    document.leaves().iter().filter_map(move |marker| {
        let element = marker.key.strip_suffix("/@encrypted")?;
        if !marker.text().eq_ignore_ascii_case("true") {
            return None;
        }
        let block = marker.parent()?;
        let leaf = document
            .leaves()
            .iter()
            .find(|leaf| leaf.key == element && leaf.parent() == document.parent(block))?;
        Some(Secret {
            alias: element.to_owned(),
            place: place(document, leaf),
            keeper: Keeper::Server,
            content: Content::of(leaf.text(), None),
            shadowed: false,
            document,
            leaf,
        })
    })
}

fn mark_shadowed(secrets: &mut [Secret<'_>]) {
    let mut seen = std::collections::HashSet::new();
    for secret in secrets.iter_mut().rev() {
        secret.shadowed = !seen.insert(secret.alias.clone());
    }
}

/// Which `]` ends a text in brackets.
#[derive(Clone, Copy)]
enum Brackets {
    /// `CipherTool.encryptCipherTextFile`: `indexOf`.
    First,
    /// `Utils.getUnEncryptedValue`: `lastIndexOf`.
    Last,
}

impl Content {
    fn of(text: &str, brackets: Option<Brackets>) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Empty;
        }
        if let Some(plain) = brackets.and_then(|brackets| in_brackets(text, brackets)) {
            return Self::Plain {
                cut: plain.len() + 2 != text.len(),
                text: Password::new(plain),
            };
        }
        match Sealed::parse(text) {
            Ok(sealed) => Self::Sealed(sealed),
            Err(Malformed::Nothing) => Self::Empty,
            Err(malformed) => Self::Malformed(malformed),
        }
    }
}

fn in_brackets(text: &str, brackets: Brackets) -> Option<&str> {
    let start = text.find('[')? + 1;
    let end = match brackets {
        Brackets::First => text.find(']')?,
        Brackets::Last => text.rfind(']')?,
    };
    text.get(start..end)
}

fn references(document: &Document, leaf: &Leaf) -> Vec<Reference> {
    let reference = |alias: &str, key: &str| Reference {
        alias: alias.to_owned(),
        place: Place {
            key: key.to_owned(),
            ..place(document, leaf)
        },
    };
    if let Some(element) = leaf.key.strip_suffix("/@secretAlias") {
        return vec![reference(leaf.text(), element)];
    }
    let mut found = Vec::new();
    let mut rest = leaf.text();
    while let Some((_, behind)) = rest.split_once("$secret{") {
        let Some((alias, behind)) = behind.split_once('}') else {
            break;
        };
        found.push(reference(alias, &leaf.key));
        rest = behind;
    }
    found
}

pub(super) fn place(document: &Document, leaf: &Leaf) -> Place {
    Place {
        file: document.file().into(),
        line: leaf.line,
        column: leaf.column,
        key: leaf.key.clone(),
    }
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Vault => "vault",
        })
    }
}

/// Where a server looks, in a home, for the password or the key that its vault takes: first to last. All but the
/// `-persist` ones go when it has started (`DefaultSecretCallbackHandler`, `EncryptionKeyCallbackHandler`).
pub const ROOT_FILES: [&str; 6] = [
    "password",
    "password-tmp",
    "password-persist",
    "encryption-key",
    "encryption-key-tmp",
    "encryption-key-persist",
];
/// Encrypted passwords of releases that are configured in XML.
pub(super) const CIPHER_TEXT: &str = "repository/conf/security/cipher-text.properties";
/// Where the cipher tool names them.
const CIPHER_TOOL: &str = "repository/conf/security/cipher-tool.properties";
/// How the vault is set up, from the home, with `/`.
pub const SECRET_CONF: &str = "repository/conf/security/secret-conf.properties";
/// Secondary user stores of the super tenant.
const USER_STORES: &str = "repository/deployment/server/userstores/";

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(file: &str, text: &str) -> Document {
        Document::read(file, Syntax::Properties, text.as_bytes()).unwrap()
    }

    fn toml(text: &str) -> Document {
        Document::read(DEPLOYMENT_TOML, Syntax::Toml, text.as_bytes()).unwrap()
    }

    fn plain(content: &Content) -> Option<(&str, bool)> {
        match content {
            Content::Plain { text, cut } => Some((text.expose(), *cut)),
            _ => None,
        }
    }

    #[test]
    fn cipher_text_properties_end_a_plain_value_at_the_first_bracket_and_toml_at_the_last() {
        let text = "a=[wso2carbon]\nb=[pass]word]\nc=\nd=AAEC\ne=no base64!\nb=[x]\nf=y[z]";
        let documents = [properties(CIPHER_TEXT, text)];
        let vault = Vault::of(&documents, Generation::Xml);
        let contents: Vec<_> = vault.secrets.iter().map(|it| plain(&it.content)).collect();
        assert_eq!(
            contents,
            [
                Some(("wso2carbon", false)),
                Some(("pass", true)),
                None,
                None,
                None,
                Some(("x", false)),
                Some(("z", true)),
            ]
        );
        assert_eq!(vault.secrets[2].content, Content::Empty);
        assert!(matches!(
            vault.secrets[4].content,
            Content::Malformed(Malformed::Base64)
        ));
        let shadowed: Vec<bool> = vault.secrets.iter().map(|it| it.shadowed).collect();
        assert_eq!(shadowed, [false, true, false, false, false, false, false]);
        assert_eq!(
            vault.secrets[1].place.to_string(),
            format!("{CIPHER_TEXT}:2:3")
        );

        let documents = [toml("[secrets]\na = \"[pass]word]\"\n\"b.c\" = \"AAEC\"\n")];
        let vault = Vault::of(&documents, Generation::Toml);
        assert_eq!(plain(&vault.secrets[0].content), Some(("pass]word", false)));
        assert_eq!(vault.secrets[1].alias, "b.c");
        assert_eq!(vault.hazards, []);
    }

    #[test]
    fn references_are_found_and_those_that_lead_nowhere() {
        let xml =
            br#"<Server xmlns:svns="http://org.wso2.securevault/configuration"><Security><KeyStore>
            <Password svns:secretAlias="a">password</Password></KeyStore></Security>
            <Connector port="9443" keystorePass="password" svns:secretAlias="b"/></Server>"#;
        let documents = [
            Document::read("repository/conf/carbon.xml", Syntax::Xml, xml).unwrap(),
            properties(CIPHER_TEXT, "a=[x]\n"),
        ];
        let vault = Vault::of(&documents, Generation::Xml);
        let found: Vec<_> = vault
            .references
            .iter()
            .map(|it| (it.alias.as_str(), it.place.key.as_str(), it.place.line))
            .collect();
        assert_eq!(
            found,
            [
                ("a", "Server/Security/KeyStore/Password", 2),
                ("b", "Server/Connector[9443]", 3)
            ]
        );
        let dangling: Vec<_> = vault.dangling().map(|it| it.alias.as_str()).collect();
        assert_eq!(dangling, ["b"]);
        let documents = [toml(
            "[d]\nu = \"x$secret{a}y$secret{b}\"\nv = \"$secret{\"\n[secrets]\na = \"AAEC\"\n",
        )];
        let vault = Vault::of(&documents, Generation::Toml);
        assert_eq!(vault.references.len(), 2);
        assert_eq!(vault.references_to("a").count(), 1);
        assert_eq!(vault.dangling().count(), 1);
    }

    #[test]
    fn passwords_of_user_stores_are_the_servers() {
        let xml = br#"<UserStoreManager class="c"><Property name="ConnectionName">uid</Property>
            <Property encrypted="true" name="ConnectionPassword">eyJjIjoiQUFFQyJ9</Property>
            <Property encrypted="false" name="x">AAEC</Property></UserStoreManager>"#;
        let file = "repository/deployment/server/userstores/ldap.xml";
        let documents = [Document::read(file, Syntax::Xml, xml).unwrap()];
        let vault = Vault::of(&documents, Generation::Toml);
        let [secret] = &vault.secrets[..] else {
            panic!("{:?}", vault.secrets);
        };
        assert_eq!(
            secret.alias,
            "UserStoreManager/Property[ConnectionPassword]"
        );
        assert_eq!((secret.keeper, secret.place.line), (Keeper::Server, 2));
        assert!(matches!(
            secret.content,
            Content::Sealed(Sealed::Envelope(_))
        ));
    }
}
