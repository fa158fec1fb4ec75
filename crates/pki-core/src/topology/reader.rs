//! Reading a TOML document key by key: each value with its place, every problem noted, none fatal.

use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, Item, TableLike, Value};

use super::{Place, Problem, ProblemKind, suggest::nearest};

/// What reading needs beside the document, and what it finds wrong.
pub(crate) struct Reader<'a> {
    base: &'a Path,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    text: &'a str,
    domain: Option<String>,
    problems: Vec<(usize, Problem)>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, base: &'a Path) -> Self {
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            base,
            lines,
            text,
            domain: None,
            problems: Vec::new(),
        }
    }

    /// What completes host names.
    pub(crate) fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// What completes host names from now on.
    pub(crate) fn complete_with(&mut self, domain: Option<String>) {
        self.domain = domain;
    }

    pub(crate) fn note(&mut self, at: usize, path: impl Into<String>, kind: ProblemKind) {
        let Place { line, column } = self.place(at);
        let path = path.into();
        self.problems.push((
            at,
            Problem {
                line,
                column,
                path,
                kind,
            },
        ));
    }

    pub(crate) fn place(&self, at: usize) -> Place {
        let at = at.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or_default();
        let column = before.chars().filter(|c| *c != '\u{FEFF}').count() + 1;
        Place { line, column }
    }

    /// All problems, in the order of the file.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|(at, _)| *at);
        self.problems
            .into_iter()
            .map(|(_, problem)| problem)
            .collect()
    }

    /// A relative path begins at the topology's folder.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }
}

/// A table, and which of its keys have a meaning.
pub(crate) struct Section<'t> {
    pub(crate) path: String,
    /// Where its key stands, in bytes.
    pub(crate) at: usize,
    table: Option<&'t dyn TableLike>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(crate) fn root(table: &'t dyn TableLike) -> Self {
        Self {
            path: String::new(),
            at: 0,
            table: Some(table),
            known: Vec::new(),
        }
    }

    /// A table that is not there: every key of it is absent.
    pub(crate) fn absent(path: String, at: usize) -> Self {
        Self {
            path,
            at,
            table: None,
            known: Vec::new(),
        }
    }

    /// The value of a key. The key has a meaning from now on, whether it is there or not.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Field<'t>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.field(key)
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&mut self, r: &mut Reader<'_>, key: &'static str) -> Option<Field<'t>> {
        let field = self.get(key);
        if field.is_none() {
            r.note(self.at, &self.path, ProblemKind::Missing { key });
        }
        field
    }

    /// The table under a key; an absent one has no keys.
    pub(crate) fn section(&mut self, r: &mut Reader<'_>, key: &'static str) -> Self {
        let absent = Self::absent(join(&self.path, key), self.at);
        self.get(key)
            .and_then(|field| field.section(r))
            .unwrap_or(absent)
    }

    /// True if the file has it.
    pub(crate) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// True if the key is there. Gives it no meaning.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    /// Every key with its value: a table whose keys are names.
    pub(crate) fn entries(&self) -> Vec<(String, Field<'t>)> {
        self.table
            .map(|table| {
                table
                    .iter()
                    .filter_map(|(key, _)| Some((key.to_owned(), self.field(key)?)))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The value under some keys, each within the one before.
    pub(crate) fn find(&self, keys: &[&str]) -> Option<Field<'t>> {
        match keys {
            [] => None,
            [last] => self.field(last),
            [first, rest @ ..] => self.field(first)?.table()?.find(rest),
        }
    }

    /// Notes every key that nobody asked for.
    pub(crate) fn finish(&self, r: &mut Reader<'_>) {
        for (key, field) in self.entries() {
            if !self.known.contains(&key.as_str()) {
                let kind = ProblemKind::UnknownKey {
                    expected: self.known.iter().map(|key| (*key).to_owned()).collect(),
                    suggestion: nearest(&key, self.known.iter().copied()).map(str::to_owned),
                };
                r.note(field.key_at, field.path, kind);
            }
        }
    }

    fn field(&self, key: &str) -> Option<Field<'t>> {
        let (key, item) = self.table?.get_key_value(key)?;
        let content = Content::of(item)?;
        let key_at = key.span().map(|span| span.start);
        let key_at = key_at.or(content.start()).unwrap_or(self.at);
        Some(Field {
            path: join(&self.path, key.get()),
            key_at,
            at: content.start().unwrap_or(key_at),
            content,
        })
    }
}

/// A value and where it stands.
pub(crate) struct Field<'t> {
    pub(crate) path: String,
    /// Where the key stands, in bytes.
    pub(crate) key_at: usize,
    /// Where the value stands, in bytes; of a table with a header, its key.
    pub(crate) at: usize,
    pub(crate) content: Content<'t>,
}

