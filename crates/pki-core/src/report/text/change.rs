use std::{
    collections::HashSet,
    io::{self, Write},
};

use time::{OffsetDateTime, UtcOffset};

use super::{
    Layout,
    lines::{Lines, Tone, count},
};
use crate::{
    edit::{Change, Event, Kind, Reason, What},
    x509::Certificate,
};

/// Writes what an edit did, an entry a line: `+` it is new, `-` it went, `~` it is another, blank for
/// what was not done.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn change(change: &Change, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    let dated = |event: &&Event| matches!(event.what, What::DateChanged { .. });
    let nameless = |event: &&Event| event.what == What::AliasDropped;
    let many = change.events.iter().filter(dated).count();
    let unnamed = change.events.iter().filter(nameless).count();
    let summed = many > MANY && !layout.verbose;
    let summed_up = unnamed > MANY && !layout.verbose;
    for event in change
        .events
        .iter()
        .filter(|event| !summed || !dated(event))
        .filter(|event| !summed_up || !nameless(event))
    {
        let (sign, tone) = sign(&event.what);
        lines.tell(
            2,
            tone,
            &format!("{sign} `{}`: {}", event.alias, said(event)),
        )?;
    }
    if summed {
        let text = format!("~ {many} entries have another date, or none any more (-v shows each)");
        lines.put(2, &text)?;
    }
    if summed_up {
        let text = format!("~ {unnamed} aliases are lost, the format has no place for them");
        lines.put(2, &text)?;
    }
    let (added, replaced, removed) = change.counts();
    if change.events.len() > 1 {
        let mut sum = format!(
            "{} added, {replaced} replaced, {removed} removed",
            count(added, "entry").replace("entrys", "entries")
        );
        let other = otherwise(change);
        if other > 0 {
            sum.push_str(&format!(", {other} changed"));
        }
        lines.put(2, &sum)?;
    }
    Ok(())
}

/// How many entries are there as before, with another chain, key, alias or date.
fn otherwise(change: &Change) -> usize {
    let whole = |event: &&Event| {
        matches!(
            event.what,
            What::Added { .. } | What::Copied { .. } | What::Replaced { .. } | What::Removed { .. }
        )
    };
    let events = || change.events.iter();
    let counted: HashSet<&str> = events().filter(whole).map(|it| it.alias.as_str()).collect();
    let changed: HashSet<&str> = events()
        .filter(|event| event.what.is_change())
        .map(|event| event.alias.as_str())
        .collect();
    changed.difference(&counted).count()
}

fn sign(what: &What) -> (char, Tone) {
    let sign = match what {
        What::Added { .. } | What::AddedRenamed { .. } | What::Copied { .. } => '+',
        What::Removed { .. } => '-',
        _ if what.is_change() => '~',
        _ => '=',
    };
    let tone = match what {
        What::ChainIncomplete { .. } | What::KeyKept { .. } | What::KeyUnproven => Tone::Warning,
        _ if what.is_loss() => Tone::Alarm,
        _ => Tone::Plain,
    };
    (sign, tone)
}

