//! Keys and tables that a TOML document does not have yet.

mod tree;

use std::ops::Range;

use toml_edit::{Document as Tree, Item, Table, TableLike, Value};
use zeroize::Zeroizing;

pub(super) use tree::last_value;
use tree::{first_header, last_key, with_header};

use super::{
    Document, Edits,
    document::position,
    edit::{Replaced, toml_key, toml_string},
};

/// Where in a document keys of a table may be put.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spot {
    /// Behind the last key of a table, each on a line of its own.
    Lines {
        at: usize,
        indent: String,
        /// What stands before each key: `tls.` where the table has no header.
        prefix: String,
    },
    /// In a table that is written as `{…}`.
    Inline {
        at: usize,
        is_empty: bool,
        prefix: String,
    },
    /// In a table of its own, with a header.
    Header { at: usize },
}

/// Keys that a table is to get.
pub(super) struct NewKeys<'a> {
    pub(super) table: &'a str,
    /// Keys and strings.
    pub(super) values: Vec<(&'a str, &'a str)>,
    /// Beside which tables it stands if it is new: behind the last of the first group that has any.
    pub(super) beside: &'a [&'a [&'a str]],
}

impl Edits {
    /// Gives tables of a TOML document keys that they do not have, and makes the tables that are not there:
    /// beside their neighbours, else at the end, but never behind `[secrets]`, which the product's cipher
    /// tool needs to be the last.
    ///
    /// Gives for each table the line and the column of the old document at which its keys will stand.
    ///
    /// # Errors
    ///
    /// The table that the document cannot hold, and why: what should be a table is none, or a list of
    /// tables.
    pub(super) fn insert(
        &mut self,
        document: &Document,
        tables: &[NewKeys<'_>],
    ) -> Result<Vec<(usize, usize)>, (String, String)> {
        let text = document.text.as_str();
        let layout = Layout { text };
        let tree =
            Tree::parse(text).map_err(|error| (String::new(), error.message().to_owned()))?;
        let spots: Result<Vec<Spot>, (String, String)> = tables
            .iter()
            .map(|new| {
                let path: Vec<&str> = new.table.split('.').collect();
                let spot = layout.spot(tree.as_table(), &path, new.beside);
                spot.map_err(|reason| (new.table.to_owned(), reason))
            })
            .collect();
        let spots = spots?;
        // Keys of a table that is there come before new tables at the same place.
        for (spot, new) in spots.iter().zip(tables) {
            if !matches!(spot, Spot::Header { .. }) {
                let at = spot.at();
                let by = layout.keys(spot, &new.values);
                self.replaced.push(Replaced { span: at..at, by });
            }
        }
        for (number, spot) in spots.iter().enumerate() {
            // Tables that are new at the same place are one text.
            if let Spot::Header { at } = *spot
                && !spots[..number].contains(spot)
            {
                let same = spots.iter().zip(tables).filter(|(other, _)| *other == spot);
                let by = layout.headers(at, same.map(|(_, new)| new));
                self.replaced.push(Replaced { span: at..at, by });
            }
        }
        Ok(spots
            .iter()
            .map(|spot| layout.position(spot.at()))
            .collect())
    }
}

impl Spot {
    fn at(&self) -> usize {
        match self {
            Self::Lines { at, .. } | Self::Inline { at, .. } | Self::Header { at } => *at,
        }
    }
}

struct Layout<'a> {
    text: &'a str,
}

