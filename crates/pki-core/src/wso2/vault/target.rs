//! Where the cipher tool would put a secret's alias: `cipher-tool.properties`.

use super::{Content, Keeper, Secret, change::Work, repository::place};
use crate::wso2::config::{BlockId, Document, Leaf, Place};

/// A value of the configuration that a secret is to stand for, as `cipher-tool.properties` says: the alias, then
/// a file and an XPath in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target<'a> {
    /// The secret's alias.
    pub alias: String,
    /// Where `cipher-tool.properties` says so.
    pub place: Place,
    /// The file of the value, from the home, with `/`.
    pub file: String,
    /// What is there.
    pub state: TargetState,
    pub(super) found: Vec<Found<'a>>,
}

/// What is in the place of a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetState {
    /// The file has no such value.
    Absent,
    /// The value names the secret already.
    Named,
    /// The file is not there, or cannot be read.
    NoFile,
    /// The value is written out. `same`: whether it is the text that stands in brackets under the alias; `None`
    /// where there is none to compare with.
    WrittenOut {
        /// Where, the first of several.
        place: Place,
        /// Whether the cipher tool would encrypt this value, or another in its place.
        same: Option<bool>,
    },
}

/// A value, and the element that names its secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    document: &'a Document,
    leaf: &'a Leaf,
    element: BlockId,
}

/// All that a `cipher-tool.properties` names.
pub(super) fn read<'a>(
    tool: &'a Document,
    documents: &'a [Document],
    secrets: &[Secret<'a>],
) -> Vec<Target<'a>> {
    let line = |leaf: &'a Leaf| {
        let path = Path::parse(leaf.text())?;
        let document = documents.iter().find(|it| it.file() == path.file);
        let found = document.map_or_else(Vec::new, |document| path.find(document));
        let secret = secrets
            .iter()
            .rfind(|it| it.keeper == Keeper::Vault && it.alias == leaf.key);
        Some(Target {
            alias: leaf.key.clone(),
            place: place(tool, leaf),
            file: path.file.to_owned(),
            state: match (document, found.first()) {
                (None, _) => TargetState::NoFile,
                (Some(_), None) => TargetState::Absent,
                (Some(_), Some(first)) => first.state(secret),
            },
            found,
        })
    };
    tool.leaves().iter().filter_map(line).collect()
}

impl<'a> Target<'a> {
    /// What the cipher tool does to the file (`CipherTool.tokenToConfigFile`): the value becomes `password`, its
    /// element names the alias, and the root element declares the prefix.
    pub(super) fn name_the_secret(&self, work: &mut Work<'a>) {
        for Found {
            document,
            leaf,
            element,
        } in &self.found
        {
            if leaf.secret_alias.is_some() {
                continue;
            }
            let edits = work.edits(document);
            edits.set(document, leaf, "password");
            edits.name_secret(document, leaf, *element, &self.alias);
        }
    }
}

impl Found<'_> {
    fn state(&self, secret: Option<&Secret<'_>>) -> TargetState {
        if self.leaf.secret_alias.is_some() {
            return TargetState::Named;
        }
        TargetState::WrittenOut {
            place: place(self.document, self.leaf),
            same: match secret.map(|secret| &secret.content) {
                Some(Content::Plain { text, cut: false }) => {
                    Some(text.expose() == self.leaf.text())
                }
                _ => None,
            },
        }
    }
}

/// `FILE//A/B[@name='c']/D[@attribute],true`: an XPath of the kind that the product's lines have.
struct Path<'a> {
    file: &'a str,
    steps: Vec<Step<'a>>,
    /// The attribute that holds the value, where that is not the element's text.
    attribute: Option<&'a str>,
}

struct Step<'a> {
    name: &'a str,
    conditions: Vec<Condition<'a>>,
}

enum Condition<'a> {
    /// `[@name='value']`
    Attribute(&'a str, &'a str),
    /// `[name='value']`
    Child(&'a str, &'a str),
    /// `[@name]`
    HasAttribute(&'a str),
}

impl<'a> Path<'a> {
    /// `None` for an expression of another kind.
    fn parse(text: &'a str) -> Option<Self> {
        let (file, rest) = text.split_once("//")?;
        let (path, flag) = rest.split_once(',').unwrap_or((rest, ""));
        let steps: Vec<Step<'a>> = split_steps(path.trim())
            .map(Step::parse)
            .collect::<Option<_>>()?;
        let last = steps.last()?.conditions.last();
        let attribute = match (flag.trim(), last) {
            ("true", Some(Condition::HasAttribute(name))) => Some(*name),
            _ => None,
        };
        Some(Self {
            file: file.trim(),
            steps,
            attribute,
        })
    }

    fn find<'d>(&self, document: &'d Document) -> Vec<Found<'d>> {
        let leaves = document.leaves().iter();
        leaves
            .filter_map(|leaf| {
                let element = match self.attribute {
                    Some(name) => {
                        let is_it = leaf.key.ends_with(&format!("/@{name}"));
                        leaf.parent().filter(|_| is_it)?
                    }
                    None => own_element(document, leaf)?,
                };
                self.leads_to(document, element).then_some(Found {
                    document,
                    leaf,
                    element,
                })
            })
            .collect()
    }

    /// From the last step up to the root.
    fn leads_to(&self, document: &Document, element: BlockId) -> bool {
        let mut at = Some(element);
        for step in self.steps.iter().rev() {
            let Some(block) = at else { return false };
            if !step.holds(document, block) {
                return false;
            }
            at = document.parent(block);
        }
        // `//` may begin anywhere; the product's lines begin at the root.
        true
    }
}

impl<'a> Step<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let name = text.split('[').next()?;
        let mut conditions = Vec::new();
        for condition in text[name.len()..].split_terminator(']') {
            let condition = condition.strip_prefix('[')?;
            conditions.push(match condition.split_once('=') {
                Some((name, value)) => {
                    let value = value.trim_matches(['\'', '"']);
                    match name.strip_prefix('@') {
                        Some(name) => Condition::Attribute(name, value),
                        None => Condition::Child(name, value),
                    }
                }
                None => Condition::HasAttribute(condition.strip_prefix('@')?),
            });
        }
        (!name.is_empty()).then_some(Self { name, conditions })
    }

    fn holds(&self, document: &Document, block: BlockId) -> bool {
        let segment = last_segment(document.block_key(block));
        let name = segment.split('[').next().unwrap_or(segment);
        let is = |relative: &str, value: &str| {
            let found = document.within(block, relative);
            found.is_some_and(|leaf| leaf.text() == value)
        };
        name == self.name
            && self.conditions.iter().all(|condition| match condition {
                Condition::Attribute(name, value) => is(&format!("@{name}"), value),
                Condition::Child(name, value) => is(name, value),
                Condition::HasAttribute(name) => {
                    document.within(block, &format!("@{name}")).is_some()
                }
            })
    }
}

/// The element whose text a value is.
fn own_element(document: &Document, leaf: &Leaf) -> Option<BlockId> {
    match leaf.name().starts_with('@') {
        true => None,
        false => document.element_of(leaf),
    }
}

/// At the slashes that are not in a condition.
fn split_steps(path: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    path.split(move |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '/' && depth == 0
    })
}

/// Of a key whose names in brackets may hold slashes.
fn last_segment(key: &str) -> &str {
    let mut depth = 0_u32;
    for (at, c) in key.char_indices().rev() {
        match c {
            ']' => depth += 1,
            '[' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => return &key[at + 1..],
            _ => {}
        }
    }
    key
}
