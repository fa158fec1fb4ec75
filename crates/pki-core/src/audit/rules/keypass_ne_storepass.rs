use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::Fault,
    keystore::UnsealError,
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "keypass-ne-storepass",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A private key that does not open with the store's password",
    why: "The product opens keys with the password of the store, whatever is configured for the key \
          beside it: a key with a password of its own ends in `Cannot recover key`, at the start or at \
          the first token.",
    remedy: "apim-pki store password {path} --store-password file:PASSWORD --key-password file:KEY_PASSWORD \
             --new-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue --old-password file:KEY_PASSWORD"),
    remedy_in_home: Some(INSTALL),
    source: "KeyStoreManager.getDefaultPrivateKey of wso2/carbon-kernel; wso2/carbon-kernel#2195",
    checks: &[Check::Store(check), Check::Problem(problem)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    // Of PEM, each key has what password it has.
    if !store.is_keystore() {
        return;
    }
    for (alias, fault) in store.faults() {
        let message = match fault {
            Fault::KeyPassword => "the key has another password than the store".to_owned(),
            Fault::KeySealed {
                reason: reason @ UnsealError::WrongPassword,
            } => format!("the store's password does not open the key: {reason}"),
            _ => continue,
        };
        if let Some(alias) = alias {
            let certificate = store.certificate(Some(alias), 0);
            sink.say(message).about(alias, certificate);
        }
    }
}

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::KeyPasswordDiffers)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks("a.jks", [lab.tls().entry_under("a", "another password")])
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
    ("error", |lab| lab.problem(ProblemKind::KeyPasswordDiffers)),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("error", |lab| {
        lab.jks(
            "a.jks",
            [lab.tls().entry_under("a", "nobody knows this one")],
        )
    }),
];
