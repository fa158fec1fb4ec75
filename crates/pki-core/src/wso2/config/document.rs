use std::{cell::Cell, fmt, ops::Range, sync::Arc};

use zeroize::Zeroizing;

use super::{edit, glob, json, properties, script, toml, xml};

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Syntax {
    /// JSON (RFC 8259).
    Json,
    /// A policy file of Java: of it, the keystore that it names.
    Policy,
    /// `key=value` lines, as `java.util.Properties` reads them.
    Properties,
    /// A start script of either shell: of it, the system properties that it sets, `-Dname=value`.
    Script,
    /// TOML 1.0.
    Toml,
    /// XML 1.0, UTF-8 or ISO 8859-1.
    Xml,
}

/// A configuration file as a flat list of its values, each with its place. Comments hold no values.
///
/// The text is kept, so that an edit can put another value in a value's place and leave every other byte as
/// it was. It may hold passwords, so it is zeroized when it goes, and `Debug` does not show it.
#[derive(Clone)]
pub struct Document {
    pub(super) file: Arc<str>,
    pub(super) syntax: Syntax,
    pub(super) text: Arc<Zeroizing<String>>,
    pub(super) encoding: Encoding,
    pub(super) leaves: Vec<Leaf>,
    /// Each block's key, and where it stands.
    pub(super) blocks: Vec<Block>,
}

/// A value in a document: the text of an element without child elements, an attribute, a scalar.
#[derive(Clone)]
#[non_exhaustive]
pub struct Leaf {
    /// What leads to it. XML: local names from the root, each with `[name]` behind it where the element has
    /// a `name` attribute, or a `Connector` a `port`, joined by `/`; `/@attribute` at the end. TOML and JSON:
    /// the keys, joined by `.`; elements of arrays have the array's key. Several leaves may have the same key.
    pub key: String,
    /// The blocks that hold it, from the root to its parent.
    pub blocks: Vec<BlockId>,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The alias of the encrypted secret that stands for it (`svns:secretAlias` of its element).
    pub secret_alias: Option<String>,
    /// The value, without markup, entities resolved, outer white space taken off.
    pub(super) text: Zeroizing<String>,
    /// Where it stands in the document's text, with its quotes (TOML, JSON) and without (the others). Empty for an
    /// element that is `<closed/>`.
    pub(super) span: Range<usize>,
    /// False for a number, a boolean or the like in TOML or JSON.
    pub(super) is_string: bool,
}

/// One instance of an element or a table in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub(super) usize);

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) key: String,
    pub(super) parent: Option<BlockId>,
    /// All of it, with its tags or header.
    pub(super) span: Range<usize>,
    /// True for an element of an array of tables.
    pub(super) listed: bool,
}

/// How a document's bytes are its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Latin1,
    Utf8,
}

/// Why a file cannot be read as what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is no text in a known encoding.
    #[error("{line}:{column}: it is not written in {encoding}")]
    Encoding {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
        /// The encoding that was expected.
        encoding: String,
    },
    /// The syntax is broken.
    #[error("{line}:{column}: {reason}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is larger than any honest configuration file.
    #[error("it has {size} bytes, more than {limit}")]
    TooLarge {
        /// In bytes.
        size: usize,
        /// In bytes.
        limit: usize,
    },
}

impl DocumentError {
    /// Line and column of what is wrong, counted from 1.
    pub const fn position(&self) -> Option<(usize, usize)> {
        match self {
            Self::Encoding { line, column, .. } | Self::Syntax { line, column, .. } => {
                Some((*line, *column))
            }
            Self::TooLarge { .. } => None,
        }
    }
}

impl Document {
    /// Reads a file. `file` is its path below the home, with `/`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and column.
    pub fn read(file: &str, syntax: Syntax, bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > LIMIT {
            return Err(DocumentError::TooLarge {
                size: bytes.len(),
                limit: LIMIT,
            });
        }
        match syntax {
            Syntax::Xml => xml::read(file, bytes),
            Syntax::Toml => toml::read(file, bytes),
            Syntax::Properties => properties::read(file, bytes),
            Syntax::Json => json::read(file, bytes),
            Syntax::Script => Ok(script::read(file, bytes)),
            Syntax::Policy => Ok(script::read_policy(file, bytes)),
        }
    }

    /// The path below the home, with `/`.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// How it is written.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Every value, in the order of the file.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The number, counted from 1, of the first line that says this and nothing else.
    pub fn line_of(&self, content: &str) -> Option<usize> {
        let at = self.text.lines().position(|line| line.trim() == content)?;
        Some(at + 1)
    }

