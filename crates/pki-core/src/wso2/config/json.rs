//! JSON files as values.

use std::{fmt, sync::Arc};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    Document, DocumentError, Leaf, Syntax,
    document::{Block, BlockId, Budget, Encoding, Positions, utf8},
};

/// Reads what `JSON.parse` of the product's portals reads: RFC 8259, a byte order mark before it.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Document, DocumentError> {
    let text = utf8(bytes)?;
    let content = text.trim_start_matches('\u{feff}');
    let mut reader = Reader {
        text,
        positions: Positions::new(text),
        blocks: vec![Block {
            key: String::new(),
            parent: None,
            span: 0..text.len(),
            listed: false,
        }],
        leaves: Vec::new(),
        budget: Budget::default(),
    };
    let root: &RawValue =
        serde_json::from_str(content).map_err(|error| reader.error(content, &error))?;
    reader.value("", root.get(), &[BlockId(0)])?;
    let Reader { blocks, leaves, .. } = reader;
    Ok(Document {
        file: Arc::from(file),
        syntax: Syntax::Json,
        text: Arc::new(Zeroizing::new(text.to_owned())),
        encoding: Encoding::Utf8,
        leaves,
        blocks,
    })
}

/// A string as JSON writes it (RFC 8259, section 7).
pub(super) fn string(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() + 8));
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    text: &'a str,
    positions: Positions<'a>,
    blocks: Vec<Block>,
    leaves: Vec<Leaf>,
    budget: Budget,
}

impl<'a> Reader<'a> {
    /// `raw` is a part of the text: where it lies there is where it stands.
    fn value(&mut self, key: &str, raw: &'a str, within: &[BlockId]) -> Result<(), DocumentError> {
        let start = raw.as_ptr() as usize - self.text.as_ptr() as usize;
        let span = start..start + raw.len();
        if within.len() > DEPTH {
            let (line, column) = self.positions.of(start);
            return Err(DocumentError::Syntax {
                line,
                column,
                reason: format!("objects are nested deeper than {DEPTH}"),
            });
        }
        if !self.budget.allows(key, within.len()) {
            return Err(Budget::error(self.positions.of(start)));
        }
        match raw.as_bytes().first() {
            Some(b'{') => {
                let members: Members<'a> =
                    serde_json::from_str(raw).map_err(|error| self.error(raw, &error))?;
                // The root has its block already.
                let mut own = within.to_vec();
                if within.len() > 1 || !key.is_empty() {
                    own.push(BlockId(self.blocks.len()));
                    self.blocks.push(Block {
                        key: key.to_owned(),
                        parent: within.last().copied(),
                        span,
                        listed: false,
                    });
                }
                for (name, member) in members.0 {
                    let key = match key {
                        "" => name,
                        key => format!("{key}.{name}"),
                    };
                    self.value(&key, member.get(), &own)?;
                }
            }
            Some(b'[') => {
                let items: Items<'a> =
                    serde_json::from_str(raw).map_err(|error| self.error(raw, &error))?;
                // An array counts as a step down, or arrays of arrays would have no bottom.
                let mut own = within.to_vec();
                own.extend(within.last());
                for item in items.0 {
                    self.value(key, item.get(), &own)?;
                }
            }
            first => {
                let is_string = first == Some(&b'"');
                let text = match is_string {
                    true => serde_json::from_str(raw).map_err(|error| self.error(raw, &error))?,
                    false => raw.to_owned(),
                };
                let (line, column) = self.positions.of(start);
                self.leaves.push(Leaf {
                    key: key.to_owned(),
                    blocks: within.to_vec(),
                    line,
                    column,
                    secret_alias: None,
                    text: Zeroizing::new(text),
                    span,
                    is_string,
                });
            }
        }
        Ok(())
    }

    /// `within` is the part of the text that was read.
    fn error(&self, within: &str, error: &serde_json::Error) -> DocumentError {
        let start = within.as_ptr() as usize - self.text.as_ptr() as usize;
        let (line, column) = self.positions.of(start);
        // The parser counts from the beginning of that part.
        let (line, column) = match error.line() {
            0 | 1 => (line, column + error.column().saturating_sub(1)),
            further => (line + further - 1, error.column().max(1)),
        };
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        DocumentError::Syntax {
            line,
            column,
            reason: reason.to_owned(),
        }
    }
}

/// The members of an object in their order, each value unread. A name may come twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

/// The elements of an array, unread.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Collect)
    }
}

/// Objects of a home's files are nested 2 deep. Each level is read once for each level above it.
const DEPTH: usize = 32;
