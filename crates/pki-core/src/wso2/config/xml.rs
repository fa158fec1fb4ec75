//! XML files as values.

use std::{collections::HashMap, ops::Range, sync::Arc};

use roxmltree::{Document as Tree, Node, NodeId, ParsingOptions};
use zeroize::Zeroizing;

use super::{
    Document, DocumentError, Leaf, Syntax,
    document::{Block, BlockId, Budget, Encoding, Positions, position, utf8},
};

pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Document, DocumentError> {
    let (text, encoding) = decode(bytes)?;
    refuse_crowds(&text)?;
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    let tree = Tree::parse_with_options(&text, options).map_err(|error| {
        let at = error.pos();
        DocumentError::Syntax {
            line: at.row as usize,
            column: at.col as usize,
            reason: reason(&error),
        }
    })?;
    let mut reader = Reader {
        positions: Positions::new(&text),
        blocks: Vec::new(),
        leaves: Vec::new(),
        seen: HashMap::new(),
        budget: Budget::default(),
    };
    for node in tree.descendants().filter(Node::is_element) {
        reader.element(node)?;
    }
    let Reader { blocks, leaves, .. } = reader;
    Ok(Document {
        file: Arc::from(file),
        syntax: Syntax::Xml,
        leaves,
        blocks,
        text: Arc::new(text.clone()),
        encoding,
    })
}

struct Reader<'a> {
    positions: Positions<'a>,
    blocks: Vec<Block>,
    leaves: Vec<Leaf>,
    seen: HashMap<NodeId, BlockId>,
    budget: Budget,
}

impl Reader<'_> {
    /// Elements come in the order of the file, so an element's parent was here before.
    fn element(&mut self, node: Node<'_, '_>) -> Result<(), DocumentError> {
        let parent = node
            .parent()
            .and_then(|parent| self.seen.get(&parent.id()).copied());
        let key = match parent {
            None => segment(node),
            Some(parent) => format!("{}/{}", self.blocks[parent.0].key, segment(node)),
        };
        self.spend(&key, 0, node.range().start)?;
        let id = BlockId(self.blocks.len());
        self.blocks.push(Block {
            key: key.clone(),
            parent,
            span: node.range(),
            listed: false,
        });
        self.seen.insert(node.id(), id);
        let secret_alias = secret_alias(node);
        let outer = self.chain(parent);
        if outer.len() > DEPTH {
            let (line, column) = self.positions.of(node.range().start);
            return Err(DocumentError::Syntax {
                line,
                column,
                reason: format!("elements are nested deeper than {DEPTH}"),
            });
        }
        let own = {
            let mut own = outer.clone();
            own.push(id);
            own
        };
        for attribute in node.attributes() {
            self.push(Leaf {
                key: format!("{key}/@{}", attribute.name()),
                blocks: own.clone(),
                line: 0,
                column: 0,
                secret_alias: secret_alias.clone(),
                text: Zeroizing::new(attribute.value().trim().to_owned()),
                span: attribute.range_value(),
                is_string: true,
            })?;
        }
        if !node.children().any(|child| child.is_element()) {
            let text: Zeroizing<String> = Zeroizing::new(
                node.children()
                    .filter(Node::is_text)
                    .filter_map(|child| child.text())
                    .collect(),
            );
            self.push(Leaf {
                key,
                blocks: outer,
                line: 0,
                column: 0,
                secret_alias,
                text: Zeroizing::new(text.trim().to_owned()),
                span: text_span(node, self.positions_text()),
                is_string: true,
            })?;
        }
        Ok(())
    }

    fn push(&mut self, mut leaf: Leaf) -> Result<(), DocumentError> {
        self.spend(&leaf.key, leaf.blocks.len(), leaf.span.start)?;
        (leaf.line, leaf.column) = self.positions.of(leaf.span.start);
        self.leaves.push(leaf);
        Ok(())
    }

    fn spend(&mut self, key: &str, depth: usize, at: usize) -> Result<(), DocumentError> {
        match self.budget.allows(key, depth) {
            true => Ok(()),
            false => Err(Budget::error(self.positions.of(at))),
        }
    }

    fn positions_text(&self) -> &str {
        self.positions.text()
    }

    /// A block and all that hold it, from the root on.
    fn chain(&self, block: Option<BlockId>) -> Vec<BlockId> {
        let mut chain = Vec::new();
        let mut next = block;
        while let Some(block) = next {
            chain.push(block);
            next = self.blocks[block.0].parent;
        }
        chain.reverse();
        chain
    }
}

