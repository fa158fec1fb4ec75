use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "config-broken",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A configuration file that cannot be read as what it is",
    why: "The product does not start with it, or starts with what stands before the mistake. An \
          edit by hand, or a tool that rewrote the file line by line, looks like this.",
    remedy: "apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "XML 1.0 section 2.1; TOML 1.0",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::ConfigurationBroken(_))
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.toml_home("[server\n")),
    ("silent", |lab| lab.toml_home("[server]\n")),
];
