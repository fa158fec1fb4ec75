use std::io::{self, Write};

use serde::Serialize;

use super::write;
use crate::{
    edit::{Change, Event, What},
    report::text,
};

/// Writes what an edit did as `apim-pki/change/v1`. `written`: whether the file has the new content.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn change(path: &str, change: &Change, written: bool, sink: &mut dyn Write) -> io::Result<()> {
    write(
        &Changed {
            schema: "apim-pki/change/v1",
            path,
            changed: !change.is_empty(),
            written,
            events: change.events.iter().map(One::from).collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Changed<'a> {
    schema: &'static str,
    path: &'a str,
    changed: bool,
    written: bool,
    events: Vec<One>,
}

#[derive(Serialize)]
struct One {
    alias: String,
    event: &'static str,
    changes: bool,
    loss: bool,
    reasons: Vec<String>,
    message: String,
}

impl From<&Event> for One {
    fn from(event: &Event) -> Self {
        let reasons = match &event.what {
            What::Removed { reasons, .. } | What::Kept { reasons } => {
                reasons.iter().map(text::reason).collect()
            }
            _ => Vec::new(),
        };
        Self {
            alias: event.alias.as_str().to_owned(),
            event: name(&event.what),
            changes: event.what.is_change(),
            loss: event.what.is_loss(),
            reasons,
            message: text::said(event),
        }
    }
}

fn name(what: &What) -> &'static str {
    match what {
        What::Added { .. } | What::AddedRenamed { .. } => "added",
        What::AliasDropped => "alias-dropped",
        What::AliasLowered { .. } => "alias-lowered",
        What::AttributesDropped { .. } => "attributes-dropped",
        What::CertificateLeftOut { .. } => "certificate-left-out",
        What::ChainCompleted { .. } => "chain-completed",
        What::ChainIncomplete { .. } => "chain-incomplete",
        What::ChainOrdered => "chain-ordered",
        What::ChainReplaced { .. } => "chain-replaced",
        What::Copied { .. } => "copied",
        What::DateChanged { .. } => "date-changed",
        What::DuplicateAdded { .. } => "duplicate-added",
        What::DuplicateSkipped { .. } => "duplicate-skipped",
        What::Kept { .. } => "kept",
        What::KeyKept { .. } => "key-kept",
        What::KeyResealed { .. } => "key-resealed",
        What::KeySealed { .. } => "key-sealed",
        What::KeyUnproven => "key-unproven",
        What::MadeVisible => "made-visible",
        What::Removed { .. } => "removed",
        What::Renamed { .. } => "renamed",
        What::Replaced { .. } => "replaced",
        What::RootLeftOut { .. } => "root-left-out",
        What::Unchanged => "unchanged",
        #[allow(unreachable_patterns, reason = "edits learn new things")]
        _ => "changed",
    }
}
