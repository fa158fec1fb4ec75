use std::io::{self, Write};

use time::OffsetDateTime;

use super::{
    Layout,
    change::{ended, full, moments},
    lines::{Lines, Tone},
};
use crate::edit::{Aspect, Difference, Lone};

/// Writes how two stores differ: `-` only the first has it, `+` only the second, `~` both, and not the
/// same. Nothing, if they mean the same.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn differences(found: &[Difference], layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for difference in found {
        match difference {
            Difference::OnlyLeft(lone) => lines.put(0, &format!("- {}", alone(lone)))?,
            Difference::OnlyRight(lone) => lines.put(0, &format!("+ {}", alone(lone)))?,
            Difference::Changed { alias, aspects } => {
                lines.put(0, &format!("~ `{alias}`"))?;
                write_aspects(aspects, &mut lines)?;
            }
            Difference::Renamed {
                left,
                right,
                aspects,
            } => {
                lines.put(0, &format!("~ `{left}` is `{right}` in the second"))?;
                write_aspects(aspects, &mut lines)?;
            }
        }
    }
    Ok(())
}

fn write_aspects(aspects: &[Aspect], lines: &mut Lines<'_>) -> io::Result<()> {
    aspects
        .iter()
        .try_for_each(|aspect| lines.tell(4, Tone::Plain, &aspect_said(aspect)))
}

fn alone(lone: &Lone) -> String {
    let certificate = lone.certificates.first().map(ended);
    let certificate = certificate.map_or_else(String::new, |text| format!(", {text}"));
    format!("`{}`: {}{certificate}", lone.alias, full(lone.kind))
}

/// In what an entry differs, in words.
pub(in crate::report) fn aspect_said(aspect: &Aspect) -> String {
    let date = |date: &Option<OffsetDateTime>| match date {
        Some(date) => date.date().to_string(),
        None => "none".to_owned(),
    };
    let seen = |visible: bool| if visible { "seen" } else { "not seen" };
    match aspect {
        Aspect::AliasSpelling { left, right } => format!("alias: `{left}` → `{right}`"),
        Aspect::Attributes => "attributes differ".to_owned(),
        Aspect::Certificate { left, right } => {
            let shown = |found: &Option<_>| found.as_ref().map_or("none".to_owned(), ended);
            let sha = |found: &Option<crate::x509::Certificate>| {
                let sha = found.as_ref().map(|found| found.fingerprint().to_string());
                sha.map_or_else(String::new, |sha| format!(" ({})", &sha[..16]))
            };
            format!(
                "certificate: {}{} → {}{}",
                shown(left),
                sha(left),
                shown(right),
                sha(right)
            )
        }
        Aspect::Chain { left, right } => {
            format!("chain: {} certificates → {}", left.len(), right.len())
        }
        Aspect::Created {
            left: Some(left),
            right: Some(right),
        } => {
            let (left, right) = moments(*left, *right);
            format!("date: {left} → {right}")
        }
        Aspect::Created { left, right } => format!("date: {} → {}", date(left), date(right)),
        Aspect::JavaVisible { left, right } => {
            format!("by Java {} → {}", seen(*left), seen(*right))
        }
        Aspect::Key { proven: true } => "another key".to_owned(),
        Aspect::Key { proven: false } => {
            "keys that do not both open: nobody can tell whether they are the same".to_owned()
        }
        Aspect::Kind { left, right } => format!("kind: {} → {}", full(*left), full(*right)),
        Aspect::Protection { .. } => "the key is protected in another way".to_owned(),
    }
}
