//! Changes of several files, gathered part by part and made at once.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use zeroize::Zeroizing;

use crate::wso2::config::{
    BlockId, Document, EditError, Edited, Edits, Leaf, Place, Shown, ValueChange, url,
};

/// Changes of several files, made at once.
#[derive(Default)]
pub(super) struct Editor<'a> {
    files: BTreeMap<String, Work<'a>>,
}

/// Changes of one file.
#[derive(Default)]
pub(super) struct Work<'a> {
    /// What becomes of parts of values.
    parts: BTreeMap<Place, Parts<'a>>,
    /// Attributes and elements.
    pub(super) edits: Edits,
    pub(super) changes: Vec<ValueChange>,
}

/// Other texts in the places of parts of a value.
pub(super) struct Parts<'a> {
    document: &'a Document,
    leaf: &'a Leaf,
    is_secret: bool,
    /// Where each stands, and what is to stand there.
    replaced: Vec<(Range<usize>, Zeroizing<String>)>,
}

impl<'a> Editor<'a> {
    pub(super) fn set(&mut self, document: &'a Document, leaf: &'a Leaf, value: &str) {
        self.put(document, leaf, 0..leaf.text().len(), value, false);
    }

    pub(super) fn put(
        &mut self,
        document: &'a Document,
        leaf: &'a Leaf,
        range: Range<usize>,
        value: &str,
        is_secret: bool,
    ) {
        let place = Place::of(document, leaf);
        let parts = self.work(document).parts.entry(place);
        let parts = parts.or_insert_with(|| Parts {
            document,
            leaf,
            is_secret,
            replaced: Vec::new(),
        });
        let part = (range, Zeroizing::new(value.to_owned()));
        // Two parts of the product may read one value.
        if !parts.replaced.contains(&part) {
            parts.replaced.push(part);
        }
    }

    pub(super) fn work(&mut self, document: &Document) -> &mut Work<'a> {
        self.files.entry(document.file().to_owned()).or_default()
    }

    pub(super) fn done(self, documents: &[Document]) -> Result<Vec<Edited>, EditError> {
        let mut edited = Vec::new();
        for (file, mut work) in self.files {
            for (place, mut parts) in std::mem::take(&mut work.parts) {
                parts.replaced.sort_by_key(|(range, _)| range.start);
                let new = parts.text(&place)?;
                if new.as_str() == parts.leaf.text() {
                    continue;
                }
                work.edits.set(parts.document, parts.leaf, &new);
                let shown = |text: &str| match parts.is_secret {
                    true => Shown::Hidden,
                    false => Shown::Text(url::shown(text)),
                };
                work.changes.push(ValueChange {
                    before: Some(shown(parts.leaf.text())),
                    after: shown(&new),
                    place,
                });
            }
            let document = documents.iter().find(|it| it.file() == file);
            let (Some(document), false) = (document, work.edits.is_empty()) else {
                continue;
            };
            work.changes
                .sort_by_key(|change| (change.place.line, change.place.column));
            edited.push(Edited {
                file: Arc::clone(&document.file),
                bytes: document.edited(&work.edits),
                changes: work.changes,
            });
        }
        Ok(edited)
    }
}

impl Parts<'_> {
    /// The value with everything in its place.
    fn text(&self, place: &Place) -> Result<Zeroizing<String>, EditError> {
        let old = self.leaf.text();
        let mut text = Zeroizing::new(String::with_capacity(old.len() + 64));
        let mut at = 0;
        for (Range { start, end }, new) in &self.replaced {
            if *start < at {
                return Err(EditError::NoPlace {
                    place: place.clone(),
                    reason: "two different values are wanted in one place".to_owned(),
                });
            }
            text.push_str(&old[at..*start]);
            text.push_str(new);
            at = *end;
        }
        text.push_str(&old[at..]);
        Ok(text)
    }
}

/// What is added, where it will stand: behind a place in the file as it was.
pub(super) fn addition(
    document: &Document,
    (line, column): (usize, usize),
    block: BlockId,
    field: &str,
    after: Shown,
) -> ValueChange {
    ValueChange {
        place: Place {
            line,
            column,
            key: format!("{}/{field}", document.block_key(block)),
            ..Place::of_file(document.file())
        },
        before: None,
        after,
    }
}