/// What happened to one entry, in words.
pub fn said(event: &Event) -> String {
    match &event.what {
        What::Added { kind, .. } => format!("added, a {}", full(*kind)),
        What::AddedRenamed { kind, from, .. } => {
            format!("added, a {} that was `{from}`", full(*kind))
        }
        What::AliasLowered { was } => {
            format!("spelled `{was}` before; Java looks aliases up in lower case")
        }
        What::AliasDropped => "its alias is lost, the format has no place for it".to_owned(),
        What::AttributesDropped { oids } => {
            format!(
                "attributes lost, the format has no place for them: {}",
                oids.join(", ")
            )
        }
        What::CertificateLeftOut { certificate } => {
            format!(
                "{} is no part of its chain and was left out",
                name(certificate)
            )
        }
        What::ChainCompleted { with } => {
            let names: Vec<String> = with.iter().map(name).collect();
            format!("chain completed with {}", names.join(", "))
        }
        What::ChainIncomplete { issuer } => {
            format!("its chain is not complete: {issuer} is missing; give it with `--chain FILE`")
        }
        What::ChainOrdered => "chain put in order, end-entity certificate first".to_owned(),
        What::ChainReplaced { was } => match was.first() {
            Some(first) => format!("has another chain now; before: {}", ended(first)),
            None => "has a chain now".to_owned(),
        },
        What::Copied { from } => format!("added, a copy of `{from}`"),
        What::DateChanged { was, now } => dates(*was, *now),
        What::DuplicateAdded { of } => format!("the same certificate as `{of}`"),
        What::DuplicateSkipped { sha256 } => {
            format!("has that certificate already, it was not added again ({sha256})")
        }
        What::Kept { reasons } => format!("kept, although {}", all(reasons)),
        What::KeyKept { reason } => format!("key left as it is: {reason}"),
        What::KeyResealed {
            other_password: true,
            ..
        } => "key encrypted anew, under another password than before".to_owned(),
        What::KeyResealed { .. } => "key encrypted anew".to_owned(),
        What::KeySealed { .. } => "key encrypted, which lay open".to_owned(),
        What::KeyUnproven => {
            "nobody can tell here whether the key belongs to its certificate".to_owned()
        }
        What::MadeVisible => "Java sees and trusts it now; it did not before".to_owned(),
        What::Removed { kind, reasons } => match reasons.as_slice() {
            [] => format!("removed, a {}", full(*kind)),
            reasons => format!("removed, a {}: {}", full(*kind), all(reasons)),
        },
        What::Renamed { from } => format!("was `{from}`"),
        What::Replaced { was, certificates } => match certificates.first() {
            Some(first) => format!("replaced, before: a {}, {}", full(*was), ended(first)),
            None => format!("replaced, before: a {}", full(*was)),
        },
        What::RootLeftOut { certificate } => {
            format!("{}, the chain's root, was left out", name(certificate))
        }
        What::Unchanged => "is so already".to_owned(),
        #[allow(unreachable_patterns, reason = "edits learn new things")]
        _ => "changed".to_owned(),
    }
}

fn dates(was: Option<OffsetDateTime>, now: Option<OffsetDateTime>) -> String {
    match (was, now) {
        (Some(was), Some(now)) => {
            let (was, now) = moments(was, now);
            format!("its date was {was}, and is {now}")
        }
        (Some(was), None) => format!("its date, {}, is gone", was.date()),
        (None, Some(now)) => format!("has a date now, {}; it had none", now.date()),
        (None, None) => "has no date, as before".to_owned(),
    }
}

/// Two dates; with the time in UTC where the day alone would not tell them apart.
pub(super) fn moments(a: OffsetDateTime, b: OffsetDateTime) -> (String, String) {
    let [a, b] = [a, b].map(|at| at.to_offset(UtcOffset::UTC));
    if a.date() != b.date() {
        return (a.date().to_string(), b.date().to_string());
    }
    let exact = (a.hour(), a.minute(), a.second()) == (b.hour(), b.minute(), b.second());
    let shown = |at: OffsetDateTime| {
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        let parts = match exact {
            true => format!(".{:03}", at.millisecond()),
            false => String::new(),
        };
        format!("{}T{hour:02}:{minute:02}:{second:02}{parts}Z", at.date())
    };
    (shown(a), shown(b))
}

fn all(reasons: &[Reason]) -> String {
    let reasons: Vec<String> = reasons.iter().map(reason).collect();
    reasons.join("; ")
}

/// Why, in words.
pub(in crate::report) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Conflict { store } => {
            format!("store {} has something else under this alias", store + 1)
        }
        Reason::Denied { label } => format!("not wanted: {label}"),
        Reason::Duplicate { of } => format!("the same certificate as `{of}`"),
        Reason::Expired { not_after } => format!("EXPIRED on {}", not_after.date()),
        Reason::Unsupported { reason } => format!("the format has no place for it: {reason}"),
        Reason::WeakKey { key } => format!("weak key, {key}"),
        Reason::WeakSignature { hash } => format!("weak signature, {hash}"),
        #[allow(unreachable_patterns, reason = "edits learn new reasons")]
        _ => "for another reason".to_owned(),
    }
}

pub(super) fn full(kind: Kind) -> &'static str {
    match kind {
        Kind::PrivateKey => "private key",
        Kind::SecretKey => "secret key",
        Kind::TrustedCertificate => "trusted certificate",
    }
}

pub(super) fn name(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => view.subject.readable().to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

pub(super) fn ended(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => format!(
            "{}, valid until {}",
            view.subject.readable(),
            view.not_after.date()
        ),
        Err(malformed) => malformed.to_string(),
    }
}

/// More dates than anyone wants to read: a format without dates changes those of all entries.
const MANY: usize = 3;
