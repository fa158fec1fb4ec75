//! TOML files as values.

use std::sync::Arc;

use toml_edit::{Document as Tree, Item, Table, TableLike, Value};
use zeroize::Zeroizing;

use super::{
    Document, DocumentError, Leaf, Syntax,
    document::{Block, BlockId, Budget, Encoding, Positions, position, utf8},
};

pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Document, DocumentError> {
    let text = utf8(bytes)?;
    let tree = Tree::parse(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        DocumentError::Syntax {
            line,
            column,
            reason: error.message().lines().collect::<Vec<_>>().join(", "),
        }
    })?;
    let mut reader = Reader {
        positions: Positions::new(text),
        blocks: vec![Block {
            key: String::new(),
            parent: None,
            span: 0..text.len(),
            listed: false,
        }],
        leaves: Vec::new(),
        budget: Budget::default(),
        crowded: None,
    };
    reader.table(tree.as_table(), &[BlockId(0)]);
    let Reader {
        blocks,
        mut leaves,
        crowded,
        ..
    } = reader;
    if let Some(at) = crowded {
        return Err(Budget::error(at));
    }
    // Sub-tables come before what stands above them in the file.
    leaves.sort_by_key(|leaf| leaf.span.start);
    Ok(Document {
        file: Arc::from(file),
        syntax: Syntax::Toml,
        text: Arc::new(Zeroizing::new(text.to_owned())),
        encoding: Encoding::Utf8,
        leaves,
        blocks,
    })
}

struct Reader<'a> {
    positions: Positions<'a>,
    blocks: Vec<Block>,
    leaves: Vec<Leaf>,
    budget: Budget,
    /// Where it became too much; nothing is taken from there on.
    crowded: Option<(usize, usize)>,
}

impl Reader<'_> {
    fn table(&mut self, table: &dyn TableLike, within: &[BlockId]) {
        for (name, item) in table.iter() {
            if self.crowded.is_some() {
                return;
            }
            match item {
                Item::None => {}
                Item::Value(value) => self.value(&self.key(within, name), value, within, false),
                Item::Table(table) => {
                    let block = self.block(self.key(within, name), within, table.span(), false);
                    self.table(table, &block);
                }
                Item::ArrayOfTables(tables) => {
                    for table in tables.iter() {
                        let key = self.key(within, name);
                        let block = self.block(key, within, Table::span(table), true);
                        self.table(table, &block);
                    }
                }
            }
        }
    }

    fn value(&mut self, key: &str, value: &Value, within: &[BlockId], listed: bool) {
        match value {
            Value::InlineTable(table) => {
                let block = self.block(key.to_owned(), within, table.span(), listed);
                self.table(table, &block);
            }
            Value::Array(array) => array
                .iter()
                .for_each(|value| self.value(key, value, within, true)),
            scalar => {
                let text = match scalar {
                    Value::String(text) => text.value().clone(),
                    Value::Integer(number) => number.value().to_string(),
                    Value::Float(number) => number.value().to_string(),
                    Value::Boolean(value) => value.value().to_string(),
                    other => other.to_string().trim().to_owned(),
                };
                let span = scalar.span().unwrap_or_default();
                let (line, column) = self.positions.of(span.start);
                if !self.budget.allows(key, within.len()) {
                    self.crowded.get_or_insert((line, column));
                    return;
                }
                self.leaves.push(Leaf {
                    key: key.to_owned(),
                    blocks: within.to_vec(),
                    line,
                    column,
                    secret_alias: None,
                    text: Zeroizing::new(text),
                    span,
                    is_string: scalar.is_str(),
                });
            }
        }
    }

    /// A new block below the last of `within`: all of them, with it at the end.
    fn block(
        &mut self,
        key: String,
        within: &[BlockId],
        span: Option<std::ops::Range<usize>>,
        listed: bool,
    ) -> Vec<BlockId> {
        let id = BlockId(self.blocks.len());
        if !self.budget.allows(&key, within.len()) {
            let at = self.positions.of(span.clone().unwrap_or_default().start);
            self.crowded.get_or_insert(at);
        }
        self.blocks.push(Block {
            key,
            parent: within.last().copied(),
            span: span.unwrap_or_default(),
            listed,
        });
        let mut all = within.to_vec();
        all.push(id);
        all
    }

    fn key(&self, within: &[BlockId], name: &str) -> String {
        match within.last().map(|block| self.blocks[block.0].key.as_str()) {
            None | Some("") => name.to_owned(),
            Some(outer) => format!("{outer}.{name}"),
        }
    }
}
