use std::io;

use super::{Layout, lines::Lines};
use crate::verify::{HomeTold, Report, Unjudged};

/// As many nodes as stand on a line.
const FEW: usize = 4;

/// Writes which home was taken for what.
pub(super) fn write_homes(
    report: &Report,
    layout: Layout,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    if report.homes.is_empty() {
        return Ok(());
    }
    lines.put(0, "homes")?;
    for home in &report.homes {
        let parts = [
            Some(role(home)),
            home.product.as_ref().map(|told| told.value.to_string()),
            (!home.hosts.is_empty()).then(|| home.hosts.join(", ")),
            (home.offset > 0).then(|| format!("offset {}", home.offset)),
            Some(home.dir.display().to_string()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        lines.put(2, &format!("{}: {}", home.node, parts.join(", ")))?;
        if layout.verbose {
            let product = home.product.iter().flat_map(|told| &told.evidence);
            let role = home.role.iter().flat_map(|told| &told.evidence);
            for evidence in product.chain(role) {
                lines.put(6, &format!("since {evidence}"))?;
            }
        }
    }
    lines.blank()
}

fn role(home: &HomeTold) -> String {
    match &home.role {
        Ok(told) => told.value.to_string(),
        Err(untold) if untold.candidates.is_empty() => "role not told".to_owned(),
        Err(untold) => {
            let names: Vec<&str> = untold.candidates.iter().map(|it| it.name()).collect();
            format!("{}, which cannot be told", names.join(" or "))
        }
    }
}

/// Writes what could not be judged: the same of several nodes once.
pub(super) fn write_unjudged(report: &Report, lines: &mut Lines<'_>) -> io::Result<()> {
    if report.unjudged.is_empty() {
        return Ok(());
    }
    lines.put(0, "not judged")?;
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for Unjudged { node, file, why } in &report.unjudged {
        let text = match file {
            Some(file) => format!("{}: {why}", file.within()),
            None => why.clone(),
        };
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, nodes)) => nodes.push(node),
            None => groups.push((text, vec![node])),
        }
    }
    for (text, nodes) in groups {
        lines.put(2, &format!("{}: {text}", several(&nodes)))?;
    }
    lines.blank()
}

/// `gateway-1, gateway-2 and 9 more`.
pub(super) fn several<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.len() > FEW {
        true => format!(
            "{} and {} more",
            names[..FEW - 1].join(", "),
            names.len() - FEW + 1
        ),
        false => names.join(", "),
    }
}