/// A local name, with what tells an element from its siblings.
fn segment(node: Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let told_by = match name {
        "Connector" => "port",
        _ => "name",
    };
    match node.attribute(told_by) {
        Some(value) => format!("{name}[{value}]"),
        None => name.to_owned(),
    }
}

/// `svns:secretAlias`, whatever the prefix.
fn secret_alias(node: Node<'_, '_>) -> Option<String> {
    let mut attributes = node.attributes();
    attributes
        .find(|attribute| attribute.name() == "secretAlias")
        .map(|attribute| attribute.value().to_owned())
}

/// The place of an element's text without its outer white space; of an element without text, the place
/// where it would stand.
fn text_span(node: Node<'_, '_>, text: &str) -> Range<usize> {
    let texts = node.children().filter(Node::is_text);
    let range = texts
        .map(|child| child.range())
        .reduce(|first, next| first.start..next.end);
    match range {
        None => {
            let end = node.range().end;
            let source = &text[node.range()];
            // `<a/>` has no inside; the editor opens it.
            match source.rfind("</") {
                Some(at) => node.range().start + at..node.range().start + at,
                None => end..end,
            }
        }
        Some(range) => {
            let inner = &text[range.clone()];
            let start = range.start + (inner.len() - inner.trim_start().len());
            let end = start + inner.trim().len();
            start..end
        }
    }
}

/// The text of a file: UTF-8, or ISO 8859-1 where the declaration says so.
fn decode(bytes: &[u8]) -> Result<(Zeroizing<String>, Encoding), DocumentError> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declared = head
        .trim_start_matches('\u{feff}')
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"))
        .and_then(|(declaration, _)| declaration.split_once("encoding"))
        .map(|(_, value)| {
            let value = value.trim_start().trim_start_matches('=').trim_start();
            let quote = value.chars().next().unwrap_or('"');
            value[quote.len_utf8().min(value.len())..]
                .split(quote)
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase()
        });
    match declared.as_deref() {
        Some("ISO-8859-1" | "LATIN1" | "ISO8859-1") => {
            let text = bytes.iter().map(|byte| char::from(*byte)).collect();
            Ok((Zeroizing::new(text), Encoding::Latin1))
        }
        None | Some("UTF-8" | "UTF8" | "US-ASCII" | "ASCII") => {
            Ok((Zeroizing::new(utf8(bytes)?.to_owned()), Encoding::Utf8))
        }
        Some(other) => Err(DocumentError::Encoding {
            line: 1,
            column: 1,
            encoding: format!("UTF-8 or ISO-8859-1, but in {other}"),
        }),
    }
}

/// The parser compares each attribute of an element with all others of it.
fn refuse_crowds(text: &str) -> Result<(), DocumentError> {
    let mut start = 0;
    for tag in text.split_inclusive('<') {
        if tag.bytes().filter(|byte| *byte == b'=').count() > ATTRIBUTES {
            let (line, column) = position(text, start);
            return Err(DocumentError::Syntax {
                line,
                column,
                reason: format!("an element has more than {ATTRIBUTES} attributes"),
            });
        }
        start += tag.len();
    }
    Ok(())
}

/// What is wrong, without the position that the parser's own message ends with.
fn reason(error: &roxmltree::Error) -> String {
    let text = error.to_string();
    let position = format!(" at {}", error.pos());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// The largest file of a home has about 4,000.
const NODES: u32 = 200_000;
/// Elements of a home's files are nested 8 deep. What leads to a value is kept for each value.
const DEPTH: usize = 64;
/// The largest number of attributes in a home is 26 (a connector).
const ATTRIBUTES: usize = 4096;
