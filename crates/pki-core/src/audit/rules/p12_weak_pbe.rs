use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    keystore::{Content, Format, Protection},
};

pub(super) static RULE: Rule = Rule {
    id: "p12-weak-pbe",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A PKCS #12 that is protected as in 1999",
    why: "RC2 of 40 bits, 3DES and a MAC on SHA-1 are what every Java reads and what nobody should \
          need; few iterations make guessing cheap. OpenSSL 3 opens such files with `-legacy` alone.",
    remedy: "apim-pki store convert {path} NEW.p12 --to pkcs12 --profile modern --store-password file:PASSWORD",
    remedy_in_workspace: Some(
        "# [stores] profile = \"modern\", where every Java is 8u301, 11.0.12 or later\napim-pki issue",
    ),
    remedy_in_home: Some(INSTALL),
    source: "RFC 7292 appendix C; RFC 8018; CSR JDK-8267701; migration_guide(7) of OpenSSL 3",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let Some(decoded) = store.decoded().filter(|it| it.format == Format::Pkcs12) else {
        return;
    };
    let keys = store
        .entries()
        .iter()
        .filter_map(|entry| match &entry.content {
            Content::PrivateKey { key, .. } => key.protection(),
            _ => None,
        });
    let mut weak: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !weak.contains(&text) {
            weak.push(text);
        }
    };
    for protection in decoded.protections.iter().copied().chain(keys) {
        let (name, iterations) = match protection {
            Protection::Sha1Rc2 { iterations } => (Some("RC2"), iterations),
            Protection::Sha1TripleDes { iterations } => (Some("3DES"), iterations),
            Protection::Pbes2Aes256Sha256 { iterations }
            | Protection::Pbes2Other { iterations } => (None, iterations),
            _ => continue,
        };
        name.into_iter().for_each(|name| add(name.to_owned()));
        if (1..FEWEST).contains(&iterations) {
            add(format!("{iterations} iterations"));
        }
    }
    if decoded.mac.as_deref() == Some("HmacPBESHA1") {
        add("a MAC on SHA-1".to_owned());
    }
    if !weak.is_empty() {
        sink.say(format!("it is protected with {}", weak.join(", ")));
    }
}

/// What keytool has written since JDK 8u301.
const FEWEST: u32 = 10_000;

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| {
        lab.file(
            "a.p12",
            include_bytes!("../../../../../testdata/cli/legacy.p12"),
        )
    }),
    ("silent", |lab| lab.pkcs12("a.p12", [lab.tls().entry("a")])),
    ("info", |lab| {
        lab.file(
            "a.p12",
            include_bytes!("../../../../../testdata/audit/rc2.p12"),
        )
    }),
    ("info", |lab| {
        lab.file(
            "a.p12",
            include_bytes!("../../../../../testdata/audit/triple-des.p12"),
        )
    }),
    ("info", |lab| {
        lab.file(
            "a.p12",
            include_bytes!("../../../../../testdata/audit/iterations.p12"),
        )
    }),
    ("info", |lab| {
        lab.file(
            "a.p12",
            include_bytes!("../../../../../testdata/audit/mac.p12"),
        )
    }),
];
