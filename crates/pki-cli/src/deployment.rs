//! What `plan`, `issue` and `verify` begin with: the topology of a run, and the passwords that it names.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use pki_core::{
    disk::Workspace,
    observe::Inventory,
    plan::{Note, Plan, Scope},
    topology::{Issuer, Node, Topology, nearest},
    verify::ProblemKind,
    wso2::Role,
};

use crate::{
    advice,
    cli::Global,
    commands::Selection,
    error::{self, CommandError},
    passwords::{Purpose, SourceArg},
    paste::Paste,
    secrets::Secrets,
    ui::Ui,
};

/// Reads the topology that the flags name.
pub(crate) fn read_topology(global: &Global) -> Result<Topology, CommandError> {
    read_topology_with_text(global).map(|(topology, _)| topology)
}

/// The same with its text, for those who read more in it.
pub(crate) fn read_topology_with_text(global: &Global) -> Result<(Topology, String), CommandError> {
    let file = global.file();
    let bytes = read_bytes(file).map_err(|error| {
        let missing = error.kind() == io::ErrorKind::NotFound;
        let failed = CommandError::failed(format!("`{}` cannot be read", file.display()));
        match missing {
            true => failed.because(&error).hint(format!(
                "{} writes one to start from, `-f` names another",
                Paste::new(global.given_file(), None).command("init")
            )),
            false => failed.because(&error),
        }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| error::not_text(file, &error))?;
    let topology =
        Topology::from_toml(&text, global.base()).map_err(|error| error::topology(file, &error))?;
    if topology.ca.issuer == Issuer::External {
        return Err(error::external_issuer_in(file, &text));
    }
    Ok((topology, text))
}

/// Reads a file of another kind that people write.
pub(crate) fn read_file(file: &Path) -> Result<Vec<u8>, CommandError> {
    read_bytes(file).map_err(|error| {
        CommandError::failed(format!("`{}` cannot be read", file.display())).because(&error)
    })
}

fn read_bytes(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .take(LIMIT)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else if fs::metadata(file)?.len() > LIMIT {
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "larger than 4 MiB",
        ))
    } else {
        fs::read(file)
    }
}

/// The node of a name.
pub(crate) fn node<'a>(topology: &'a Topology, name: &str) -> Result<&'a Node, CommandError> {
    check_nodes(topology, std::slice::from_ref(&name.to_owned()))?;
    let node = topology.node(name);
    node.ok_or_else(|| CommandError::usage(format!("there is no node `{name}`")))
}

/// What is in the workspace, looked at once.
pub(crate) fn look(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
) -> Result<Inventory, CommandError> {
    let paste = global.paste();
    let workspace = Workspace::open(global.workspace_dir())
        .and_then(|workspace| workspace.share(global.lock_timeout))
        .map_err(|error| error::disk(&error, &paste))?;
    let no_old: &[SourceArg] = &[];
    let secrets = Secrets::new(ui, topology, global.base(), no_old, Purpose::Open);
    Inventory::read(workspace.view(), topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))
}

/// What `--node`, `--role` and `--prune` say.
pub(crate) fn scope(topology: &Topology, selection: &Selection) -> Result<Scope, CommandError> {
    let scope = match chosen_nodes(topology, selection)? {
        None => Scope::all(),
        Some(nodes) => Scope::all().nodes(nodes),
    };
    Ok(scope.prune(selection.prune))
}

/// Plans, or says why that is refused.
pub(crate) fn plan(
    topology: &Topology,
    found: &Inventory,
    scope: &Scope,
    global: &Global,
) -> Result<Plan, CommandError> {
    Plan::new(topology, found, scope, global.now()).map_err(|refusal| {
        let vendor = topology.stores.vendor.as_ref();
        let vendor = vendor.map(|vendor| vendor.path.as_path());
        error::refusal(&refusal, &global.workspace_dir(), vendor, &global.paste())
    })
}

/// Says what an operator should know about a plan.
pub(crate) fn say_notes(ui: &Ui, plan: &Plan) {
    for note in plan.notes() {
        let advice = advice::about_note(note);
        match (note.is_warning(), advice) {
            (true, advice) => {
                ui.warning(note);
                advice.into_iter().for_each(|advice| ui.hint(advice));
            }
            (false, Some(advice)) => ui.hint(format_args!("{note}; {advice}")),
            (false, None) => ui.hint(note),
        }
    }
}

/// True if a note of the plan says what a problem says.
pub(crate) fn noted(plan: &Plan, kind: &ProblemKind) -> bool {
    plan.notes().iter().any(|note| {
        matches!(
            (kind, note),
            (ProblemKind::FolderLeft, Note::FolderLeft { .. })
                | (ProblemKind::CutToIssuer { .. }, Note::CutToIssuer { .. })
                | (
                    ProblemKind::NamesNotPermitted { .. },
                    Note::NameNotPermitted { .. }
                )
                | (ProblemKind::PrimaryShort { .. }, Note::PrimaryShort { .. })
        )
    })
}

/// The nodes that `--node` and `--role` choose; `None`: all.
fn chosen_nodes(
    topology: &Topology,
    selection: &Selection,
) -> Result<Option<Vec<String>>, CommandError> {
    let mut chosen = check_nodes(topology, &selection.node)?.to_vec();
    for name in &selection.role {
        let role = name.parse::<Role>().ok();
        let nodes: Vec<String> = topology
            .groups
            .iter()
            .filter(|group| Some(group.role) == role || group.name == *name)
            .flat_map(|group| &group.nodes)
            .map(|node| node.name.clone())
            .collect();
        if nodes.is_empty() {
            let known: Vec<&str> = topology
                .groups
                .iter()
                .map(|group| group.role.name())
                .collect();
            return Err(unknown("role", name, &known));
        }
        chosen.extend(nodes);
    }
    let all = selection.node.is_empty() && selection.role.is_empty();
    Ok((!all).then_some(chosen))
}

/// That every one of these nodes is in the topology.
pub(crate) fn check_nodes<'a>(
    topology: &Topology,
    names: &'a [String],
) -> Result<&'a [String], CommandError> {
    match names.iter().find(|name| topology.node(name).is_none()) {
        None => Ok(names),
        Some(name) => {
            let known: Vec<&str> = topology.nodes().map(|node| node.name.as_str()).collect();
            Err(unknown("node", name, &known))
        }
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> CommandError {
    let error = CommandError::usage(format!("there is no {what} `{name}` in the topology"));
    match nearest(name, known.iter().copied()) {
        Some(nearest) => error.hint(format!("did you mean `--{what} {nearest}`?")),
        None => {
            let mut known = known.to_vec();
            known.dedup();
            error.hint(format!("it has `{}`", known.join("`, `")))
        }
    }
}

/// A topology of a thousand nodes has 200 KiB.
const LIMIT: u64 = 4 << 20;