    /// The values with a key, in the order of the file.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Leaf> {
        self.leaves.iter().filter(move |leaf| leaf.key == key)
    }

    /// The first value with a key.
    pub fn leaf(&self, key: &str) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.key == key)
    }

    /// Every instance of a block with a key, in the order of the file.
    pub fn blocks<'a>(&'a self, key: &'a str) -> impl Iterator<Item = BlockId> + 'a {
        let blocks = self.blocks.iter().enumerate();
        blocks.filter_map(move |(at, block)| (block.key == key).then_some(BlockId(at)))
    }

    /// Every instance of a block whose key a pattern ([`glob`]) names, in the order of the file.
    pub(super) fn blocks_like<'a>(
        &'a self,
        pattern: &'a str,
    ) -> impl Iterator<Item = BlockId> + 'a {
        let blocks = self.blocks.iter().enumerate();
        blocks.filter_map(move |(at, block)| {
            glob::matches(pattern, &block.key).then_some(BlockId(at))
        })
    }

    /// The key of a block.
    pub fn block_key(&self, block: BlockId) -> &str {
        &self.blocks[block.0].key
    }

    /// Line and column at which a block begins, counted from 1.
    pub fn block_position(&self, block: BlockId) -> (usize, usize) {
        position(&self.text, self.blocks[block.0].span.start)
    }

    /// Line and column behind a block.
    pub(super) fn end_of(&self, block: BlockId) -> (usize, usize) {
        position(&self.text, self.blocks[block.0].span.end)
    }

    /// Line and column behind the last attribute of an element.
    pub(super) fn end_of_start_tag(&self, element: BlockId) -> (usize, usize) {
        let span = &self.blocks[element.0].span;
        let tag = edit::end_of_start_tag(&self.text[span.clone()]);
        position(&self.text, span.start + tag)
    }

    /// The first value below a block whose key is the block's and then `relative`: `Location`,
    /// `KeyStore/Location`, `@port`.
    pub fn within(&self, block: BlockId, relative: &str) -> Option<&Leaf> {
        let key = self.block_key(block);
        let separator = match self.syntax {
            Syntax::Xml => '/',
            _ => '.',
        };
        self.leaves.iter().find(|leaf| {
            leaf.blocks.contains(&block)
                && leaf
                    .key
                    .strip_prefix(key)
                    .and_then(|rest| match key.is_empty() {
                        true => Some(rest),
                        false => rest.strip_prefix(separator),
                    })
                    == Some(relative)
        })
    }

    /// True for a value in an array of tables, however deep.
    pub fn in_array_of_tables(&self, leaf: &Leaf) -> bool {
        leaf.blocks.iter().any(|block| self.blocks[block.0].listed)
    }

    /// The element whose text a leaf is, or whose attribute.
    pub(crate) fn element_of(&self, leaf: &Leaf) -> Option<BlockId> {
        if leaf.name().starts_with('@') {
            return leaf.parent();
        }
        let mut blocks = self.blocks.iter();
        let holds = |block: &Block| {
            block.key == leaf.key
                && block.parent == leaf.parent()
                && block.span.start <= leaf.span.start
                && leaf.span.end <= block.span.end
        };
        blocks.position(holds).map(BlockId)
    }

    /// The attribute that names the secret which stands for a value.
    pub(super) fn secret_alias_leaf(&self, leaf: &Leaf) -> Option<&Leaf> {
        leaf.secret_alias.as_ref()?;
        let element = self.element_of(leaf)?;
        self.within(element, "@secretAlias")
    }

    /// The block that holds a block.
    pub fn parent(&self, block: BlockId) -> Option<BlockId> {
        self.blocks[block.0].parent
    }
}

impl Leaf {
    /// The value. It may be a secret: hand it on at once, and show it to nobody.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The block that holds it.
    pub fn parent(&self) -> Option<BlockId> {
        self.blocks.last().copied()
    }

