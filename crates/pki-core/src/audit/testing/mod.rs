//! What rules are tried on: stores made as a test asks for them, in memory.

mod endpoints;
mod homes;
mod made;
mod mutants;
mod oracle;
mod verified;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::KeyUsagePurpose;
use time::{Date, OffsetDateTime, Time, macros::format_description};

pub(crate) use self::{
    made::Made,
    mutants::{Mutant, Own, mutants},
    oracle::{SILENT, Tried},
    verified::{in_home, problem},
};
use super::{
    Auditor, Context, Policy, Purpose, Report, Rule, Waiver, engine::Place, part::node_of,
};
use crate::{
    key::SystemRandom,
    keystore::{
        Content, Encoding, Entry, Format, Keystore, Pkcs12Profile, Protection, SealedKey,
        read_pem_certificates,
    },
    observe::{Found, FoundFile, endpoint::Observation},
    secret::{Bytes, Password},
    topology::Topology,
    verify::{Edge, Problem, SecretProblemKind, endpoint::Judgement},
    x509::Certificate,
};

/// Cases, and what a rule is to say of each: how bad each of its findings is, and how sure where that is not
/// certain, as in `error, info (medium)`; or that it is `silent`.
pub(crate) type Fixtures = &'static [(&'static str, fn(&Lab) -> Case)];

/// Something to audit.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    files: Vec<Given>,
    former: Vec<(PathBuf, Vec<u8>)>,
    problems: Vec<Problem>,
    edges: Vec<Edge>,
    /// Files of a home, by their path below it.
    home: Vec<(String, Vec<u8>)>,
    secrets: Vec<SecretProblemKind>,
    live: Vec<(Observation, Judgement)>,
    policy: Policy,
    topology: Option<String>,
    now: OffsetDateTime,
    java: &'static str,
}

/// A file to audit.
#[derive(Clone, Debug)]
struct Given {
    path: PathBuf,
    bytes: Vec<u8>,
    mode: u32,
    /// It is one of a workspace, which verification judges too.
    verified: bool,
}

/// Where certificates and stores come from.
#[derive(Debug, Default)]
pub(crate) struct Lab;

/// Two gateways that stand in for each other.
pub(crate) const TWINS: &str = r#"
    product = "2.6.0"
    domain  = "apim.example.com"
    [roles.gateway]
    nodes = { gateway-1 = "gw1", gateway-2 = "gw2" }
"#;
pub(crate) const PASSWORD: &str = "a-password-of-32-characters-here";
const TLS_KEY: &str = include_str!("../../../../../testdata/keys/ec-p256-01.pem");
const OTHER_KEY: &str = include_str!("../../../../../testdata/keys/ec-p256-02.pem");
const CA_KEY: &str = include_str!("../../../../../testdata/keys/ec-p384-01.pem");
const PRIMARY_KEY: &str = include_str!("../../../../../testdata/keys/rsa-2048-01.pem");

impl Lab {
    /// A node's key, with a self-signed certificate.
    pub(crate) fn tls(&self) -> Made {
        Made::new(TLS_KEY, "gw1.example.com").names(["gw1.example.com"])
    }

    /// Another node's.
    pub(crate) fn other(&self) -> Made {
        Made::new(OTHER_KEY, "gw2.example.com").names(["gw2.example.com"])
    }

    /// Another key under the first one's name.
    pub(crate) fn namesake(&self) -> Made {
        self.tls().over(OTHER_KEY)
    }

    /// Another CA under the root's name.
    pub(crate) fn namesake_ca(&self) -> Made {
        self.ca().over(OTHER_KEY)
    }

    /// A root.
    pub(crate) fn ca(&self) -> Made {
        let mut made = Made::new(CA_KEY, "Example CA").years(2020, 2045);
        made.is_ca = true;
        made
    }

    /// A CA under the root.
    pub(crate) fn intermediate(&self) -> Made {
        let mut made = self.other().issued_by(&self.ca()).years(2020, 2045);
        made.is_ca = true;
        made
    }

    /// A primary as it should be.
    pub(crate) fn primary(&self) -> Made {
        let usages = [
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::DataEncipherment,
        ];
        Made::new(PRIMARY_KEY, "example primary")
            .years(2020, 2045)
            .usages(usages)
    }

    /// The default certificate of 2.6.
    pub(crate) fn d2(&self) -> Certificate {
        pem(include_bytes!("../../../../../testdata/audit/d2.pem"))
    }

    /// The default certificate of Identity Server 7.
    pub(crate) fn p2(&self) -> Certificate {
        pem(include_bytes!("../../../../../testdata/audit/p2.pem"))
    }

