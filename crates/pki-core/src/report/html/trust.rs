use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use super::{Page, text};
use crate::{
    audit::{CertificateFacts, Looked, leads_to},
    verify::{Edge, State},
};

/// Who trusts whom: connections of a verified workspace, else truststores against the certificates of
/// private keys.
pub(super) fn write(page: &mut Page<'_>) -> io::Result<()> {
    page.put("<section aria-labelledby=\"trust\">\n<h2 id=\"trust\">Who trusts whom</h2>\n")?;
    match page.report.edges.is_empty() {
        true => stores(page)?,
        false => connections(page)?,
    }
    page.put("</section>\n")
}

fn connections(page: &mut Page<'_>) -> io::Result<()> {
    let edges = &page.report.edges;
    let openers: BTreeSet<&str> = edges.iter().map(|edge| edge.from.as_str()).collect();
    let targets: BTreeSet<&str> = edges.iter().map(|edge| edge.to.as_str()).collect();
    let mut cells: BTreeMap<(&str, &str), Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        cells.entry((&edge.from, &edge.to)).or_default().push(edge);
    }
    page.put(&format!(
        "<p class=\"note\">{} connections, as they were verified: who opens them from above to below, who \
         answers from left to right.</p>\n",
        edges.len()
    ))?;
    let openers: Vec<&str> = openers.into_iter().collect();
    let targets: Vec<&str> = targets.into_iter().collect();
    head(page, "Connections of the cluster", "opens", &targets)?;
    for opener in &openers {
        page.put(&format!("<tr><th scope=\"row\">{}</th>", text(opener)))?;
        for target in &targets {
            match cells.get(&(opener, target)) {
                None => page.put("<td></td>")?,
                Some(edges) => cell(page, edges)?,
            }
        }
        page.put("</tr>\n")?;
    }
    page.put("</tbody>\n</table></div>\n")?;
    key(
        page,
        &[
            ("✓", "works"),
            ("✗", "fails"),
            ("–", "switched off"),
            ("?", "not judged"),
            ("□", "no connection"),
        ],
    )
}

fn cell(page: &mut Page<'_>, edges: &[&Edge]) -> io::Result<()> {
    let has = |state: State| edges.iter().any(|edge| edge.state == state);
    let (class, sign, words) = if has(State::Failed) {
        ("failed", "✗", "fails")
    } else if has(State::Ok) {
        ("ok", "✓", "works")
    } else if has(State::Unknown) {
        ("unknown", "?", "not judged")
    } else {
        ("off", "–", "switched off")
    };
    let names: BTreeSet<String> = edges
        .iter()
        .map(|edge| match edge.port {
            0 => edge.name.clone(),
            port => format!("{}:{port}", edge.name),
        })
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    page.put(&format!(
        "<td class=\"{class}\" title=\"{0}\"><span aria-hidden=\"true\">{sign}</span>\
         <span class=\"hidden-text\">{words}</span></td>",
        text(&names.join(", "))
    ))
}

fn stores(page: &mut Page<'_>) -> io::Result<()> {
    let stores = &page.report.stores;
    let mut seen = BTreeSet::new();
    let truststores: Vec<&Looked> = stores
        .iter()
        .filter(|store| store.facts.is_truststore() && seen.insert(store.sha256))
        .collect();
    let mut seen = BTreeSet::new();
    let keys: Vec<(String, &[Arc<CertificateFacts>])> = stores
        .iter()
        .flat_map(|store| store.facts.keys.iter())
        .filter_map(|key| Some((key, key.chain.first()?)))
        .filter(|(_, first)| seen.insert(first.sha256))
        .map(|(key, first)| (short(&first.subject), key.chain.as_slice()))
        .collect();
    if truststores.is_empty() || keys.is_empty() {
        return page
            .put("<p>There is no truststore, or no private key, to hold side by side.</p>\n");
    }
    let rows = truststores.len().min(MOST);
    let columns = keys.len().min(MOST);
    page.put(
        "<p class=\"note\">Truststores from above to below, certificates of private keys from left to right; \
         equal files stand once. Names and key identifiers were compared, not signatures.</p>\n",
    )?;
    if rows < truststores.len() || columns < keys.len() {
        page.put(&format!(
            "<p class=\"note\">The first {rows} of {} truststores and {columns} of {} certificates.</p>\n",
            truststores.len(),
            keys.len()
        ))?;
    }
    let names: Vec<&str> = keys[..columns]
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    head(page, "Truststores and certificates", "trusts", &names)?;
    for store in &truststores[..rows] {
        let name = store.node.as_deref().unwrap_or(&store.path);
        page.put(&format!("<tr><th scope=\"row\">{}</th>", text(name)))?;
        for (_, chain) in &keys[..columns] {
            let (class, sign, words) = match leads_to(chain, &store.facts) {
                true => ("ok", "✓", "trusts it"),
                false => ("off", "·", "does not"),
            };
            page.put(&format!(
                "<td class=\"{class}\"><span aria-hidden=\"true\">{sign}</span><span \
                 class=\"hidden-text\">{words}</span></td>"
            ))?;
        }
        page.put("</tr>\n")?;
    }
    page.put("</tbody>\n</table></div>\n")?;
    key(page, &[("✓", "trusts it"), ("·", "does not")])
}

fn head(page: &mut Page<'_>, caption: &str, corner: &str, columns: &[&str]) -> io::Result<()> {
    page.put(&format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\
         <table class=\"matrix\">\n<caption class=\"hidden-text\">{caption}</caption>\n<thead><tr>\
         <th scope=\"col\">{corner}</th>"
    ))?;
    for column in columns {
        page.put(&format!(
            "<th scope=\"col\"><span>{}</span></th>",
            text(column)
        ))?;
    }
    page.put("</tr></thead>\n<tbody>\n")
}

fn key(page: &mut Page<'_>, signs: &[(&str, &str)]) -> io::Result<()> {
    page.put("<ul class=\"key\">")?;
    for (sign, words) in signs {
        page.put(&format!("<li>{sign} {words}</li>"))?;
    }
    page.put("</ul>\n")
}

/// The common name, if there is one: a whole name is too long for a column.
fn short(subject: &str) -> String {
    let first = subject.split(',').find_map(|part| part.strip_prefix("CN="));
    first.unwrap_or(subject).to_owned()
}

/// As many rows and columns as somebody looks at.
const MOST: usize = 40;
