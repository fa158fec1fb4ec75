//! The policy as somebody wrote it down, in the topology's `[audit]` or in a file of its own.

use std::sync::Arc;

use time::{Date, Month};
use toml_edit::{Document, Value};

use super::Policy;
use crate::{
    audit::{Level, Part, Severity, Soon, Waiver, rules},
    topology::{Content, Field, ProblemKind, Reader, Section, TopologyError, nearest},
};

impl Policy {
    /// Reads the policy of a text: its table `[audit]`, which a topology has; in a text without one, the
    /// whole. `file` is the text's name, for findings about waivers.
    ///
    /// # Errors
    ///
    /// [`TopologyError`] with every problem, each with line and column.
    ///
    /// ```
    /// use pki_core::audit::Policy;
    ///
    /// let text = r#"
    ///     severity = { shared-tls-key = "off" }
    ///     expiring = { tls = { before = "45d", share = 25 } }
    ///     [[waivers]]
    ///     rule    = "p12-no-mac"
    ///     path    = "vendor/*.p12"
    ///     owner   = "ops@example.com"
    ///     reason  = "the vendor ships it so, and 4.6 does not"
    ///     expires = 2027-03-01
    /// "#;
    /// assert_eq!(Policy::from_toml(text, "policy.toml")?.waivers.len(), 1);
    ///
    /// let error = Policy::from_toml(&text.replace("p12-no-mac", "p12-no-mak"), "").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "line 5, column 15: `waivers[0].rule`: unknown value `p12-no-mak`, did you mean `p12-no-mac`?"
    /// );
    /// # Ok::<(), pki_core::topology::TopologyError>(())
    /// ```
    pub fn from_toml(text: &str, file: &str) -> Result<Self, TopologyError> {
        let mut r = Reader::new(text, std::path::Path::new(""));
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let message = error.message().replace('\n', ", ");
                r.note(at, "", ProblemKind::Syntax { message });
                let errors = r.into_problems();
                return Err(TopologyError { errors });
            }
        };
        let mut root = Section::root(document.as_table());
        let mut table = match root.has("audit") {
            true => root.section(&mut r, "audit"),
            // A topology without a policy has other tables.
            false if root.has("product") => Section::absent("audit".to_owned(), 0),
            false => root,
        };
        let policy = read(&mut r, &mut table, file);
        let errors = r.into_problems();
        match errors.is_empty() {
            true => Ok(policy),
            false => Err(TopologyError { errors }),
        }
    }
}

fn read(r: &mut Reader<'_>, table: &mut Section<'_>, file: &str) -> Policy {
    let mut policy = Policy::default();
    for (id, field) in table.section(r, "severity").entries() {
        let level = field.word(r, &LEVELS);
        match (rules::find(&id), level) {
            (None, _) => unknown(r, &field, &id, rules::ALL.iter().map(|rule| rule.id)),
            (Some(_), None) => {}
            (Some(_), Some(level)) => {
                policy.severities.insert(id, level);
            }
        }
    }
    for (name, field) in table.section(r, "expiring").entries() {
        let Some(part) = Part::named(&name) else {
            unknown(r, &field, &name, Part::ALL.map(Part::name));
            continue;
        };
        let usual = Policy::default().soon(part, None, None);
        let Some(mut thresholds) = field.section(r) else {
            continue;
        };
        let before = thresholds.get("before").and_then(|field| field.span(r));
        let share = thresholds
            .get("share")
            .and_then(|field| field.number(r, 100));
        thresholds.finish(r);
        let share = share.and_then(|share| u8::try_from(share).ok());
        // A length of time alone is meant as it is.
        let share = share.unwrap_or(if before.is_some() { 100 } else { usual.share });
        let soon = Soon::new(before.unwrap_or(usual.before), share);
        policy.expiring.insert(part, soon);
    }
    let waivers = table.get("waivers").map(|field| field.sections(r));
    for mut waiver in waivers.unwrap_or_default() {
        policy
            .waivers
            .extend(read_waiver(r, &mut waiver, file).map(Arc::new));
    }
    table.finish(r);
    policy
}