    /// Over an RSA key of 1024 bits.
    pub(crate) fn rsa_1024(&self) -> Certificate {
        pem(include_bytes!("../../../../../testdata/audit/rsa-1024.pem"))
    }

    /// Issued with a signature on SHA-1.
    pub(crate) fn sha1(&self) -> Certificate {
        pem(include_bytes!("../../../../../testdata/audit/sha1.pem"))
    }

    /// Over a curve of 224 bits.
    pub(crate) fn ec_p224(&self) -> Certificate {
        pem(include_bytes!("../../../../../testdata/audit/ec-p224.pem"))
    }

    /// Issued with a signature on MD5.
    pub(crate) fn md5(&self) -> Certificate {
        pem(include_bytes!("../../../../../testdata/audit/md5.pem"))
    }

    /// Nothing yet.
    fn empty(&self) -> Case {
        Case {
            files: Vec::new(),
            former: Vec::new(),
            problems: Vec::new(),
            edges: Vec::new(),
            home: Vec::new(),
            secrets: Vec::new(),
            live: Vec::new(),
            policy: Policy::default(),
            topology: None,
            now: moment("2026-11-23"),
            java: "17",
        }
    }

    /// A JKS.
    pub(crate) fn jks<const N: usize>(&self, path: &str, entries: [Entry; N]) -> Case {
        self.empty().and_jks(path, entries)
    }

    /// A JKS under another password.
    pub(crate) fn sealed<const N: usize>(
        &self,
        path: &str,
        entries: [Entry; N],
        password: &str,
    ) -> Case {
        let bytes = encode(entries, Encoding::Jks, password);
        self.file(path, bytes)
    }

    /// A PKCS #12 as it is written today.
    pub(crate) fn pkcs12<const N: usize>(&self, path: &str, entries: [Entry; N]) -> Case {
        let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
        let entries = entries.map(|entry| resealed(entry, modern.protection()));
        self.file(path, encode(entries, modern, PASSWORD))
    }

    /// A JKS of trusted certificates.
    pub(crate) fn trust<const N: usize>(
        &self,
        path: &str,
        trusted: [(&str, Certificate); N],
    ) -> Case {
        self.empty().and_trust(path, trusted)
    }

    /// A node's key whose chain ends below an authority, and a truststore that has it.
    pub(crate) fn below(&self, ca: &Made) -> Case {
        let node = self.tls().issued_by(ca).leaf_alone();
        self.jks("tls.jks", [node.entry("tls")])
            .and_trust("client-truststore.jks", [("ca", ca.certificate())])
    }

    /// A JKS with one trusted certificate under a name that is not known beforehand.
    pub(crate) fn trust_under(&self, path: &str, alias: &str, certificate: Certificate) -> Case {
        self.trust(path, [(alias, certificate)])
    }

    /// A JKS whose only alias is in upper case, which no writer here makes.
    pub(crate) fn mixed_case_jks(&self, path: &str) -> Case {
        let mut bytes = encode([self.tls().entry("alias")], Encoding::Jks, PASSWORD);
        let at = bytes.windows(5).position(|it| it == b"alias").unwrap();
        bytes[at..at + 5].copy_from_slice(b"ALIAS");
        // Its proof of integrity is gone with that; without a password nobody looks at it.
        self.file(path, bytes)
    }

    /// Any file.
    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> Case {
        self.empty().and_file(path, bytes)
    }

    /// A waiver that nothing meets.
    pub(crate) fn waiver(&self, rule: &str, expires: &str) -> Case {
        self.empty().and_waiver(rule, expires)
    }
}

impl Case {
    pub(crate) fn and_jks<const N: usize>(self, path: &str, entries: [Entry; N]) -> Self {
        self.and_file(path, encode(entries, Encoding::Jks, PASSWORD))
    }

    pub(crate) fn and_file(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push(Given {
            path: path.into(),
            bytes: bytes.as_ref().to_vec(),
            mode: 0o600,
            verified: false,
        });
        self
    }

    /// The last file is one of a workspace.
    pub(crate) fn in_workspace(mut self) -> Self {
        self.files.last_mut().unwrap().verified = true;
        self
    }

    pub(crate) fn and_trust<const N: usize>(
        self,
        path: &str,
        trusted: [(&str, Certificate); N],
    ) -> Self {
        self.and_jks(
            path,
            trusted.map(|(alias, certificate)| Entry::trusted(alias, certificate)),
        )
    }

