use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::File},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "file-perms",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A keystore that others than its owner may read, or a truststore that they may write",
    why: "Who reads a keystore can guess its password at leisure: of a JKS a guess costs one SHA-1. Who \
          writes a truststore decides whom the server trusts.",
    remedy: "chmod go-rwx {path}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "sun.security.provider.KeyProtector; keytool(1) writes with the umask's 0644",
    checks: &[Check::File(check), Check::Problem(problem)],
};

fn check(file: &File<'_>, sink: &mut Sink<'_>) {
    // Verification looks at every file of a workspace.
    if file.in_workspace {
        return;
    }
    let mode = file.mode;
    if file.holds_keys && mode & 0o077 != 0 {
        sink.say(format!(
            "others than its owner may read it (mode {mode:04o})"
        ));
    } else if mode & 0o022 != 0 {
        sink.say(format!(
            "others than its owner may write it (mode {mode:04o})"
        ));
    }
}

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::ReadableByOthers { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a")]).mode(0o640)
    }),
    ("silent", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a")]).mode(0o600)
    }),
    ("warning", |lab| {
        lab.problem(ProblemKind::ReadableByOthers { mode: 0o644 })
    }),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("warning", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a")]).mode(0o601)
    }),
    // Whom a server trusts is no secret, and not everybody's to decide.
    ("silent", |lab| {
        lab.jks("a.jks", [lab.ca().trusted("a")]).mode(0o644)
    }),
    ("warning", |lab| {
        lab.jks("a.jks", [lab.ca().trusted("a")]).mode(0o620)
    }),
    // Verification looks at every file of a workspace.
    ("silent", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a")])
            .in_workspace()
            .mode(0o644)
    }),
];
