//! Other values in the places of values, every other byte as it was.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{BlockId, Document, Leaf, Syntax, document::Encoding, json};
use crate::secret::Bytes;

/// Changes of a document, all made at once by [`Document::edited`].
#[derive(Clone, Debug, Default)]
pub struct Edits {
    pub(super) replaced: Vec<Replaced>,
}

#[derive(Clone)]
pub(super) struct Replaced {
    pub(super) span: Range<usize>,
    pub(super) by: Zeroizing<String>,
}

impl Edits {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// True if nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.replaced.is_empty()
    }

    /// Puts another value in the place of one. If it is the value already, nothing is changed.
    pub fn set(&mut self, document: &Document, leaf: &Leaf, value: &str) {
        if leaf.text() == value {
            return;
        }
        let by = written(document, leaf, value);
        self.replaced.push(match closed_element(document, leaf) {
            None => Replaced {
                span: leaf.span.clone(),
                by,
            },
            // `<name/>` is opened.
            Some(name) => Replaced {
                span: leaf.span.start - "/>".len()..leaf.span.end,
                by: Zeroizing::new(format!(">{}</{name}>", by.as_str())),
            },
        });
    }

    /// Puts lines behind a line, counted from 1, or at the end of the file, with the file's own line ends.
    pub fn insert_lines(&mut self, document: &Document, behind: Option<usize>, lines: &[&str]) {
        let text = document.text.as_str();
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let at = behind.and_then(|line| starts.nth(line.saturating_sub(1)));
        let at = at.unwrap_or(text.len());
        let mut by = Zeroizing::new(String::new());
        if at > 0 && !text[..at].ends_with('\n') {
            by.push_str(end);
        }
        for line in lines {
            by.push_str(line);
            by.push_str(end);
        }
        self.replaced.push(Replaced { span: at..at, by });
    }

    /// Takes an attribute away, with the white space before it.
    pub(super) fn remove_attribute(&mut self, document: &Document, leaf: &Leaf) {
        let before = &document.text[..leaf.span.start];
        let Some(equals) = before.rfind('=') else {
            return;
        };
        let name = before[..equals].trim_end();
        let start = name.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let start = before[..start].trim_end().len();
        self.replaced.push(Replaced {
            // The quote behind the value goes too.
            span: start..leaf.span.end + 1,
            by: Zeroizing::new(String::new()),
        });
    }

    /// Puts an element behind another, after the white space that stands before that one.
    pub(super) fn add_element(&mut self, document: &Document, beside: BlockId, element: &Element) {
        let span = &document.blocks[beside.0].span;
        let text = document.text.as_str();
        let before = &text[..span.start];
        let blank = &before[before.trim_end().len()..];
        let tag = text[span.start..].trim_start_matches('<');
        let name = tag.split(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
        let prefix = name
            .into_iter()
            .next()
            .and_then(|name| name.split_once(':'));
        let prefix = prefix.map_or(String::new(), |(prefix, _)| format!("{prefix}:"));
        let mut by = Zeroizing::new(String::new());
        element.write(&mut by, blank, &prefix);
        if by.contains("svns:secretAlias") {
            self.declare_secrets(document, beside);
        }
        self.replaced.push(Replaced {
            span: span.end..span.end,
            by,
        });
    }

    /// What the cipher tool does for a secret (`CipherTool.tokenToConfigFile`): the value becomes
    /// `password`, its element names the alias, and the root element declares the prefix. The value is the
    /// caller's to set.
    pub(in crate::wso2) fn name_secret(
        &mut self,
        document: &Document,
        leaf: &Leaf,
        element: BlockId,
        alias: &str,
    ) {
        match document.secret_alias_leaf(leaf) {
            Some(old) => self.set(document, old, alias),
            None => {
                self.declare_secrets(document, element);
                self.add_attribute(document, element, "svns:secretAlias", alias);
            }
        }
    }

    /// Declares the prefix of `svns:secretAlias` at the root element, once.
    fn declare_secrets(&mut self, document: &Document, within: BlockId) {
        let mut root = within;
        while let Some(parent) = document.blocks[root.0].parent {
            root = parent;
        }
        let element = &document.text[document.blocks[root.0].span.clone()];
        let declares = element[..end_of_start_tag(element)].contains("xmlns:svns");
        let is_new = |it: &Replaced| it.by.starts_with(" xmlns:svns=");
        if !declares && !self.replaced.iter().any(is_new) {
            self.add_attribute(document, root, "xmlns:svns", SECRETS);
        }
    }

    /// Gives an element another attribute, behind those that it has.
    pub fn add_attribute(
        &mut self,
        document: &Document,
        element: BlockId,
        name: &str,
        value: &str,
    ) {
        let span = &document.blocks[element.0].span;
        let end = end_of_start_tag(&document.text[span.clone()]);
        let at = span.start + end;
        self.replaced.push(Replaced {
            span: at..at,
            by: Zeroizing::new(format!(" {name}=\"{}\"", escaped(value, true).as_str())),
        });
    }
}

