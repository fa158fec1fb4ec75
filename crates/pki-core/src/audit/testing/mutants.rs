//! Rules with one check taken out, or turned around: what tests must notice.

use super::super::{Check, Confidence, Rule, Sink};
use crate::{
    audit::subject::{Deployment, File, Home, Store, Waivers},
    verify::{Edge, Problem, SecretProblem, endpoint::EndpointProblem},
};

/// A rule of which one check was changed.
pub(crate) struct Mutant {
    /// Which check, and what became of it.
    pub(crate) change: String,
    pub(crate) rule: &'static Rule,
}

/// A rule as a type, so that what is made of its checks is a function as they are.
pub(crate) trait Own {
    fn rule() -> &'static Rule;
}

/// For each check of a rule: the rule without it, and with its opposite.
pub(crate) fn mutants<O: Own>() -> Vec<Mutant> {
    let rule = O::rule();
    let mut mutants = Vec::new();
    for (at, check) in rule.checks.iter().enumerate() {
        let mut removed = rule.checks.to_vec();
        removed.remove(at);
        mutants.push(Mutant::new(rule, format!("without {check:?}"), removed));
        let mut inverted = rule.checks.to_vec();
        inverted[at] = opposite::<O>(check);
        let change = format!("with the opposite of {check:?}");
        mutants.push(Mutant::new(rule, change, inverted));
    }
    mutants
}

impl Mutant {
    fn new(rule: &Rule, change: String, checks: Vec<Check>) -> Self {
        let checks: &'static [Check] = checks.leak();
        let rule = Box::leak(Box::new(Rule { checks, ..*rule }));
        Self { change, rule }
    }
}

/// What fires where a rule's check of the same kind does not, and nowhere else. A rule has one of a kind.
fn opposite<O: Own>(check: &Check) -> Check {
    match check {
        Check::File(_) => Check::File(file::<O>),
        Check::Store(_) => Check::Store(store::<O>),
        Check::Problem(_) => Check::Problem(problem::<O>),
        Check::Edge(_) => Check::Edge(edge::<O>),
        Check::Home(_) => Check::Home(home::<O>),
        Check::Secret(_) => Check::Secret(secret::<O>),
        Check::Endpoint(_) => Check::Endpoint(endpoint::<O>),
        Check::Deployment(_) => Check::Deployment(deployment::<O>),
        Check::Waivers(_) => Check::Waivers(waivers::<O>),
    }
}

/// A check that says something where the rule's own finds nothing.
macro_rules! says_else {
    ($name:ident, $kind:ident) => {
        fn $name<O: Own>(subject: &$kind<'_>, sink: &mut Sink<'_>) {
            let (rule, mut found) = (O::rule(), Vec::new());
            for check in rule.checks {
                if let Check::$kind(check) = check {
                    check(subject, &mut Sink::new(rule, Confidence::High, &mut found));
                }
            }
            if found.is_empty() {
                sink.say("turned around");
            }
        }
    };
}

says_else!(file, File);
says_else!(store, Store);
says_else!(home, Home);
says_else!(deployment, Deployment);
says_else!(waivers, Waivers);

/// A check that claims what the rule's own does not.
macro_rules! claims_else {
    ($name:ident, $kind:ident, $subject:ident) => {
        fn $name<O: Own>(subject: &$subject) -> bool {
            let claims = |check: &Check| matches!(check, Check::$kind(claims) if claims(subject));
            !O::rule().checks.iter().any(claims)
        }
    };
}

claims_else!(problem, Problem, Problem);
claims_else!(secret, Secret, SecretProblem);
claims_else!(endpoint, Endpoint, EndpointProblem);

fn edge<O: Own>(subject: &Edge) -> Option<String> {
    let claims = |check: &Check| matches!(check, Check::Edge(why) if why(subject).is_some());
    let mut checks = O::rule().checks.iter();
    (!checks.any(claims)).then(|| "turned around".to_owned())
}