    /// The last part of its key, an attribute with its `@`.
    pub fn name(&self) -> &str {
        let start = self.key.rfind(['/', '.']).map_or(0, |at| at + 1);
        &self.key[start..]
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("file", &self.file)
            .field("syntax", &self.syntax)
            .field("leaves", &self.leaves.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf")
            .field("key", &self.key)
            .field("line", &self.line)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

/// Line and column, counted from 1, the column in characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}

/// What the leaves of a document may take in memory: each names all that leads to it.
#[derive(Debug, Default)]
pub(super) struct Budget(usize);

impl Budget {
    /// False if a leaf or a block with such a key, so deep, is more than any honest file needs.
    pub(super) fn allows(&mut self, key: &str, depth: usize) -> bool {
        self.0 += size_of::<Leaf>() + key.len() + depth * size_of::<BlockId>();
        self.0 <= Self::LIMIT
    }

    /// Why a file is refused that does not keep to it.
    pub(super) fn error((line, column): (usize, usize)) -> DocumentError {
        DocumentError::Syntax {
            line,
            column,
            reason: "its values and what leads to them take more memory than any such file needs"
                .to_owned(),
        }
    }

    /// In bytes. The largest file of a home takes under 0.5 MB.
    const LIMIT: usize = 64 << 20;
}

/// Positions of growing offsets, in one pass.
pub(super) struct Positions<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    /// The last that was asked for: offset, line, column.
    last: Cell<(usize, usize, usize)>,
}

impl<'a> Positions<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1));
        Self {
            text,
            line_starts: line_starts.collect(),
            last: Cell::new((0, 1, 1)),
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn of(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        // A file may be one line: what was counted is not counted again.
        let (start, column) = match self.last.get() {
            (at, on, column) if on == line && at <= offset => (at, column),
            _ => (self.line_starts[line - 1], 1),
        };
        let column = column + self.text[start..offset].chars().count();
        self.last.set((offset, line, column));
        (line, column)
    }
}

/// UTF-8 text, or where it is broken.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, DocumentError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let start = before.iter().rposition(|byte| *byte == b'\n');
        DocumentError::Encoding {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before.len() - start.map_or(0, |at| at + 1) + 1,
            encoding: "UTF-8".to_owned(),
        }
    })
}

