use crate::{
    audit::{
        Check, Confidence, Rule, Severity, Sink,
        subject::{File, Home},
    },
    keystore::Format,
    observe::StoreLead,
};

pub(super) static RULE: Rule = Rule {
    id: "type-mismatch",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A keystore that is another format than its name says",
    why: "The JDK's own providers read JKS and PKCS #12 under either name, so it goes unnoticed; other \
          providers (FIPS), OpenSSL and people do not. 4.4 and 4.5 ship PKCS #12 that is called `.jks`.",
    remedy: "apim-pki store list {path}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "keystore.type.compat in java.security; wso2/api-manager#4908",
    checks: &[Check::File(check), Check::Home(configured)],
};

fn check(file: &File<'_>, sink: &mut Sink<'_>) {
    let Some(found) = file.format else { return };
    let extension = file.name.rsplit_once('.').map(|(_, extension)| extension);
    let expected = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("jks") => Format::Jks,
        Some("p12" | "pfx") => Format::Pkcs12,
        Some("jceks") => Format::Jceks,
        Some("bks") => Format::Bks,
        Some("bcfks") => Format::Bcfks,
        Some("pem") => Format::Pem,
        Some("der") => Format::Der,
        Some("p7b") => Format::Pkcs7,
        _ => return,
    };
    // PKCS #7 travels in either encoding.
    if found != expected && (expected, found) != (Format::Pkcs7, Format::Pem) {
        sink.say(format!("its name says {expected}, and it is {found}"));
    }
}

/// A type in the configuration that is not the file's.
fn configured(home: &Home<'_>, sink: &mut Sink<'_>) {
    for (reference, lead) in home.member().home.stores() {
        let (Some(kind), StoreLead::Open { store, .. }) = (reference.kind.known(), lead) else {
            continue;
        };
        let expected = match kind.to_ascii_uppercase().as_str() {
            "JKS" => Format::Jks,
            "PKCS12" => Format::Pkcs12,
            "JCEKS" => Format::Jceks,
            "BCFKS" => Format::Bcfks,
            _ => continue,
        };
        let found = store.decoded.format;
        if found != expected && reference.kind.place.is_some() {
            let consumer = reference.consumer.called();
            sink.say(format!(
                "{consumer}: the type is `{kind}`, and the store is {found}"
            ))
            .at_setting(home, reference.kind.place.as_ref());
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| lab.pkcs12("a.jks", [lab.tls().entry("a")])),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
    ("info", |lab| lab.typed_store("PKCS12")),
    ("silent", |lab| lab.typed_store("jks")),
    ("info", |lab| lab.jks("a.p12", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.PFX", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.jceks", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.bks", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.bcfks", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.pem", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.der", [lab.tls().entry("a")])),
    ("info", |lab| lab.jks("a.p7b", [lab.tls().entry("a")])),
    ("silent", |lab| lab.pkcs12("a.p12", [lab.tls().entry("a")])),
    ("silent", |lab| {
        lab.jks("a.keystore", [lab.tls().entry("a")])
    }),
    ("silent", |lab| {
        lab.file("a.p7b", lab.tls().certificate_pem())
    }),
    ("info", |lab| lab.typed_store("JCEKS")),
    ("info", |lab| lab.typed_store("BCFKS")),
    // Of the file by its name, and of each setting that has its type.
    (
        "info, info, info, info, info, info, info, info, info, info",
        |lab| lab.all_three().with_pkcs12_stores(),
    ),
    // Of the file alone.
    ("info", |lab| lab.untyped_stores().with_pkcs12_stores()),
];
