use std::io::{self, Write};

use time::OffsetDateTime;

use super::{
    Layout,
    certificate::{Time, subject},
    lines::{Lines, Tone, count},
};
use crate::{
    edit::CertificateSummary,
    observe::endpoint::{Demand, KeyProof, Observation, VersionAnswer},
    verify::{
        Severity,
        endpoint::{EndpointProblem, Judgement, Opinion, Served, Who},
    },
};

/// One endpoint: what was seen of it, and what is to be said about that.
#[derive(Clone, Debug)]
#[allow(
    clippy::exhaustive_structs,
    reason = "whoever looks at endpoints makes this"
)]
pub struct Probed {
    /// The node whose it is, where a topology says so.
    pub node: Option<String>,
    /// What was seen.
    pub seen: Observation,
    /// What is to be said.
    pub judgement: Judgement,
}

/// Writes what was seen of each endpoint, what each client says of it, and all that is wrong.
///
/// `hint` says what to do about a problem; the same one for several in a row stands once.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn probe(
    probed: &[Probed],
    now: OffsetDateTime,
    hint: &dyn Fn(&Probed, &EndpointProblem) -> Option<String>,
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for (at, one) in probed.iter().enumerate() {
        if at > 0 {
            lines.blank()?;
        }
        headline(one, &mut lines)?;
        if !one.seen.is_unseen() {
            presented(one, now, layout, &mut lines)?;
            session(one, &mut lines)?;
            client_certificate(one, &mut lines)?;
            served(one, &mut lines)?;
            clients(one, &mut lines)?;
        }
        problems(one, hint, &mut lines)?;
    }
    match probed.len() {
        0 | 1 => Ok(()),
        _ => {
            lines.blank()?;
            lines.put(0, &summary(probed))
        }
    }
}

fn headline(one: &Probed, lines: &mut Lines<'_>) -> io::Result<()> {
    let endpoint = &one.seen.endpoint;
    let node = one.node.as_ref();
    let node = node.map_or_else(String::new, |node| format!("{node}, "));
    let address = match one.seen.address {
        // Of a literal the address is no news.
        Some(address) if endpoint.ip().is_none() => format!(" ({})", address.ip()),
        _ => String::new(),
    };
    let (state, tone) = match (&one.seen.handshake, of(one, Severity::Error)) {
        (Err(failure), _) if one.seen.is_unseen() => (format!("NOT SEEN: {failure}"), Tone::Alarm),
        (_, 1..) => (tally(one), Tone::Alarm),
        _ if !one.judgement.problems.is_empty() => (tally(one), Tone::Warning),
        _ => ("no problem".to_owned(), Tone::Plain),
    };
    lines.tell(0, tone, &format!("{node}{endpoint}{address}: {state}"))
}

fn presented(
    one: &Probed,
    now: OffsetDateTime,
    layout: Layout,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    if one.seen.chain.is_empty() {
        return Ok(());
    }
    lines.put(2, "presents")?;
    for (at, certificate) in one.seen.chain.iter().enumerate() {
        let summary = CertificateSummary::new(certificate, now);
        let time = Time::of(&summary);
        let until = time.shown(&summary);
        let line = format!("{}. {}, until {until}", at + 1, subject(&summary));
        lines.tell(4, time.tone(), &line)?;
        let Ok(view) = certificate.view() else {
            continue;
        };
        if at == 0 {
            let names: Vec<String> = view.names().iter().map(ToString::to_string).collect();
            let names = match names.is_empty() {
                true => "none but the common name".to_owned(),
                false => names.join(", "),
            };
            lines.put(7, &format!("names  {names}"))?;
        }
        if at == 0 || layout.verbose {
            let issuer = match certificate.is_self_issued() {
                true => "itself".to_owned(),
                false => view.issuer.to_string(),
            };
            lines.put(7, &format!("issuer {issuer}"))?;
            lines.put(7, &format!("key    {}", view.public_key))?;
            lines.put(7, &format!("SHA-256 {}", summary.sha256))?;
        }
    }
    Ok(())
}

fn session(one: &Probed, lines: &mut Lines<'_>) -> io::Result<()> {
    if let Ok(session) = &one.seen.handshake {
        let text = format!("speaks {} with {}", session.version, session.suite);
        lines.put(2, &text)?;
    }
    if one.seen.chain.is_empty() {
        return Ok(());
    }
    let of = |wanted: fn(&VersionAnswer) -> bool| {
        let versions = one.seen.versions.iter();
        let chosen = versions.filter(|(_, answer)| wanted(answer));
        let names: Vec<String> = chosen.map(|(version, _)| version.to_string()).collect();
        names
    };
    let taken = of(|answer| matches!(answer, VersionAnswer::Accepted { .. }));
    let refused = of(|answer| matches!(answer, VersionAnswer::Refused));
    let unclear = of(|answer| matches!(answer, VersionAnswer::Unknown));
    let mut parts = Vec::new();
    for (word, versions) in [
        ("takes", taken),
        ("refuses", refused),
        ("does not say of", unclear),
    ] {
        if !versions.is_empty() {
            parts.push(format!("{word} {}", versions.join(", ")));
        }
    }
    if one.seen.versions.len() > 1 {
        lines.put(2, &parts.join("; "))?;
    }
    if one.seen.key == KeyProof::Unknown {
        lines.put(2, "whether it has the key of its certificate was not seen")?;
    }
    Ok(())
}