impl Layout<'_> {
    /// Follows a path as far as it goes.
    fn spot(&self, root: &Table, path: &[&str], beside: &[&[&str]]) -> Result<Spot, String> {
        let mut table: &dyn TableLike = root;
        // What the keys of the table are written relative to, and in which way.
        let mut way = Way::Header;
        let mut since_header = 0;
        for (depth, part) in path.iter().enumerate() {
            let rest = || path[since_header..].join(".");
            let Some(item) = table.get(part) else {
                // No header may add to a table that has none.
                return Ok(match way {
                    Way::Header => self.header(root, beside),
                    Way::Dotted => self.lines(table, rest()),
                    Way::Inline(span) => self.inline(table, &span, rest()),
                });
            };
            match item {
                Item::Table(next) if next.is_dotted() => {
                    if let Way::Header = way {
                        since_header = depth;
                        way = Way::Dotted;
                    }
                    table = next;
                }
                Item::Table(next) => {
                    table = next;
                    if depth + 1 == path.len() {
                        return Ok(match next.is_implicit() {
                            true => self.above(root, next),
                            false => self.body(next),
                        });
                    }
                }
                Item::Value(Value::InlineTable(next)) => {
                    // Of dotted tables in an inline one the outer braces are meant.
                    if let Some(span) = next.span().filter(|_| !next.is_dotted()) {
                        since_header = depth + 1;
                        way = Way::Inline(span);
                    }
                    table = next;
                }
                Item::ArrayOfTables(_) => {
                    return Err(format!(
                        "`{}` is a list of tables",
                        path[..=depth].join(".")
                    ));
                }
                _ => return Err(format!("`{}` is no table", path[..=depth].join("."))),
            }
        }
        let rest = path[since_header..].join(".");
        Ok(match way {
            Way::Header => self.header(root, beside),
            Way::Dotted => self.lines(table, rest),
            Way::Inline(span) => self.inline(table, &span, rest),
        })
    }

    /// Behind the last key of a table that has a header.
    fn body(&self, table: &Table) -> Spot {
        match last_value(table) {
            Some(_) => self.lines(table, String::new()),
            None => Spot::Lines {
                at: self.line_end(table.span().map_or(self.text.len(), |span| span.end)),
                indent: String::new(),
                prefix: String::new(),
            },
        }
    }

    /// Behind the last key of a table that has at least one.
    fn lines(&self, table: &dyn TableLike, prefix: String) -> Spot {
        let last = last_value(table).unwrap_or_default();
        let key = last_key(table).unwrap_or(last.start);
        let line = self.text[..key].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.text[line..key];
        let line = line.trim_start_matches('\u{feff}');
        let blank = line.len() - line.trim_start().len();
        Spot::Lines {
            at: self.line_end(last.end),
            indent: line[..blank].to_owned(),
            prefix,
        }
    }

    fn inline(&self, table: &dyn TableLike, span: &Range<usize>, prefix: String) -> Spot {
        let last = last_value(table).filter(|last| last.end < span.end);
        Spot::Inline {
            at: last.as_ref().map_or(span.start + 1, |last| last.end),
            is_empty: last.is_none() && self.text[span.start + 1..span.end - 1].trim().is_empty(),
            prefix,
        }
    }

    /// Where a new table goes.
    fn header(&self, root: &Table, beside: &[&[&str]]) -> Spot {
        let last = |group: &&[&str]| {
            let ends = group.iter().filter_map(|path| {
                let table = with_header(root, path)?;
                let end = last_value(table).or_else(|| table.span())?.end;
                Some(self.block_end(end))
            });
            ends.max()
        };
        let at = beside.iter().find_map(last);
        self.before_secrets(root, at.unwrap_or(self.text.len()))
    }

    /// Above the first table in a table that has no header of its own.
    fn above(&self, root: &Table, table: &Table) -> Spot {
        let first = first_header(table).unwrap_or(self.text.len());
        self.before_secrets(root, self.block_start(first))
    }

    fn before_secrets(&self, root: &Table, at: usize) -> Spot {
        let secrets = with_header(root, SECRETS).and_then(Table::span);
        let secrets = secrets.map(|span| self.block_start(span.start));
        Spot::Header {
            at: secrets.map_or(at, |secrets| at.min(secrets)),
        }
    }

    /// Behind the end of the line that a place is in.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n');
        end.map_or(self.text.len(), |end| at + end + 1)
    }

    /// Behind the line that a place is in, and behind comments that follow at once, unless a header follows
    /// on these, whose they are then.
    fn block_end(&self, at: usize) -> usize {
        let start = self.line_end(at);
        let mut end = start;
        while end < self.text.len() {
            let next = self.line_end(end.min(self.text.len()));
            let line = self.text[end..next].trim();
            match line {
                line if line.starts_with('#') => end = next,
                line if line.starts_with('[') => return start,
                _ => break,
            }
        }
        end
    }

    /// The beginning of the line that a place is in, and of comments right above it.
    fn block_start(&self, at: usize) -> usize {
        let mut start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        while start > 0 {
            let before = self.text[..start - 1].rfind('\n').map_or(0, |end| end + 1);
            if !self.text[before..start].trim_start().starts_with('#') {
                break;
            }
            start = before;
        }
        start
    }

    /// Keys for a table that is there.
    fn keys(&self, spot: &Spot, values: &[(&str, &str)]) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::new());
        match spot {
            Spot::Inline {
                is_empty, prefix, ..
            } => {
                for (number, value) in values.iter().enumerate() {
                    out.push_str(match (*is_empty, number) {
                        (true, 0) => " ",
                        _ => ", ",
                    });
                    out.push_str(&pair(prefix, value));
                }
                if *is_empty {
                    out.push(' ');
                }
            }
            Spot::Lines { at, indent, prefix } => {
                let line = |value| {
                    let mut line = Zeroizing::new(indent.clone());
                    line.push_str(&pair(prefix, value));
                    line
                };
                let lines: Vec<Zeroizing<String>> = values.iter().map(line).collect();
                self.put(&mut out, *at, &lines);
            }
            Spot::Header { .. } => {}
        }
        out
    }

    /// New tables at a place, with an empty line around each.
    fn headers<'n>(
        &self,
        at: usize,
        tables: impl Iterator<Item = &'n NewKeys<'n>>,
    ) -> Zeroizing<String> {
        let is_blank = |text: &str| text.trim_matches([' ', '\t', '\r']).is_empty();
        let empty = || Zeroizing::new(String::new());
        let before = self.text[..at].trim_start_matches('\u{feff}');
        let above = before.strip_suffix('\n').unwrap_or(before);
        let above = above.rsplit('\n').next().unwrap_or_default();
        let below = self.text[at..].split('\n').next().unwrap_or_default();
        let mut lines = Vec::new();
        for new in tables {
            if !lines.is_empty() || !is_blank(above) {
                lines.push(empty());
            }
            lines.push(Zeroizing::new(format!("[{}]", quoted(new.table).as_str())));
            lines.extend(new.values.iter().map(|value| pair("", value)));
        }
        if !is_blank(below) {
            lines.push(empty());
        }
        let mut out = empty();
        self.put(&mut out, at, &lines);
        out
    }

    /// Line and column of what is put at a place.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at];
        let at = match before.is_empty() || before.ends_with('\n') {
            true => at,
            // Behind a line that has no end.
            false => before.trim_end().len(),
        };
        position(self.text, at)
    }

    /// Whole lines at a place: behind a line end, or behind the last line, which has none and gets none.
    fn put(&self, out: &mut String, at: usize, lines: &[Zeroizing<String>]) {
        let eol = self.eol();
        let before = self.text[..at].trim_start_matches('\u{feff}');
        let open = !before.is_empty() && !before.ends_with('\n');
        for line in lines {
            if open {
                out.push_str(eol);
            }
            out.push_str(line);
            if !open {
                out.push_str(eol);
            }
        }
    }

    /// How the document ends its lines.
    fn eol(&self) -> &'static str {
        let first = self.text.find('\n');
        match first.is_some_and(|at| self.text[..at].ends_with('\r')) {
            true => "\r\n",
            false => "\n",
        }
    }
}