    /// What a store was before it was renewed.
    pub(crate) fn former<const N: usize>(mut self, path: &str, entries: [Entry; N]) -> Self {
        let bytes = encode(entries, Encoding::Jks, PASSWORD);
        self.former.push((path.into(), bytes));
        self
    }

    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.files.iter_mut().for_each(|file| file.mode = mode);
        self
    }

    pub(crate) fn at(mut self, day: &str) -> Self {
        self.now = moment(day);
        self
    }

    pub(crate) fn java(mut self, version: &'static str) -> Self {
        self.java = version;
        self
    }

    pub(crate) fn topology(mut self, text: &str) -> Self {
        self.topology = Some(text.to_owned());
        self
    }

    pub(crate) fn and_waiver(mut self, rule: &str, expires: &str) -> Self {
        self.policy.waivers.push(Arc::new(Waiver {
            rule: rule.to_owned(),
            path: None,
            node: None,
            host: None,
            alias: None,
            sha256: None,
            owner: "ops@example.com".to_owned(),
            reason: "a test".to_owned(),
            expires: day(expires),
            file: "apim-pki.toml".into(),
            line: 7,
            column: 1,
        }));
        self
    }

    /// What some rules say of it.
    pub(crate) fn audit(&self, rules: &[&'static Rule]) -> Report {
        let topology = self.topology.as_deref();
        let topology = topology.map(|text| Topology::from_toml(text, Path::new("")).unwrap());
        let context = Context::new(self.now)
            .topology(topology.as_ref())
            .java(self.java.parse().unwrap())
            .policy(self.policy.clone());
        // Nothing of a case needs a password but its proof of integrity.
        let opens = self.files.iter().all(|file| {
            matches!(
                Format::detect(&file.bytes),
                Some(Format::Jks | Format::Pkcs12)
            ) && Keystore::decode(&file.bytes, &Password::new(PASSWORD)).is_ok()
        });
        let context = match opens {
            true => context.passwords(vec![
                Password::new(PASSWORD),
                Password::new("another password"),
            ]),
            false => context,
        };
        let auditor = Auditor::new(&context, rules);
        for file in &self.files {
            match file.verified {
                true => file.audit_verified(&auditor, topology.as_ref()),
                false => auditor.file(file.found()),
            }
        }
        for (path, bytes) in &self.former {
            auditor.former(path, bytes);
        }
        for problem in &self.problems {
            auditor.problem(Path::new("pki"), problem);
        }
        auditor.connections(Path::new("pki"), &self.edges);
        for (seen, judgement) in &self.live {
            auditor.endpoint(seen, judgement, Some("gateway-1"));
        }
        if !self.home.is_empty() {
            self.audit_home(&auditor);
        }
        auditor.finish()
    }
}

impl Given {
    fn found(&self) -> Found {
        Found {
            path: self.path.clone(),
            named: true,
            outcome: Ok(self.content()),
        }
    }

    fn content(&self) -> FoundFile {
        FoundFile {
            bytes: Bytes::from(&*self.bytes),
            mode: self.mode,
            format: Format::detect(&self.bytes),
        }
    }

    /// As a file of a workspace.
    fn audit_verified(&self, auditor: &Auditor<'_>, topology: Option<&Topology>) {
        let place = Place {
            path: self.path.display().to_string().into(),
            node: node_of(&self.path, topology).map(Arc::from),
            purpose: Purpose::by_name(&self.path, topology),
            in_workspace: true,
            verified: true,
            home: None,
        };
        auditor.store(place, &self.content(), None);
    }
}

fn encode<const N: usize>(entries: [Entry; N], encoding: Encoding, password: &str) -> Vec<u8> {
    let store: Keystore = entries.into_iter().collect();
    let password = Password::new(password);
    let bytes = store.encode(encoding, &password, &mut SystemRandom);
    bytes.unwrap().expose().to_vec()
}

/// The same entry with its key sealed as another format has it.
fn resealed(mut entry: Entry, protection: Protection) -> Entry {
    if let Content::PrivateKey { key, .. } = &mut entry.content {
        let password = Password::new(PASSWORD);
        let open = key.open(&password).unwrap();
        *key = SealedKey::seal(&open, &password, protection, &mut SystemRandom).unwrap();
    }
    entry
}

fn pem(bytes: &[u8]) -> Certificate {
    read_pem_certificates(bytes).unwrap().remove(0)
}

fn day(text: &str) -> Date {
    Date::parse(text, format_description!("[year]-[month]-[day]")).unwrap()
}

fn moment(text: &str) -> OffsetDateTime {
    OffsetDateTime::new_utc(day(text), Time::MIDNIGHT)
}