/// What a value is.
pub(crate) enum Content<'t> {
    Table(&'t dyn TableLike, Shape),
    Value(&'t Value),
    Tables(&'t ArrayOfTables),
}

#[derive(Clone, Copy, PartialEq, Eq)]
/// How a table is written.
pub(crate) enum Shape {
    Inline(usize),
    Header,
}

impl<'t> Content<'t> {
    fn of(item: &'t Item) -> Option<Self> {
        match item {
            Item::None => None,
            Item::Value(value) => Some(Self::of_value(value)),
            Item::Table(table) => Some(Self::Table(table, Shape::Header)),
            Item::ArrayOfTables(tables) => Some(Self::Tables(tables)),
        }
    }

    fn of_value(value: &'t Value) -> Self {
        match value {
            Value::InlineTable(table) => match table.span() {
                Some(span) if !table.is_dotted() => Self::Table(table, Shape::Inline(span.start)),
                _ => Self::Table(table, Shape::Header),
            },
            value => Self::Value(value),
        }
    }

    fn start(&self) -> Option<usize> {
        match self {
            Self::Value(value) => value.span().map(|span| span.start),
            Self::Table(_, Shape::Inline(start)) => Some(*start),
            Self::Table(_, Shape::Header) | Self::Tables(_) => None,
        }
    }
}

impl<'t> Field<'t> {
    pub(crate) fn note(&self, r: &mut Reader<'_>, kind: ProblemKind) {
        r.note(self.at, &self.path, kind);
    }

    /// Notes that the key, not its value, is out of place.
    pub(crate) fn note_key(&self, r: &mut Reader<'_>, kind: ProblemKind) {
        r.note(self.key_at, &self.path, kind);
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.content, Content::Table(..))
    }

    /// True for `{ … }`, false for a table with a header or dotted keys.
    pub(crate) fn is_inline_table(&self) -> bool {
        matches!(self.content, Content::Table(_, Shape::Inline(_)))
    }

    /// True for a table that has a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        matches!(self.content, Content::Table(table, _) if table.contains_key(key))
    }

    pub(crate) fn section(&self, r: &mut Reader<'_>) -> Option<Section<'t>> {
        self.table().or_else(|| self.wrong_type(r, "a table"))
    }

    fn table(&self) -> Option<Section<'t>> {
        let Content::Table(table, _) = self.content else {
            return None;
        };
        Some(Section {
            path: self.path.clone(),
            at: self.key_at,
            table: Some(table),
            known: Vec::new(),
        })
    }

    /// The elements of an array; a value that is no array counts as an array of one.
    pub(crate) fn elements(&self, r: &mut Reader<'_>) -> Vec<Field<'t>> {
        match self.content {
            Content::Value(Value::Array(array)) => {
                if array.is_empty() {
                    self.note(r, ProblemKind::Empty);
                }
                array
                    .iter()
                    .enumerate()
                    .map(|(index, value)| {
                        let content = Content::of_value(value);
                        let at = content.start().unwrap_or(self.at);
                        Field {
                            path: format!("{}[{index}]", self.path),
                            key_at: at,
                            at,
                            content,
                        }
                    })
                    .collect()
            }
            Content::Tables(_) => {
                let found: Option<Vec<Field<'t>>> = self.wrong_type(r, "an array of values");
                found.unwrap_or_default()
            }
            Content::Value(value) => vec![self.like(Content::Value(value))],
            Content::Table(table, shape) => vec![self.like(Content::Table(table, shape))],
        }
    }

    /// The tables of an array, whether each has a header of its own or stands in a list.
    pub(crate) fn sections(&self, r: &mut Reader<'_>) -> Vec<Section<'t>> {
        let Content::Tables(tables) = self.content else {
            let each = self.elements(r);
            return each.iter().filter_map(|field| field.section(r)).collect();
        };
        let section = |(index, table): (usize, &'t toml_edit::Table)| Section {
            path: format!("{}[{index}]", self.path),
            at: table.span().map_or(self.key_at, |span| span.start),
            table: Some(table),
            known: Vec::new(),
        };
        tables.iter().enumerate().map(section).collect()
    }

    fn like(&self, content: Content<'t>) -> Self {
        Self {
            path: self.path.clone(),
            key_at: self.key_at,
            at: self.at,
            content,
        }
    }

    /// Notes it; `None` whatever was wanted.
    pub(crate) fn wrong_type<T>(&self, r: &mut Reader<'_>, expected: &'static str) -> Option<T> {
        let found = match &self.content {
            Content::Table(..) => "a table",
            Content::Tables(_) => "an array of tables",
            Content::Value(value) => match value {
                Value::String(_) => "a string",
                Value::Integer(_) => "an integer",
                Value::Float(_) => "a float",
                Value::Boolean(_) => "a boolean",
                Value::Datetime(_) => "a date",
                Value::Array(_) => "an array",
                Value::InlineTable(_) => "a table",
            },
        };
        self.note(r, ProblemKind::WrongType { expected, found });
        None
    }
}

/// `path.key`, with quotes around a key that needs them in TOML.
fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    match (path, bare) {
        ("", true) => key.to_owned(),
        ("", false) => format!("\"{key}\""),
        (path, true) => format!("{path}.{key}"),
        (path, false) => format!("{path}.\"{key}\""),
    }
}