/// An element to be put into an XML document.
#[derive(Clone, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// The alias of the secret that its text stands for.
    pub(super) alias: Option<String>,
    pub(super) text: Zeroizing<String>,
    pub(super) children: Vec<Element>,
}

impl Element {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: Zeroizing::new(text.to_owned()),
            ..Self::default()
        }
    }

    /// `blank` is what stands before it: a line end and blanks.
    fn write(&self, out: &mut String, blank: &str, prefix: &str) {
        let name = format!("{prefix}{}", self.name);
        out.push_str(&format!("{blank}<{name}"));
        if let Some(alias) = &self.alias {
            let alias = escaped(alias, true);
            out.push_str(&format!(" svns:secretAlias=\"{}\"", alias.as_str()));
        }
        out.push('>');
        out.push_str(&escaped(&self.text, false));
        for child in &self.children {
            child.write(out, &format!("{blank}    "), prefix);
        }
        if !self.children.is_empty() {
            out.push_str(blank);
        }
        out.push_str(&format!("</{name}>"));
    }
}

/// The namespace of `svns:secretAlias`.
const SECRETS: &str = "http://org.wso2.securevault/configuration";

impl Document {
    /// The bytes of the file with changes, in its own encoding. Without a change they are the file's.
    pub fn edited(&self, edits: &Edits) -> Bytes {
        let mut replaced: Vec<&Replaced> = edits.replaced.iter().collect();
        replaced.sort_by_key(|it| (it.span.start, it.span.end));
        let mut text = Zeroizing::new(String::with_capacity(self.text.len() + 1024));
        let mut at = 0;
        for it in replaced {
            text.push_str(&self.text[at..it.span.start]);
            text.push_str(&it.by);
            at = it.span.end;
        }
        text.push_str(&self.text[at..]);
        match self.encoding {
            Encoding::Utf8 => Bytes::from(text.as_bytes()),
            Encoding::Latin1 => Bytes::from(self.latin1(&text)),
        }
    }

    /// A character that the encoding has not stands as the syntax can say it.
    fn latin1(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            match (u8::try_from(u32::from(c)), self.syntax) {
                (Ok(byte), _) => bytes.push(byte),
                (Err(_), Syntax::Properties) => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        bytes.extend(format!("\\u{unit:04x}").bytes());
                    }
                }
                (Err(_), _) => bytes.extend(format!("&#{};", u32::from(c)).bytes()),
            }
        }
        bytes
    }
}

/// A value as the document's syntax writes it in a leaf's place.
fn written(document: &Document, leaf: &Leaf, value: &str) -> Zeroizing<String> {
    match document.syntax {
        Syntax::Toml => match leaf.is_string {
            true => toml_like(&document.text[leaf.span.clone()], value),
            false => Zeroizing::new(value.to_owned()),
        },
        Syntax::Properties => properties_value(value),
        Syntax::Json => match leaf.is_string {
            true => json::string(value),
            false => Zeroizing::new(value.to_owned()),
        },
        Syntax::Policy | Syntax::Script => Zeroizing::new(value.to_owned()),
        Syntax::Xml if leaf.name().starts_with('@') => {
            let quote = document.text[..leaf.span.start].ends_with('\'');
            let value = escaped(value, !quote);
            Zeroizing::new(match quote {
                true => value.replace('\'', "&apos;"),
                false => value.to_string(),
            })
        }
        Syntax::Xml => escaped(value, false),
    }
}

