//! What a run of `issue` says: what it made and left, where secrets lie, what to pin.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use pki_core::{
    apply::Made,
    disk::{Committed, RelPath},
    observe::Inventory,
    plan::{Plan, Reason},
    report,
    topology::Topology,
    verify::{FilePlace, Problem, Report},
    x509::Fingerprint,
};
use time::OffsetDateTime;

use crate::{
    advice::Commands,
    cli::{Format, Global},
    deployment,
    error::CommandError,
    paste::quoted,
    ui::Ui,
};

/// A run that would leave an error in what it writes writes nothing.
pub(super) fn refuse_if_broken(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
    report: &Report,
    made: &Made,
) -> Result<(), CommandError> {
    let caused = report.caused_by(&made.files);
    if !caused.has_errors() {
        return Ok(());
    }
    let advice = Commands::new(global.paste(), topology);
    let mut out = Vec::new();
    let verified = report::text::Verified {
        report: &caused,
        now: global.now(),
        advice: &advice,
    };
    report::text::problems(verified, ui.layout_of_messages(), &mut out)
        .map_err(|error| CommandError::output(&error))?;
    ui.details(&out);
    Err(CommandError::problems(
        "what was made does not pass its own check, as said above: nothing was written",
    ))
}

/// A run that is over.
pub(super) struct Told<'a> {
    pub(super) ui: &'a Ui,
    pub(super) global: &'a Global,
    pub(super) plan: &'a Plan,
    pub(super) report: &'a Report,
    pub(super) committed: &'a Committed,
}