fn read_waiver(r: &mut Reader<'_>, table: &mut Section<'_>, file: &str) -> Option<Waiver> {
    let place = r.place(table.at);
    let rule = table.require(r, "rule").and_then(|field| {
        let found = field.text(r)?;
        if rules::find(found).is_none() {
            field.unknown_value(r, found, rules::ALL.iter().map(|rule| rule.id));
            return None;
        }
        Some(found.to_owned())
    });
    let owner = table.require(r, "owner").and_then(|field| text(r, &field));
    let reason = table.require(r, "reason").and_then(|field| text(r, &field));
    let expires = table
        .require(r, "expires")
        .and_then(|field| date(r, &field));
    let mut optional = |key| table.get(key).and_then(|field| text(r, &field));
    let (path, node, host, alias) = (
        optional("path"),
        optional("node"),
        optional("host"),
        optional("alias"),
    );
    let sha256 = table.get("sha256").and_then(|field| field.fingerprint(r));
    table.finish(r);
    Some(Waiver {
        rule: rule?,
        path,
        node,
        host,
        alias,
        sha256,
        owner: owner?,
        reason: reason?,
        expires: expires?,
        file: file.into(),
        line: place.line,
        column: place.column,
    })
}

fn text(r: &mut Reader<'_>, field: &Field<'_>) -> Option<String> {
    let text = field.text(r)?;
    let characters = text.chars().count();
    if characters > LONGEST {
        let greatest = LONGEST;
        field.note(
            r,
            ProblemKind::TooLong {
                characters,
                greatest,
            },
        );
        return None;
    }
    Some(text.to_owned())
}

/// A day, as TOML has it or as a text.
fn date(r: &mut Reader<'_>, field: &Field<'_>) -> Option<Date> {
    let found = match field.content {
        Content::Value(Value::Datetime(moment)) => moment.value().to_string(),
        _ => field.text(r)?.to_owned(),
    };
    let day = parse_date(&found);
    if day.is_none() {
        field.note(r, ProblemKind::InvalidDate { found });
    }
    day
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

fn unknown<'n>(
    r: &mut Reader<'_>,
    field: &Field<'_>,
    found: &str,
    known: impl IntoIterator<Item = &'n str> + Clone,
) {
    let suggestion = nearest(found, known.clone()).map(str::to_owned);
    let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
    let expected = match known.len() {
        // More than anybody reads: `explain` lists them.
        20.. => Vec::new(),
        _ => known,
    };
    field.note_key(
        r,
        ProblemKind::UnknownKey {
            expected,
            suggestion,
        },
    );
}

const LEVELS: [(&str, Level); 4] = [
    ("off", Level::Off),
    ("info", Level::At(Severity::Info)),
    ("warning", Level::At(Severity::Warning)),
    ("error", Level::At(Severity::Error)),
];
/// In characters; patterns are held against every finding.
const LONGEST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Policy::from_toml(text, "p").unwrap_err().to_string()
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let text = "severity = { default-kye = \"off\", expired = \"loud\" }\n\
                    expiring = { tsl = { before = \"1d\" }, ca = { befor = \"1d\" } }\n\
                    waivres = []\n";
        assert_eq!(
            wrong(text),
            "line 1, column 14: `severity.default-kye`: unknown key, did you mean `default-key`?\n\
             line 1, column 45: `severity.expired`: unknown value `loud`, expected `off`, `info`, \
             `warning` or `error`\n\
             line 2, column 14: `expiring.tsl`: unknown key, did you mean `tls`?\n\
             line 2, column 46: `expiring.ca.befor`: unknown key, did you mean `before`?\n\
             line 3, column 1: `waivres`: unknown key, did you mean `waivers`?"
        );
    }

    #[test]
    fn a_waiver_needs_an_owner_a_reason_and_an_end() {
        let text = "[[audit.waivers]]\nrule = \"expired\"\nexpires = \"someday\"\n";
        let wrong = wrong(text);
        assert!(
            wrong.contains("line 1, column 1: `audit.waivers[0]`: the key `owner` is missing"),
            "{wrong}"
        );
        assert!(wrong.contains("the key `reason` is missing"), "{wrong}");
        assert!(
            wrong.contains("line 3, column 11: `audit.waivers[0].expires`: `someday` is no day"),
            "{wrong}"
        );
    }

    #[test]
    fn a_topology_without_a_policy_has_none() {
        let policy = Policy::from_toml("product = \"2.6.0\"\n[tls]\nkey = 1\n", "t").unwrap();
        assert_eq!(policy, Policy::default());
    }

    #[test]
    fn a_waiver_in_a_list_is_one_too() {
        let text = "waivers = [{ rule = \"expired\", owner = \"a\", reason = \"b\", expires = \"2027-03-01\" }]";
        let policy = Policy::from_toml(text, "p").unwrap();
        let waiver = &policy.waivers[0];
        assert_eq!((waiver.line, waiver.column), (1, 12));
        assert_eq!(waiver.expires.to_string(), "2027-03-01");
    }
}