/// The name of an element that has no inside, `<name/>`. The place of its value is behind it.
fn closed_element<'a>(document: &'a Document, leaf: &Leaf) -> Option<&'a str> {
    let before = &document.text[..leaf.span.start];
    let closed = document.syntax == Syntax::Xml
        && leaf.span.is_empty()
        && !leaf.name().starts_with('@')
        && before.ends_with("/>");
    let tag = &before[before.rfind('<').filter(|_| closed)? + 1..];
    tag.split(|c: char| c.is_whitespace() || c == '/').next()
}

/// Text of an element or, with quotes, of an attribute.
pub(super) fn escaped(value: &str, quotes: bool) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() + 8));
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if quotes => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A key (TOML 1.0, section Keys).
pub(in crate::wso2) fn toml_key(name: &str) -> Zeroizing<String> {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match !name.is_empty() && name.bytes().all(bare) {
        true => Zeroizing::new(name.to_owned()),
        false => toml_string(name),
    }
}

/// A string in the quotes of another, where they can hold it: in a literal string nothing is escaped.
pub(super) fn toml_like(old: &str, value: &str) -> Zeroizing<String> {
    let literal = old.starts_with('\'') && !old.starts_with("'''");
    match literal && !value.contains(|c: char| c == '\'' || c.is_control()) {
        true => Zeroizing::new(format!("'{value}'")),
        false => toml_string(value),
    }
}

/// A basic string (TOML 1.0, section String).
pub(crate) fn toml_string(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() + 8));
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value as `java.util.Properties.store` writes it, without needless escapes.
fn properties_value(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() + 8));
    for (at, c) in value.chars().enumerate() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if at == 0 => out.push_str("\\ "),
            c => out.push(c),
        }
    }
    out
}

/// Where the start tag of an element ends, before its `>` or `/>` and the white space before that.
pub(super) fn end_of_start_tag(element: &str) -> usize {
    let mut quote = None;
    for (at, c) in element.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => {
                let tag = element[..at].trim_end_matches('/');
                return tag.trim_end().len();
            }
            _ => {}
        }
    }
    element.len()
}

