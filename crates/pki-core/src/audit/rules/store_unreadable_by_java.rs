use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::readers,
};

pub(super) static RULE: Rule = Rule {
    id: "store-unreadable-by-java",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A keystore that the Java of the deployment does not read",
    why: "PKCS #12 has three generations that do not read each other: Java before 8u301 and 11.0.12 knows \
          neither PBES2 nor a MAC on SHA-2, and PBMAC1 is for Java 26 and later. The message is \
          `Algorithm HmacPBESHA256 not available`, or that the password is wrong. `--java` says which.",
    remedy: "apim-pki store convert {path} NEW.p12 --to pkcs12 --profile java8 --store-password file:PASSWORD",
    remedy_in_workspace: Some("# [stores] profile = \"java8\"\napim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "CSR JDK-8267701; JDK-8343232; RFC 9879; KeyStore Explorer issue 359",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let Some(decoded) = store.decoded().filter(|_| store.is_keystore()) else {
        return;
    };
    let java = store.context.java;
    let mut readers = readers(decoded).into_iter();
    if let Some(readability) = readers.find(|it| it.reader == java.reader())
        && let Some(obstacle) = readability.obstacle
        && !readability.reads()
    {
        sink.say(format!("{java} does not read it: {obstacle}"));
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.pkcs12("a.p12", [lab.tls().entry("a")]).java("8u292")
    }),
    ("silent", |lab| {
        lab.pkcs12("a.p12", [lab.tls().entry("a")]).java("8u301")
    }),
];
