use std::io::{self, Write};

use super::{
    Layout,
    change::name,
    lines::{Lines, Tone, count},
};
use crate::edit::{Fault, Finding, Severity};

/// Writes what is wrong with a store, and a line that sums it up.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn findings(
    path: &str,
    found: &[Finding],
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for finding in found {
        let (word, tone) = match finding.severity {
            Severity::Error => ("error", Tone::Alarm),
            Severity::Warning => ("warning", Tone::Warning),
            Severity::Info => ("info", Tone::Plain),
        };
        let place = match &finding.alias {
            Some(alias) => format!("{path}, `{alias}`"),
            None => path.to_owned(),
        };
        let mendable = if finding.repairable {
            " (`--repair` mends it)"
        } else {
            ""
        };
        let text = format!("{word}: {place}: {}{mendable}", fault_said(&finding.fault));
        lines.tell(0, tone, &text)?;
    }
    let of = |severity| {
        let same = found.iter().filter(|it| it.severity == severity);
        same.count()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let sum = match errors + warnings {
        0 => format!("{path}: no problem"),
        _ => format!(
            "{path}: {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    };
    lines.put(0, &sum)
}

/// What is wrong, in words.
pub(in crate::report) fn fault_said(fault: &Fault) -> String {
    match fault {
        Fault::AliasClash { entries } => {
            format!("{entries} entries have this alias, case apart: Java shows one of them")
        }
        Fault::AliasHidden => {
            "the alias is empty or has characters that a terminal does not show".to_owned()
        }
        Fault::AliasSpelling => {
            "the alias is not in lower case: Java lists it and does not find it".to_owned()
        }
        Fault::ChainForeign { certificates } => {
            let names: Vec<String> = certificates.iter().map(name).collect();
            format!(
                "certificates that are no part of its chain: {}",
                names.join(", ")
            )
        }
        Fault::ChainIncomplete { issuer, found } => {
            let rest = match found.is_empty() {
                true => "",
                false => ", and the store has it",
            };
            format!("the chain is not complete: {issuer} is missing{rest}")
        }
        Fault::ChainOrder => "the chain is out of order".to_owned(),
        Fault::Damaged { at, reason } => {
            format!("certificate {} cannot be read: {reason}", at + 1)
        }
        Fault::Expired { at, not_after } => {
            format!("certificate {} EXPIRED on {}", at + 1, not_after.date())
        }
        Fault::KeyMismatch => "the key belongs to another certificate".to_owned(),
        Fault::KeyPassword => {
            "the key opens with another password than the store: the product and PKCS #12 know one"
                .to_owned()
        }
        Fault::KeySealed { reason } => reason.to_string(),
        Fault::KnownKey { id, shipped_in } => {
            format!("EVERYBODY HAS THIS KEY ({id}, shipped in {shipped_in})")
        }
        Fault::NoChain => "the key has no certificate: Java does not show it".to_owned(),
        Fault::NotVisible => {
            "Java's attribute for trusted certificates is missing: Java does not show it".to_owned()
        }
        Fault::NotYetValid { at, not_before } => format!(
            "certificate {} is not valid before {}",
            at + 1,
            not_before.date()
        ),
        Fault::SeveralKeys { keys } => {
            format!("{keys} private keys: a server that is not told which one takes any")
        }
        Fault::Unprotected => {
            "the key lies open in the file (Java does not show such an entry of a PKCS #12)"
                .to_owned()
        }
    }
}

/// The fault's name in JSON.
pub(in crate::report) fn fault_name(fault: &Fault) -> &'static str {
    match fault {
        Fault::AliasClash { .. } => "alias-clash",
        Fault::AliasHidden => "alias-hidden",
        Fault::AliasSpelling => "alias-spelling",
        Fault::ChainForeign { .. } => "chain-foreign",
        Fault::ChainIncomplete { .. } => "chain-incomplete",
        Fault::ChainOrder => "chain-order",
        Fault::Damaged { .. } => "damaged",
        Fault::Expired { .. } => "expired",
        Fault::KeyMismatch => "key-mismatch",
        Fault::KeyPassword => "key-password",
        Fault::KeySealed { .. } => "key-sealed",
        Fault::KnownKey { .. } => "known-key",
        Fault::NoChain => "no-chain",
        Fault::NotVisible => "not-visible",
        Fault::NotYetValid { .. } => "not-yet-valid",
        Fault::SeveralKeys { .. } => "several-keys",
        Fault::Unprotected => "unprotected",
    }
}