fn client_certificate(one: &Probed, lines: &mut Lines<'_>) -> io::Result<()> {
    let asked = &one.seen.client_certificate;
    let text = match (asked.demand, &asked.given, &one.seen.handshake) {
        (Demand::None, _, _) => return Ok(()),
        (Demand::Required, _, _) => "demands a client certificate, and got none",
        (_, Some(_), Ok(_)) => "asks for a client certificate, and takes the one that it was given",
        (_, Some(_), Err(_)) => "asks for a client certificate, and refuses the one it was given",
        (_, None, Ok(_)) => "asks for a client certificate, and goes on without",
        (_, None, Err(_)) => "asks for a client certificate",
    };
    lines.put(2, text)?;
    let issuers: Vec<String> = asked.issuers.iter().map(ToString::to_string).collect();
    let said = match issuers.len() {
        0 => "of any issuer".to_owned(),
        few if few <= FEW => format!("of {}", issuers.join("; ")),
        many => format!(
            "of {}; and {} more issuers",
            issuers[..FEW].join("; "),
            many - FEW
        ),
    };
    lines.put(4, &said)
}

fn served(one: &Probed, lines: &mut Lines<'_>) -> io::Result<()> {
    let Some(Served::Same(on_disk)) = &one.judgement.served else {
        return Ok(());
    };
    let alias = on_disk.alias.as_ref();
    let alias = alias.map_or_else(String::new, |alias| format!(", alias `{alias}`"));
    lines.put(2, &format!("on disk as served: `{}`{alias}", on_disk.file))
}

fn clients(one: &Probed, lines: &mut Lines<'_>) -> io::Result<()> {
    let opinions = &one.judgement.opinions;
    if opinions.is_empty() {
        return Ok(());
    }
    let trust = match one.judgement.trust_judged {
        true => "",
        false => ", trust not judged",
    };
    lines.put(
        2,
        &format!("clients, by the name {}{trust}", one.judgement.name),
    )?;
    for (word, wanted) in [
        ("connect", Opinion::accepts as fn(&Opinion) -> bool),
        ("do not connect", |it| !it.accepts() && it.who.is_shipped()),
        ("would not connect, if set so", |it| {
            !it.accepts() && !it.who.is_shipped()
        }),
    ] {
        let chosen = opinions.iter().filter(|it| wanted(it));
        let chosen: Vec<Who> = chosen.map(|it| it.who.clone()).collect();
        if !chosen.is_empty() {
            lines.put(4, &format!("{word}: {}", Who::listed(&chosen)))?;
        }
    }
    Ok(())
}

fn problems(
    one: &Probed,
    hint: &dyn Fn(&Probed, &EndpointProblem) -> Option<String>,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    let problems = &one.judgement.problems;
    for (at, problem) in problems.iter().enumerate() {
        let (word, tone) = match problem.severity() {
            Severity::Error => ("error", Tone::Alarm),
            Severity::Warning => ("warning", Tone::Warning),
        };
        lines.tell(2, tone, &format!("{word}: {problem}"))?;
        let next = problems.get(at + 1).and_then(|next| hint(one, next));
        if let Some(hint) = hint(one, problem).filter(|hint| Some(hint) != next.as_ref()) {
            lines.put(2, &format!("hint: {hint}"))?;
        }
    }
    Ok(())
}

fn of(one: &Probed, severity: Severity) -> usize {
    let problems = one.judgement.problems.iter();
    problems.filter(|it| it.severity() == severity).count()
}

/// `1 error, 2 warnings`.
fn tally(one: &Probed) -> String {
    let parts = [
        (of(one, Severity::Error), "error"),
        (of(one, Severity::Warning), "warning"),
    ];
    let said = parts.iter().filter(|(number, _)| *number > 0);
    let said: Vec<String> = said.map(|(number, word)| count(*number, word)).collect();
    said.join(", ")
}

/// `3 endpoints: 1 without a problem, 1 with errors, 1 not seen`.
fn summary(probed: &[Probed]) -> String {
    let of = |wanted: &dyn Fn(&Probed) -> bool| probed.iter().filter(|it| wanted(it)).count();
    let unseen = of(&|it| it.seen.is_unseen());
    let errors = of(&|it| it.judgement.has(Severity::Error));
    let warnings = of(&|it| it.judgement.has(Severity::Warning)) - errors;
    let parts = [
        (
            probed.len() - unseen - errors - warnings,
            "without a problem",
        ),
        (warnings, "with warnings alone"),
        (errors, "with errors"),
        (unseen, "not seen"),
    ];
    let said = parts.iter().filter(|(number, _)| *number > 0);
    let said: Vec<String> = said
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    format!("{}: {}", count(probed.len(), "endpoint"), said.join(", "))
}

/// As many issuers as a person reads.
const FEW: usize = 5;