impl Told<'_> {
    /// Notes of the plan, and problems that this run did not make or does not mend.
    pub(super) fn notes_and_problems(&self) {
        let Self {
            ui, plan, report, ..
        } = self;
        deployment::say_notes(ui, plan);
        let left = report.problems.iter();
        for problem in left.filter(|problem| !deployment::noted(plan, &problem.kind)) {
            ui.warning(self.problem(problem));
        }
        let failed = report.failed().count();
        if failed > 0 {
            ui.warning(format_args!("connections that fail: {failed}"));
            ui.hint(format_args!(
                "{} tells which",
                self.global.paste().command("verify")
            ));
        }
    }

    fn problem(&self, problem: &Problem) -> String {
        let file = problem.file.iter().map(|file| format!("`{file}`"));
        let alias = problem.alias.iter().map(|alias| format!("alias `{alias}`"));
        let place: Vec<String> = file.chain(alias).collect();
        let written = |file: &RelPath| self.committed.written.contains(file);
        let in_workspace = problem.file.as_ref().and_then(FilePlace::in_workspace);
        let left = match in_workspace.is_some_and(written) {
            true => "",
            false => "left as it was: ",
        };
        format!("{left}{}: {}", place.join(", "), problem.kind)
    }

    /// How much was written, and where.
    pub(super) fn what_was_done(&self) {
        let Self { ui, committed, .. } = self;
        let dir = self.global.workspace_dir();
        let dir = dir.display();
        let Some(generation) = committed.generation else {
            return ui.status(match self.plan.is_empty() {
                true => "nothing to do",
                false => "nothing changed: every file has its content already",
            });
        };
        if !committed.written.is_empty() {
            let written = files(committed.written.len());
            ui.status(format_args!(
                "verified and wrote {written} in `{dir}` (generation {generation})"
            ));
        }
        if !committed.retired.is_empty() {
            let retired = files(committed.retired.len());
            ui.status(format_args!(
                "{retired} moved to `{dir}/generations/{generation}`"
            ));
        }
    }

    /// What has no use any more and is not revoked by that.
    pub(super) fn retired(&self, ends: &[(RelPath, OffsetDateTime)]) {
        if self.committed.retired.is_empty() {
            return;
        }
        for (folder, end) in ends {
            self.ui.warning(format_args!(
                "the certificate of `{folder}` stays valid until {}: whoever has its key passes for that \
                 host until then",
                end.date()
            ));
        }
    }

    /// What is private, and does not look so: a folder that others could read before, or one that a
    /// repository would take up. `before` is the folder's mode as this run found it.
    pub(super) fn folder(&self, before: Option<u32>) {
        let dir = self.global.workspace_dir();
        let after = mode_of(&dir);
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            self.ui.warning(format_args!(
                "the mode of `{}` was {before:04o} and is {after:04o} now: it holds private keys",
                dir.display()
            ));
        }
        let ignore = dir.join(".gitignore");
        let Ok(lines) = fs::read_to_string(&ignore) else {
            return;
        };
        let all = |line: &str| matches!(line.trim(), "*" | "/*" | "**");
        if !lines.lines().any(all) {
            self.ui.warning(format_args!(
                "`{}` has no line `*`: a repository around it takes up the private keys",
                ignore.display()
            ));
            self.ui
                .hint(format_args!("`echo '*' >> {}`", quoted(&ignore)));
        }
    }

    /// Where the passwords are that this run made, and what that protects.
    pub(super) fn generated(&self, generated: &[RelPath]) {
        if generated.is_empty() {
            return;
        }
        let dir = self.global.workspace_dir();
        let shown: Vec<String> = generated
            .iter()
            .map(|path| format!("`{}`", dir.join(path.as_path()).display()))
            .collect();
        self.ui
            .status(format_args!("generated passwords: {}", shown.join(", ")));
        self.ui.hint(
            "they lie beside what they open, which protects a stray copy of one file, not the folder; \
             to keep them elsewhere, name another source in the topology (`password = \"cmd:…\"`, \
             `\"env:…\"`, `\"prompt\"`), and move `ca/ca.key` away (`issue --ca-key PATH`): SECURITY.md",
        );
    }

    /// What keeps an empty workspace from making a second CA or primary, as lines of the topology.
    pub(super) fn pins(
        &self,
        topology: &Topology,
        made: [(&str, Option<Fingerprint>); 2],
    ) -> Result<(), CommandError> {
        let pinned = [topology.ca.pin, topology.primary.pin];
        let lines: String = made
            .iter()
            .zip(pinned)
            .filter(|(_, pinned)| pinned.is_none())
            .filter_map(|((table, made), _)| {
                made.map(|made| format!("[{table}]\nsha256 = \"{made}\"\n"))
            })
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        self.ui.status(format_args!(
            "put these lines into `{}`: with them a run in an empty workspace cannot make a second \
             CA or primary",
            self.global.file().display()
        ));
        match self.global.format {
            Format::Text => self.ui.data(lines.as_bytes()),
            Format::Json => {
                self.ui.status(lines.trim_end());
                Ok(())
            }
        }
    }

    /// What to run now.
    pub(super) fn next(&self) {
        if self.committed.generation.is_some() {
            self.ui.hint(format_args!(
                "{} shows every connection, and until when all of it is valid",
                self.global.paste().command("verify")
            ));
        }
    }
}

/// The permission bits of a folder that is there.
pub(super) fn mode_of(folder: &Path) -> Option<u32> {
    let found = fs::metadata(folder).ok()?;
    Some(found.permissions().mode() & 0o7777)
}

/// The folders that a plan takes away, with the end of the certificate in each.
pub(super) fn ends(plan: &Plan, found: &Inventory) -> Vec<(RelPath, OffsetDateTime)> {
    let left = plan.actions().iter();
    let left = left.filter(|action| action.reason == Reason::FolderLeft);
    left.filter_map(|action| {
        let chains = found.below(&action.file);
        let certificates = chains.filter_map(|path| found.certificates(path).into_iter().next());
        let end = certificates.filter_map(|it| Some(it.view().ok()?.not_after));
        Some((action.file.clone(), end.max()?))
    })
    .collect()
}

fn files(number: usize) -> String {
    match number {
        1 => "1 file".to_owned(),
        _ => format!("{number} files"),
    }
}
