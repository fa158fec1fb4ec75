use std::io::{self, Write};

use super::{
    Layout,
    lines::{Lines, count},
};
use crate::plan::{Action, Plan};

/// Writes what a plan would do: what all nodes share first, then node by node, each action with its
/// reason and its particulars; then the notes, and a line that sums it up.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn plan(plan: &Plan, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for node in groups(plan.actions()) {
        match node {
            None => lines.put(0, "shared")?,
            Some(node) => lines.put(0, &format!("node {node}"))?,
        }
        let mut of_node = plan
            .actions()
            .iter()
            .filter(|action| action.node.as_deref() == node);
        of_node.try_for_each(|action| write_action(action, layout, &mut lines))?;
        lines.blank()?;
    }
    for note in plan.notes() {
        lines.put(0, &format!("note: {note}"))?;
    }
    if !plan.notes().is_empty() {
        lines.blank()?;
    }
    lines.put(0, &summary(plan.actions()))
}

/// Whom the actions are for: `None`, what all share, first; the nodes in the order of the plan.
fn groups(actions: &[Action]) -> Vec<Option<&str>> {
    let mut groups: Vec<Option<&str>> = Vec::new();
    for action in actions {
        let node = action.node.as_deref();
        if !groups.contains(&node) {
            groups.push(node);
        }
    }
    groups.sort_by_key(Option::is_some);
    groups
}

fn write_action(action: &Action, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let Action {
        file, verb, reason, ..
    } = action;
    // Verbs in one column.
    lines.put(2, &format!("{:<9} {file}: {reason}", verb.name()))?;
    let shown = match layout.verbose {
        true => usize::MAX,
        false => SHOWN,
    };
    let mut details = action.detail.iter();
    for detail in details.by_ref().take(shown) {
        lines.put(12, detail)?;
    }
    match details.len() {
        0 => Ok(()),
        more => lines.put(12, &format!("and {more} more (-v)")),
    }
}

/// `42 actions: 12 make, 10 issue, 20 copy`.
fn summary(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "nothing to do".to_owned();
    }
    let mut verbs: Vec<(&str, usize)> = Vec::new();
    for action in actions {
        let verb = action.verb.name();
        match verbs.iter_mut().find(|(name, _)| *name == verb) {
            Some((_, number)) => *number += 1,
            None => verbs.push((verb, 1)),
        }
    }
    let parts: Vec<String> = verbs
        .iter()
        .map(|(verb, number)| format!("{number} {verb}"))
        .collect();
    format!("{}: {}", count(actions.len(), "action"), parts.join(", "))
}

/// Names of a certificate are fewer; a vendor's truststore loses more than anyone wants to read.
const SHOWN: usize = 40;