impl std::fmt::Debug for Replaced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replaced {:?}", self.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(syntax: Syntax, text: &str, key: &str, value: &str) -> String {
        let document = Document::read("f", syntax, text.as_bytes()).unwrap();
        let mut edits = Edits::new();
        edits.set(&document, document.leaf(key).unwrap(), value);
        let edited = document.edited(&edits);
        // What was written is read again as what was meant.
        let again = Document::read("f", syntax, edited.expose()).unwrap();
        assert_eq!(again.leaf(key).unwrap().text(), value);
        String::from_utf8(edited.expose().to_vec()).unwrap()
    }

    #[test]
    fn an_xml_value_is_escaped_and_everything_around_it_stays() {
        let text = "\u{feff}<a>\r\n <!-- <b>x</b> --><b q='1'> x </b>\r\n</a>";
        assert_eq!(
            edit(Syntax::Xml, text, "a/b", "p&<\">'"),
            "\u{feff}<a>\r\n <!-- <b>x</b> --><b q='1'> p&amp;&lt;\"&gt;' </b>\r\n</a>"
        );
        assert_eq!(
            edit(Syntax::Xml, text, "a/b/@q", "'\"&"),
            "\u{feff}<a>\r\n <!-- <b>x</b> --><b q='&apos;\"&amp;'> x </b>\r\n</a>"
        );
        assert_eq!(
            edit(Syntax::Xml, "<a><b></b></a>", "a/b", "v"),
            "<a><b>v</b></a>"
        );
        assert_eq!(
            edit(Syntax::Xml, "<a><b><![CDATA[x]]></b></a>", "a/b", "v"),
            "<a><b>v</b></a>"
        );
    }

    #[test]
    fn a_toml_value_is_quoted_and_everything_around_it_stays() {
        let text = "# c\r\n[k]\r\np =  'old' # why\r\nn = 1\r\n";
        assert_eq!(
            edit(Syntax::Toml, text, "k.p", "a\"\\b"),
            "# c\r\n[k]\r\np =  'a\"\\b' # why\r\nn = 1\r\n"
        );
        assert_eq!(
            edit(Syntax::Toml, text, "k.p", "it's \"\\"),
            "# c\r\n[k]\r\np =  \"it's \\\"\\\\\" # why\r\nn = 1\r\n"
        );
        assert_eq!(
            edit(Syntax::Toml, text, "k.n", "22"),
            "# c\r\n[k]\r\np =  'old' # why\r\nn = 22\r\n"
        );
    }

    #[test]
    fn lines_are_put_behind_a_line_and_at_the_end_with_the_files_line_ends() {
        let inserted = |text: &str, behind, lines: &[&str]| {
            let document = Document::read("f", Syntax::Properties, text.as_bytes()).unwrap();
            let mut edits = Edits::new();
            edits.insert_lines(&document, behind, lines);
            String::from_utf8(document.edited(&edits).expose().to_vec()).unwrap()
        };
        let text = "a=1\r\nb=2";
        assert_eq!(inserted(text, Some(1), &["x=0"]), "a=1\r\nx=0\r\nb=2");
        assert_eq!(inserted(text, None, &["x=0"]), "a=1\r\nb=2\r\nx=0\r\n");
        assert_eq!(inserted(text, Some(2), &["x=0"]), "a=1\r\nb=2\r\nx=0\r\n");
        assert_eq!(inserted("", None, &["", "x=0"]), "\nx=0\n");
    }

    #[test]
    fn a_json_value_is_quoted_and_everything_around_it_stays() {
        assert_eq!(
            edit(
                Syntax::Json,
                "{ \"a\" :{\r\n\"b\" :\"\" }}\n\n",
                "a.b",
                "x\"\\\u{1}"
            ),
            "{ \"a\" :{\r\n\"b\" :\"x\\\"\\\\\\u0001\" }}\n\n"
        );
        assert_eq!(edit(Syntax::Json, "{\"a\":1}", "a", "22"), "{\"a\":22}");
    }

    #[test]
    fn an_attribute_is_added_behind_the_others() {
        for (text, expected) in [
            (
                "<a><c port=\"1\"\n  x='>'/></a>",
                "<a><c port=\"1\"\n  x='>' k=\"v\"/></a>",
            ),
            (
                "<a><c port=\"1\" >t</c></a>",
                "<a><c port=\"1\" k=\"v\" >t</c></a>",
            ),
        ] {
            let document = Document::read("f", Syntax::Xml, text.as_bytes()).unwrap();
            let element = document.blocks("a/c").next().unwrap();
            let mut edits = Edits::new();
            edits.add_attribute(&document, element, "k", "v");
            assert_eq!(document.edited(&edits).expose(), expected.as_bytes());
        }
    }

    #[test]
    fn a_latin_1_file_stays_one() {
        let text = b"<?xml version='1.0' encoding='ISO-8859-1'?><a><b>x</b>\xe9</a>";
        let document = Document::read("f", Syntax::Xml, text).unwrap();
        let mut edits = Edits::new();
        edits.set(&document, document.leaf("a/b").unwrap(), "\u{e9}\u{20ac}");
        let expected = b"<?xml version='1.0' encoding='ISO-8859-1'?><a><b>\xe9&#8364;</b>\xe9</a>";
        assert_eq!(document.edited(&edits).expose(), expected);
        assert_eq!(document.edited(&Edits::new()).expose(), text);
    }
}