/// How the table that a path has come to is written.
#[derive(Clone, Debug)]
enum Way {
    /// With a header, or by headers of tables in it alone.
    Header,
    /// By keys with dots.
    Dotted,
    /// In braces, which stand there.
    Inline(Range<usize>),
}

fn pair(prefix: &str, (key, value): &(&str, &str)) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    if !prefix.is_empty() {
        out.push_str(&quoted(prefix));
        out.push('.');
    }
    out.push_str(&quoted(key));
    out.push_str(" = ");
    out.push_str(&toml_string(value));
    out
}

/// A path as TOML writes it, parts with odd characters in quotes.
fn quoted(path: &str) -> Zeroizing<String> {
    let parts: Vec<Zeroizing<String>> = path.split('.').map(toml_key).collect();
    let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
    Zeroizing::new(parts.join("."))
}

/// What must be the last table (FACTS of the product: cipher tool).
const SECRETS: &str = "secrets";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::config::Syntax;

    /// What a document becomes with two more keys of `[keystore.tls]`.
    fn with_keys(text: &str) -> String {
        let document = Document::read("f", Syntax::Toml, text.as_bytes()).unwrap();
        let mut edits = Edits::new();
        let new = NewKeys {
            table: "keystore.tls",
            values: vec![("a", "1"), ("b", "x\"y")],
            beside: &[&["keystore.primary"], &["truststore"]],
        };
        edits.insert(&document, &[new]).unwrap();
        let edited = document.edited(&edits);
        let again = Document::read("f", Syntax::Toml, edited.expose()).unwrap();
        assert_eq!(again.leaf("keystore.tls.a").unwrap().text(), "1", "{text}");
        assert_eq!(again.leaf("keystore.tls.b").unwrap().text(), "x\"y");
        // Nothing else is other than it was, and nothing is another's now.
        let others = |document: &Document| {
            let leaves = document.leaves().iter();
            let others = leaves
                .filter(|leaf| !matches!(leaf.key.as_str(), "keystore.tls.a" | "keystore.tls.b"));
            others
                .map(|leaf| (leaf.key.clone(), leaf.text().to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(others(&again), others(&document), "{text}");
        String::from_utf8(edited.expose().to_vec()).unwrap()
    }

    #[test]
    fn keys_stand_behind_the_last_of_their_table_and_look_like_it() {
        for (text, expected) in [
            (
                "[keystore.tls]\n  c = [\n 1 ] # last\n\n# next\n[z]\ny = 1\n",
                "[keystore.tls]\n  c = [\n 1 ] # last\n  a = \"1\"\n  b = \"x\\\"y\"\n\n# next\n[z]\ny = 1\n",
            ),
            (
                "\u{feff}[keystore.tls] # empty\r\n[z]\r\n",
                "\u{feff}[keystore.tls] # empty\r\na = \"1\"\r\nb = \"x\\\"y\"\r\n[z]\r\n",
            ),
            (
                "[keystore.tls]\nc = 1",
                "[keystore.tls]\nc = 1\na = \"1\"\nb = \"x\\\"y\"",
            ),
        ] {
            assert_eq!(with_keys(text), expected);
        }
    }

    #[test]
    fn a_table_without_a_header_gets_its_keys_as_it_has_the_others() {
        for (text, expected) in [
            (
                "keystore.tls.c = 1\nd = 2\n",
                "keystore.tls.c = 1\nkeystore.tls.a = \"1\"\nkeystore.tls.b = \"x\\\"y\"\nd = 2\n",
            ),
            (
                "keystore.primary.c = 1\n[z]\n",
                "keystore.primary.c = 1\nkeystore.tls.a = \"1\"\nkeystore.tls.b = \"x\\\"y\"\n[z]\n",
            ),
            (
                "[keystore]\n tls.c = 1\n primary.c = 1\n",
                "[keystore]\n tls.c = 1\n tls.a = \"1\"\n tls.b = \"x\\\"y\"\n primary.c = 1\n",
            ),
            (
                "[keystore]\ntls = { c = 1 } # t\n",
                "[keystore]\ntls = { c = 1, a = \"1\", b = \"x\\\"y\" } # t\n",
            ),
            (
                "[keystore]\ntls = {}\n",
                "[keystore]\ntls = { a = \"1\", b = \"x\\\"y\" }\n",
            ),
            (
                "keystore = { tls.c = 1, primary = { c = 2 } }\n",
                "keystore = { tls.c = 1, tls.a = \"1\", tls.b = \"x\\\"y\", primary = { c = 2 } }\n",
            ),
            (
                "keystore = { primary = { c = 2 } }\n",
                "keystore = { primary = { c = 2 }, tls.a = \"1\", tls.b = \"x\\\"y\" }\n",
            ),
        ] {
            assert_eq!(with_keys(text), expected);
        }
    }

    #[test]
    fn a_new_table_stands_beside_its_neighbours_and_before_the_secrets() {
        let new = "[keystore.tls]\na = \"1\"\nb = \"x\\\"y\"\n";
        for (text, before, after) in [
            (
                "[keystore.primary]\nc = 1\n# its own\n\n[[z]]\ny = 1\n[secrets]\ns = \"[p]\"\n",
                "[keystore.primary]\nc = 1\n# its own\n\n",
                "\n[[z]]\ny = 1\n[secrets]\ns = \"[p]\"\n",
            ),
            (
                "[keystore.primary]\nc = 1\n# the next\n[[z]]\ny = 1\n",
                "[keystore.primary]\nc = 1\n\n",
                "\n# the next\n[[z]]\ny = 1\n",
            ),
            (
                "[[z]]\ny = 1\n# secret\n[secrets]\ns = \"[p]\"\n",
                "[[z]]\ny = 1\n\n",
                "\n# secret\n[secrets]\ns = \"[p]\"\n",
            ),
            // A file that is wrong already stays as right as it is.
            (
                "[secrets]\ns = \"[p]\"\n[truststore]\nc = 1\n",
                "",
                "\n[secrets]\ns = \"[p]\"\n[truststore]\nc = 1\n",
            ),
            (
                "# x\n[keystore.tls.x]\ny = 1\n",
                "",
                "\n# x\n[keystore.tls.x]\ny = 1\n",
            ),
            (
                "[[keystore.tls.x]]\ny = 1\n",
                "",
                "\n[[keystore.tls.x]]\ny = 1\n",
            ),
            ("", "", ""),
            ("# nothing\n\n", "# nothing\n\n", ""),
        ] {
            assert_eq!(with_keys(text), format!("{before}{new}{after}"));
        }
        let open = with_keys("[[z]]\r\ny = 1");
        assert_eq!(
            open,
            "[[z]]\r\ny = 1\r\n\r\n[keystore.tls]\r\na = \"1\"\r\nb = \"x\\\"y\""
        );
    }

    #[test]
    fn tables_that_are_new_at_one_place_stand_in_order_with_an_empty_line_between() {
        for (text, expected) in [
            ("[z]\n", "[z]\n\n[a]\nk = \"1\"\n\n[b.c]\nk = \"1\"\n"),
            ("", "[a]\nk = \"1\"\n\n[b.c]\nk = \"1\"\n"),
            (
                "[z]\ny = 1",
                "[z]\ny = 1\n\n[a]\nk = \"1\"\n\n[b.c]\nk = \"1\"",
            ),
        ] {
            let document = Document::read("f", Syntax::Toml, text.as_bytes()).unwrap();
            let new = |table| NewKeys {
                table,
                values: vec![("k", "1")],
                beside: &[],
            };
            let mut edits = Edits::new();
            edits.insert(&document, &[new("a"), new("b.c")]).unwrap();
            assert_eq!(document.edited(&edits).expose(), expected.as_bytes());
        }
    }

    #[test]
    fn what_is_no_table_or_a_list_of_them_is_refused() {
        for text in [
            "keystore = 1\n",
            "[[keystore]]\n",
            "[[keystore.tls]]\n",
            "[keystore]\ntls = []\n",
        ] {
            let document = Document::read("f", Syntax::Toml, text.as_bytes()).unwrap();
            let mut edits = Edits::new();
            let new = NewKeys {
                table: "keystore.tls",
                values: vec![("a", "1")],
                beside: &[],
            };
            let (table, _) = edits.insert(&document, &[new]).unwrap_err();
            assert_eq!(table, "keystore.tls", "{text}");
            assert!(edits.is_empty());
        }
    }
}
