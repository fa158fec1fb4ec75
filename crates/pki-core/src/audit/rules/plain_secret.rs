use std::collections::BTreeSet;

use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Home},
    secret::Password,
    verify::{SecretProblem, SecretProblemKind},
    wso2::config::{Place, Setting, State},
};

pub(super) static RULE: Rule = Rule {
    id: "plain-secret",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A password that stands in a configuration file as it is",
    why: "Who reads the file, a backup of it, or the ticket that it was pasted into has the \
          password. The secure vault keeps it encrypted; from 3.0 on it may come from the \
          environment. A `password-persist` file opens the vault to whoever finds it.",
    remedy: "apim-pki vault encrypt --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: Some("apim-pki install --node {node} --home {home} --passwords secret"),
    source: "The vendor's pages on the secure vault; DefaultSecretCallbackHandler of \
             wso2/carbon-kernel",
    checks: &[Check::Home(check), Check::Secret(secret)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    let config = home.config();
    let mut told: BTreeSet<&Place> = BTreeSet::new();
    let mut say = |what: String, password: &'_ Setting<Password>| {
        // The password itself is in no message.
        sink.say(format!("{what} stands here as it is"))
            .at_setting(home, password.place.as_ref());
    };
    let stores = config.stores.iter().filter(|it| it.state == State::On);
    let of_stores = stores.flat_map(|store| {
        let called = store.consumer.called();
        [
            (
                format!("the password of a store, {called},"),
                &store.password,
            ),
            (
                format!("the password of a key, {called},"),
                &store.key_password,
            ),
        ]
    });
    let credentials = config.credentials.iter().filter(|it| it.state == State::On);
    let others = credentials.map(|it| (format!("the password of {}", it.of), &it.password));
    let key = ("the encryption key".to_owned(), &config.encryption_key);
    for (what, password) in of_stores.chain(others).chain([key]) {
        if let (Some(_), Some(place)) = (password.known(), &password.place)
            && told.insert(place)
        {
            say(what, password);
        }
    }
    for file in home.root_files() {
        sink.say("it opens the vault, and stays after the start")
            .path = Some(home.path(file));
    }
}

fn secret(problem: &SecretProblem) -> bool {
    // Where something reads a plain one as an encrypted one, it is worse than plain.
    matches!(
        problem.kind,
        SecretProblemKind::NotEncrypted { consequence: None }
            | SecretProblemKind::KeyInClear { .. }
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.toml_home("[super_admin]\npassword = \"something\"\n")
    }),
    ("silent", |lab| {
        lab.toml_home("[super_admin]\npassword = \"$env{ADMIN}\"\n")
    }),
    ("error", |lab| {
        lab.secret(SecretProblemKind::KeyInClear { places: Vec::new() })
    }),
    ("error", |lab| {
        lab.secret(SecretProblemKind::NotEncrypted { consequence: None })
    }),
    ("silent", |lab| lab.secret(lab.not_encrypted())),
    ("warning, warning, warning", |lab| lab.all_three()),
];
