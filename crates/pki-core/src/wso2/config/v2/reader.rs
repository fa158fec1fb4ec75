//! The files of a home as values, and what their placeholders stand for.

use crate::{
    secret::Password,
    wso2::{
        Product,
        config::{
            BlockId, Document, HomeFiles, Leaf, Place, Setting, State, Syntax, Unknown, Unread,
            glob, home,
            url::{self, Meaning},
        },
    },
};

/// What switches a part of the product on. A part that is off has its stores and URLs in its files all
/// the same.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// A value of the block that holds the part is this; the last tells what the product takes where it is
    /// not written.
    Own(&'static str, &'static str, bool),
    /// The block that holds the part has no such value.
    Without(&'static str),
    /// A value of the same file is this; the last tells what the product takes where it is not written.
    Same(&'static str, &'static str, bool),
    /// A list of the same file has a word.
    Lists(&'static str, &'static str),
    /// A value of the same file is there and not empty.
    There(&'static str),
    /// Another file names this one under a key.
    NamedBy(&'static str, &'static str),
    /// A file that a pattern names has a key.
    SetIn(&'static str, &'static str),
    /// The release is this one or an earlier one: what later ones read instead.
    Until(u8, u8, &'static str),
    /// The release is this one or a later one: what earlier ones read instead.
    From(u8, u8, &'static str),
}

/// The files of a home.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) documents: Vec<Document>,
    /// The release, if anything tells it.
    pub(super) product: Option<Product>,
    /// What is added to every port, if it can be known.
    pub(super) offset: Option<u16>,
}

impl Reader {
    /// Reads every file that may say something.
    pub(super) fn new(files: &HomeFiles, unread: &mut Vec<Unread>) -> Self {
        let mut documents = Vec::new();
        for file in files.keys() {
            if let Some(syntax) = syntax(file) {
                documents.extend(home::document(files, file, syntax, unread));
            }
        }
        Self {
            documents,
            product: None,
            offset: None,
        }
    }

    /// The files that a pattern names.
    pub(super) fn files<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a Document> {
        let documents = self.documents.iter();
        documents.filter(move |document| glob::matches(pattern, document.file()))
    }

    /// The first value of a file whose key a pattern names.
    pub(super) fn leaf(&self, file: &str, key: &str) -> Option<(&Document, &Leaf)> {
        let document = self.documents.iter().find(|it| it.file() == file)?;
        let mut leaves = document.leaves().iter();
        let leaf = leaves.find(|leaf| glob::matches(key, &leaf.key))?;
        Some((document, leaf))
    }

    /// What stands at a place.
    pub(super) fn at(&self, place: &Place) -> Option<(&Document, &Leaf)> {
        let document = self.documents.iter().find(|it| it.file == place.file)?;
        let mut leaves = document.leaves().iter();
        let leaf = leaves.find(|leaf| Place::of(document, leaf) == *place)?;
        Some((document, leaf))
    }

    /// A value, placeholders resolved.
    pub(super) fn string(&self, document: &Document, leaf: &Leaf) -> Setting<String> {
        let value = match (&leaf.secret_alias, leaf.text()) {
            (_, "") => Err(Unknown::Absent),
            (Some(alias), text) if is_password(text) => Err(Unknown::Secret(alias.clone())),
            (_, text) => self.resolved(text),
        };
        Setting::written(value, Place::of(document, leaf))
    }

    /// A password, placeholders resolved.
    pub(super) fn password(&self, document: &Document, leaf: &Leaf) -> Setting<Password> {
        let place = Place::of(document, leaf);
        let value = match &leaf.secret_alias {
            Some(alias) => Err(Unknown::Secret(alias.clone())),
            None if leaf.text().is_empty() => Err(Unknown::Absent),
            None => self.resolved(leaf.text()).map(Password::new),
        };
        Setting::written(value, place)
    }

    /// A path, placeholders resolved: from the home, or absolute, with `/`.
    pub(super) fn location(&self, document: &Document, leaf: &Leaf) -> Setting<String> {
        let mut value = match leaf.text() {
            "" => Err(Unknown::Absent),
            text => Ok(path(text)),
        };
        // `${conf}` is `${prefix}` is `${ANDES_HOME}`.
        for _ in 0..PLACEHOLDERS {
            let Ok(text) = &value else { break };
            let Some((before, rest)) = text.split_once("${") else {
                break;
            };
            let Some((name, after)) = rest.split_once('}') else {
                break;
            };
            let known = FOLDERS.iter().find(|(known, _)| *known == name);
            let own = || document.leaf(&format!("broker/{name}"));
            let meaning = match known {
                Some((_, folder)) => Some(*folder),
                None => own().map(Leaf::text),
            };
            value = match meaning {
                Some(meaning) => Ok(path(&format!("{before}{meaning}{after}"))),
                None => Err(Unknown::Placeholder(name.to_owned())),
            };
        }
        let value = match value {
            Ok(text) if text.contains("${") => {
                Err(Unknown::Invalid("its placeholders lead nowhere".to_owned()))
            }
            other => other,
        };
        Setting::written(value, Place::of(document, leaf))
    }

    /// A text with what its `${name}` stand for.
    pub(super) fn resolved(&self, text: &str) -> Result<String, Unknown> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(end) = rest[start..].find('}') else {
                break;
            };
            out.push_str(&rest[..start]);
            let name = &rest[start + "${".len()..start + end];
            match ADMINISTRATOR.iter().find(|(known, _)| *known == name) {
                Some((_, key)) => out.push_str(&self.administrator(key)?),
                None => match self.meaning(name) {
                    Meaning::Text(value) => out.push_str(&value),
                    _ => return Err(Unknown::Placeholder(name.to_owned())),
                },
            }
            rest = &rest[start + end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    /// `${admin.username}` and `${admin.password}` are the administrator of `user-mgt.xml`.
    fn administrator(&self, key: &str) -> Result<String, Unknown> {
        let Some((_, leaf)) = self.leaf(USER_MANAGEMENT, key) else {
            return Err(Unknown::Absent);
        };
        match &leaf.secret_alias {
            Some(alias) => Err(Unknown::Secret(alias.clone())),
            None => Ok(leaf.text().to_owned()),
        }
    }

    /// What a placeholder of a URL stands for.
    pub(super) fn meaning(&self, name: &str) -> Meaning {
        url::meaning(name, self.offset)
    }

    /// Whether all of it holds, in the block that holds the part.
    pub(super) fn state(&self, document: &Document, block: Option<BlockId>, on: &[When]) -> State {
        let off = on.iter().find_map(|when| self.off(document, block, when));
        off.map_or(State::On, State::Off)
    }

    /// What switches the part off, if this does.
    fn off(&self, document: &Document, block: Option<BlockId>, when: &When) -> Option<String> {
        let own = |relative: &str| block.and_then(|block| document.within(block, relative));
        let value = |key: &str, leaf: Option<&Leaf>, wanted: &str, absent: bool| match leaf {
            None if absent => None,
            None => Some(format!("`{key}` is not set")),
            Some(leaf) if leaf.text().eq_ignore_ascii_case(wanted) => None,
            Some(leaf) => Some(format!("`{key}` is `{}`", leaf.text())),
        };
        match *when {
            When::Own(key, wanted, absent) => {
                let block = block.map_or("", |block| document.block_key(block));
                let shown = format!("{}/{key}", last_step(block));
                value(shown.trim_start_matches('/'), own(key), wanted, absent)
            }
            When::Without(key) => own(key).map(|_| format!("`{key}` serves in its place")),
            When::Same(key, wanted, absent) => {
                let mut leaves = document.leaves().iter();
                let leaf = leaves.find(|leaf| glob::matches(key, &leaf.key));
                value(last_steps(key), leaf, wanted, absent)
            }
            When::Lists(key, word) => {
                let list = document.leaf(key).map(Leaf::text).unwrap_or_default();
                let listed = list.split(',').any(|it| it.trim() == word);
                (!listed).then(|| format!("`{key}` does not list `{word}`"))
            }
            When::There(key) => {
                let mut leaves = document.leaves().iter();
                let there =
                    leaves.any(|leaf| glob::matches(key, &leaf.key) && !leaf.text().is_empty());
                (!there).then(|| format!("`{}` is not set", last_steps(key)))
            }
            When::NamedBy(file, key) => {
                let named = self.leaf(file, key).map(|(_, leaf)| path(leaf.text()));
                (named.as_deref() != Some(document.file()))
                    .then(|| format!("`{file}` does not name the file"))
            }
            When::SetIn(files, key) => {
                let set = self
                    .files(files)
                    .any(|document| document.leaf(key).is_some());
                (!set).then(|| format!("`{key}` is not set"))
            }
            When::Until(major, minor, instead) => {
                let later = self.product.is_some_and(|product| {
                    product.at_least(major, minor + 1) || product.at_least(major + 1, 0)
                });
                later.then(|| format!("the release reads `{instead}` in its place"))
            }
            When::From(major, minor, instead) => {
                let earlier = self.product.is_some_and(|it| !it.at_least(major, minor));
                earlier.then(|| format!("the release reads `{instead}` in its place"))
            }
        }
    }
}

/// A path of a home: from the home, or absolute, with `/`.
pub(super) fn path(text: &str) -> String {
    let text = text.trim().replace('\\', "/");
    let mut rest = text.as_str();
    for prefix in ["file:", "${carbon.home}/", "${user.dir}/", "./"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    // The policy of Java's security manager writes a path of its own system.
    rest.replace("${/}", "/")
}

/// How a file is written; `None` for one that says nothing of concern.
fn syntax(file: &str) -> Option<Syntax> {
    let (_, ending) = file.rsplit_once('.')?;
    match ending {
        "xml" => Some(Syntax::Xml),
        "properties" => Some(Syntax::Properties),
        "json" => Some(Syntax::Json),
        "policy" => Some(Syntax::Policy),
        "sh" | "bat" if file.starts_with("bin/") => Some(Syntax::Script),
        _ => None,
    }
}

/// What stands in the place of a value that an alias has (`cipher-tool` writes it).
fn is_password(text: &str) -> bool {
    text == "password"
}

fn last_step(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, last)| last)
}

/// The last two steps of a key: enough to find it.
fn last_steps(key: &str) -> &str {
    let mut slashes = key.rmatch_indices('/').map(|(at, _)| at);
    let _last = slashes.next();
    let steps = slashes.next().map_or(key, |at| &key[at + 1..]);
    steps.trim_start_matches('*')
}

pub(super) const USER_MANAGEMENT: &str = "repository/conf/user-mgt.xml";

/// What placeholders in paths stand for. `ANDES_HOME`: `QpidServiceImpl`, `QPID_CONF_DIR`.
const FOLDERS: &[(&str, &str)] = &[
    ("ANDES_HOME", "repository/conf/advanced"),
    ("carbon.config.dir.path", "repository/conf"),
    ("carbon.home", "."),
];
/// Placeholders that stand for placeholders: three in the product's files.
const PLACEHOLDERS: usize = 8;

/// System properties that the product sets from `user-mgt.xml` before it reads `api-manager.xml`.
const ADMINISTRATOR: &[(&str, &str)] = &[
    (
        "admin.username",
        "UserManager/Realm/Configuration/AdminUser/UserName",
    ),
    (
        "admin.password",
        "UserManager/Realm/Configuration/AdminUser/Password",
    ),
];