/// The largest file of a home, a policy store's index aside, has under 0.2 MB.
const LIMIT: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(syntax: Syntax, text: &[u8]) -> Document {
        Document::read("f", syntax, text).unwrap()
    }

    fn span<'a>(document: &'a Document, key: &str) -> &'a str {
        &document.text[document.leaf(key).unwrap().span.clone()]
    }

    #[test]
    fn elements_are_told_apart_by_their_name_attribute_and_connectors_by_their_port() {
        let document = read(
            Syntax::Xml,
            br#"<c xmlns:s="urn:s"><t name="https"><p name="keystore"><K><L>a&amp;b</L></K></p></t>
            <!-- <t name="https"><L>no</L></t> -->
            <Connector port="9443" keystorePass=" x " s:secretAlias="A"/></c>"#,
        );
        let location = document.leaf("c/t[https]/p[keystore]/K/L").unwrap();
        assert_eq!(location.text(), "a&b");
        assert_eq!(span(&document, "c/t[https]/p[keystore]/K/L"), "a&amp;b");
        let pass = document.leaf("c/Connector[9443]/@keystorePass").unwrap();
        assert_eq!(pass.text(), "x");
        assert_eq!(pass.secret_alias.as_deref(), Some("A"));
        assert_eq!((pass.line, pass.name()), (3, "@keystorePass"));
        let block = document.blocks("c/t[https]").next().unwrap();
        assert_eq!(
            document.within(block, "p[keystore]/K/L").unwrap().text(),
            "a&b"
        );
        assert!(document.leaves().iter().all(|leaf| leaf.text() != "no"));
    }

    #[test]
    fn an_xml_value_keeps_its_place_under_every_encoding_and_line_end() {
        let latin =
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\r\n<a>\r\n<b>caf\xe9</b><c/></a>";
        let document = read(Syntax::Xml, latin);
        assert_eq!(document.leaf("a/b").unwrap().text(), "caf\u{e9}");
        assert_eq!(document.leaf("a/b").unwrap().line, 3);
        let bom = read(Syntax::Xml, b"\xef\xbb\xbf<a><b> v </b></a>");
        assert_eq!(span(&bom, "a/b"), "v");
        let doctype = b"<!DOCTYPE a [<!ENTITY e \"x\">]><a><b>&e;</b><![CDATA[t]]></a>";
        assert_eq!(read(Syntax::Xml, doctype).leaf("a/b").unwrap().text(), "x");
    }

    #[test]
    fn broken_files_are_errors_with_line_and_column() {
        let xml = Document::read("f", Syntax::Xml, b"<a>\n  <b></a>").unwrap_err();
        assert!(xml.to_string().starts_with("2:"), "{xml}");
        let toml = Document::read("f", Syntax::Toml, b"[a]\nb = \n").unwrap_err();
        assert!(toml.to_string().starts_with("2:5"), "{toml}");
        let bytes = Document::read("f", Syntax::Toml, b"a = 1\nb = \"\xff\"").unwrap_err();
        assert_eq!(bytes.to_string(), "2:6: it is not written in UTF-8");
    }

    #[test]
    fn a_hostile_xml_file_costs_no_more_than_it_holds() {
        let laughs = br#"<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]><a>&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;</a>"#;
        assert!(Document::read("f", Syntax::Xml, laughs).is_err());
        let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
        assert!(Document::read("f", Syntax::Xml, deep.as_bytes()).is_err());
        // A long name leads to many values, and all of it is one line.
        let name = "n".repeat(100_000);
        let long = format!("<{name}>{}</{name}>", "<a/>".repeat(100_000));
        let named = format!("<a name='{name}'>{}</a>", "<a/>".repeat(100_000));
        for text in [long, named] {
            let error = Document::read("f", Syntax::Xml, text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("memory"), "{error}");
        }
        let line = format!("<r>{}</r>", "<a>\u{e9}</a>".repeat(90_000));
        let document = Document::read("f", Syntax::Xml, line.as_bytes()).unwrap();
        assert_eq!(document.leaves()[89_999].column, 4 + 89_999 * 8 + 3);
        let crowd: String = (0..100_000).map(|at| format!(" a{at}=''")).collect();
        assert!(Document::read("f", Syntax::Xml, format!("<a{crowd}/>").as_bytes()).is_err());
    }

    #[test]
    fn toml_tables_of_every_spelling_have_the_same_keys() {
        let document = read(
            Syntax::Toml,
            b"k.tls = { file_name = \"a.jks\" }\n[s]\noffset = 3\n[[g]]\nu = [\"x\", 'y']\n[[g]]\nu = []\n[g.p]\n'h.X' = true\n",
        );
        assert_eq!(span(&document, "k.tls.file_name"), "\"a.jks\"");
        assert_eq!(document.leaf("s.offset").unwrap().text(), "3");
        assert!(!document.leaf("s.offset").unwrap().is_string);
        let urls: Vec<&str> = document.all("g.u").map(Leaf::text).collect();
        assert_eq!(urls, ["x", "y"]);
        let second = document.blocks("g").nth(1).unwrap();
        assert_eq!(document.within(second, "p.h.X").unwrap().text(), "true");
    }

    #[test]
    fn properties_are_read_as_java_reads_them() {
        let document = read(
            Syntax::Properties,
            b"# c=1\r\n a.b = x\\\r\n   y\r\n! no\nk\\ 1:v\\u003d\\t\nempty\ne2=\nlast z=1",
        );
        let values: Vec<(&str, &str)> = document
            .leaves()
            .iter()
            .map(|leaf| (leaf.key.as_str(), leaf.text()))
            .collect();
        assert_eq!(
            values,
            [
                ("a.b", "xy"),
                ("k 1", "v=\t"),
                ("empty", ""),
                ("e2", ""),
                ("last", "z=1")
            ]
        );
        assert_eq!(span(&document, "k 1"), "v\\u003d\\t");
    }

    #[test]
    fn a_long_key_that_leads_to_many_values_is_refused() {
        let name = "n".repeat(100_000);
        let values: String = (0..100_000).map(|at| format!("a{at}=1\n")).collect();
        let toml = format!("[{name}]\n{values}");
        let error = Document::read("f", Syntax::Toml, toml.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("memory"), "{error}");
        let json = format!("{{\"{name}\":[{}1]}}", "1,".repeat(50_000));
        let error = Document::read("f", Syntax::Json, json.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("memory"), "{error}");
    }

    #[test]
    fn json_values_keep_their_places() {
        let text = "\u{feff}{\r\n \"sso\" : {\r\n  \"p\\u0061ss\" :\"a\\\"b\", \"n\": [1, {\"x\":true}, null]}}";
        let document = read(Syntax::Json, text.as_bytes());
        let all: Vec<(&str, &str, usize, usize)> = document
            .leaves()
            .iter()
            .map(|leaf| (&*leaf.key, leaf.text(), leaf.line, leaf.column))
            .collect();
        assert_eq!(
            all,
            [
                ("sso.pass", "a\"b", 3, 16),
                ("sso.n", "1", 3, 30),
                ("sso.n.x", "true", 3, 38),
                ("sso.n", "null", 3, 45)
            ]
        );
        let block = document.blocks("sso").next().unwrap();
        assert_eq!(document.within(block, "pass").unwrap().text(), "a\"b");
        assert_eq!(span(&document, "sso.pass"), "\"a\\\"b\"");
        let error = Document::read("f", Syntax::Json, b"{\n \"a\": }").unwrap_err();
        assert_eq!(error.to_string(), "2:7: expected value");
        for deep in [
            "[".repeat(100_000),
            "{\"a\":".repeat(100_000),
            "[[1".to_owned(),
        ] {
            assert!(Document::read("f", Syntax::Json, deep.as_bytes()).is_err());
        }
        let closed = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Document::read("f", Syntax::Json, closed.as_bytes()).is_err());
        let crowd = format!("[{}1]", "1,".repeat(800_000));
        assert!(Document::read("f", Syntax::Json, crowd.as_bytes()).is_err());
    }

    #[test]
    fn a_document_shows_none_of_its_values() {
        let document = read(Syntax::Toml, b"password = \"hunter2\"");
        assert!(!format!("{document:?} {:?}", document.leaves()).contains("hunter2"));
    }
}
