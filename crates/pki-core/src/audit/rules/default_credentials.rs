use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Home},
    wso2::{config::State, is_default_credential},
};

pub(super) static RULE: Rule = Rule {
    id: "default-credentials",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "The default credentials of the administrator",
    why: "`admin` with the password `admin` is the first thing that anybody tries, at the carbon \
          console and at every admin service. In JMS URLs it opens the message broker.",
    remedy: "# change it in the user store (console, or bin/chpasswd.sh), and on each node where the \
             finding says; then\n\
             apim-pki vault encrypt --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "user-mgt.xml, jndi.properties and deployment.toml of wso2/product-apim",
    checks: &[Check::Home(check)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    for credential in &home.config().credentials {
        let user = credential.user.as_ref().and_then(|user| user.known());
        let password = credential.password.known();
        if let (Some(user), Some(password)) = (user, password)
            && credential.state == State::On
            && is_default_credential(user, password.expose())
        {
            sink.say(format!(
                "{}: user and password are those that are shipped",
                credential.of
            ))
            .at_setting(home, credential.password.place.as_ref());
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.toml_home("[super_admin]\nusername = \"admin\"\npassword = \"admin\"\n")
    }),
    ("silent", |lab| {
        lab.toml_home("[super_admin]\nusername = \"admin\"\npassword = \"other\"\n")
    }),
];
