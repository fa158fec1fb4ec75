//! Homes in miniature.

use std::{fs, time::Duration};

use super::{Case, Lab, PASSWORD, encode, resealed};
use crate::{
    audit::{Auditor, subject::Home},
    keystore::{Encoding, Pkcs12Profile},
    observe::{Cluster, HomeReader, VaultHome},
    verify::{JudgedSecrets, SecretProblem, SecretProblemKind, Severity},
    wso2::{
        Slot,
        config::{DEPLOYMENT_TOML, Place},
        vault::{Consequence, Hazard, Verdict},
    },
};

const CARBON: &str = "repository/conf/carbon.xml";
const STORE: &str = "file_name = \"wso2carbon.jks\"\ntype = \"JKS\"\nalias = \"wso2carbon\"\n\
                     password = \"a-password-of-32-characters-here\"\n";
const EMPTY_CARBON: &[u8] = b"<Server xmlns=\"http://wso2.org/projects/carbon/carbon.xml\"/>";

impl Lab {
    /// A home from 3.0 on.
    pub(crate) fn toml_home(&self, text: &str) -> Case {
        let mut case = self.empty();
        case.home
            .push((DEPLOYMENT_TOML.to_owned(), text.as_bytes().to_vec()));
        case
    }

    /// Of 2.x, with a line in its start script.
    pub(crate) fn home_with_script(&self, argument: &str) -> Case {
        let script = format!(
            "#!/bin/sh\nexec java \\\n    {argument} \\\n    org.wso2.carbon.bootstrap.Bootstrap\n"
        );
        let mut case = self.empty();
        case.home = vec![
            (CARBON.to_owned(), EMPTY_CARBON.to_vec()),
            ("bin/wso2server.sh".to_owned(), script.into_bytes()),
        ];
        case
    }

    /// Of 2.x, with a secret that waits to be encrypted.
    pub(crate) fn home_with_secret(&self, text: &str) -> Case {
        let secrets = format!("Carbon.Security.KeyStore.Password=[{text}]\n");
        let mut case = self.empty();
        case.home = vec![
            (CARBON.to_owned(), EMPTY_CARBON.to_vec()),
            (
                "repository/conf/security/cipher-text.properties".to_owned(),
                secrets.into_bytes(),
            ),
        ];
        case
    }

    /// All stores are there, in JKS, and this is what the configuration calls one of them.
    pub(crate) fn typed_store(&self, kind: &str) -> Case {
        let text = all_three().replacen("JKS", kind, 1);
        self.toml_home(&text).with_stores()
    }

    /// What the configuration says nothing of is as the release has it.
    pub(crate) fn untyped_stores(&self) -> Case {
        self.toml_home(&all_three().replace("type = \"JKS\"\n", ""))
    }

    /// Only the store for TLS is set.
    pub(crate) fn tls_alone(&self) -> Case {
        self.toml_home(&format!("[keystore.tls]\n{STORE}"))
    }

    /// All three stores are set, to one file.
    pub(crate) fn all_three(&self) -> Case {
        self.toml_home(&all_three())
    }

    /// Of 2.x, with a management port that takes these versions.
    pub(crate) fn tomcat(&self, versions: &str) -> Case {
        let server = format!(
            "<Server><Service><Connector SSLEnabled=\"true\" sslEnabledProtocols=\"{versions}\"/>\
             </Service></Server>"
        );
        let mut case = self.empty();
        case.home = vec![
            (CARBON.to_owned(), EMPTY_CARBON.to_vec()),
            (
                "repository/conf/tomcat/catalina-server.xml".to_owned(),
                server.into_bytes(),
            ),
        ];
        case
    }

    /// A TLS store of its own, and a listener that was forgotten.
    pub(crate) fn stale_wss(&self) -> Case {
        let stale =
            "[apim.wss.keystore]\nlocation = \"repository/resources/security/wso2carbon.jks\"\n";
        let tls = STORE.replace("wso2carbon.jks", "tls.jks");
        self.toml_home(&format!(
            "[keystore.primary]\n{STORE}[keystore.tls]\n{tls}{stale}"
        ))
    }

    /// A release from 4.0 on, with a role of its own and this in its configuration.
    pub(crate) fn gateway_home(&self, text: &str) -> Case {
        self.toml_home(&format!(
            "[server]\nhostname = \"gw1.example.com\"\nserver_role = \"gateway-worker\"\n{text}"
        ))
    }

    /// A broker on another machine that is called without TLS.
    pub(crate) fn plain_jms(&self) -> Case {
        self.toml_home(
            "[server]\nhostname = \"gw1.example.com\"\n[apim.throttling]\n\
             throttle_decision_endpoints = [\"tcp://tm1.example.com:5672\"]\n",
        )
    }

    /// What verification found about a secret.
    pub(crate) fn secret(&self, kind: SecretProblemKind) -> Case {
        let mut case = self.toml_home("[server]\n");
        case.secrets.push(kind);
        case
    }

    pub(crate) fn other_certificate(&self) -> SecretProblemKind {
        SecretProblemKind::OtherCertificate {
            named: "00".repeat(20),
            expected: Slot::Primary,
        }
    }

    pub(crate) fn dangling(&self) -> SecretProblemKind {
        let consequence = Consequence::AliasInItsPlace;
        SecretProblemKind::Dangling { consequence }
    }

    /// One that something takes for an encrypted one.
    pub(crate) fn not_encrypted(&self) -> SecretProblemKind {
        let consequence = Some(Consequence::AliasInItsPlace);
        SecretProblemKind::NotEncrypted { consequence }
    }

    pub(crate) fn unreadable(&self) -> SecretProblemKind {
        SecretProblemKind::Unreadable {
            verdict: Verdict::Empty,
            consequence: None,
            named_by: Vec::new(),
        }
    }

    pub(crate) fn secret_differs(&self) -> SecretProblemKind {
        let from = "gateway-1".to_owned();
        SecretProblemKind::Differs { from }
    }

    pub(crate) fn target_differs(&self) -> SecretProblemKind {
        SecretProblemKind::TargetDiffers {
            written: self.place(),
        }
    }

    pub(crate) fn cipher_tool(&self) -> SecretProblemKind {
        SecretProblemKind::CipherTool(Hazard::Line { line: 7 })
    }

    fn place(&self) -> Place {
        Place {
            file: DEPLOYMENT_TOML.into(),
            line: 3,
            column: 1,
            key: "a.b".to_owned(),
        }
    }
}

impl Case {
    /// With all the stores in the home that a configuration names.
    pub(crate) fn with_stores(self) -> Self {
        let key = encode([Lab.primary().entry("wso2carbon")], Encoding::Jks, PASSWORD);
        self.with(&key)
    }

    /// With keys in a PKCS #12, whatever its name.
    pub(crate) fn with_pkcs12_stores(self) -> Self {
        let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
        let entry = resealed(Lab.primary().entry("wso2carbon"), modern.protection());
        self.with(&encode([entry], modern, PASSWORD))
    }

    fn with(mut self, key: &[u8]) -> Self {
        let trust = encode([Lab.ca().trusted("ca")], Encoding::Jks, "wso2carbon");
        for (name, bytes) in [
            ("wso2carbon.jks", key),
            ("tls.jks", key),
            ("client-truststore.jks", &*trust),
        ] {
            let path = format!("repository/resources/security/{name}");
            self.home.push((path, bytes.to_vec()));
        }
        self
    }

    pub(super) fn audit_home(&self, auditor: &Auditor<'_>) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("gateway-1");
        for (path, content) in &self.home {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let reader = HomeReader::new();
        let read = VaultHome::read_all(&reader, &[dir], Duration::ZERO, &|| ());
        let homes: Vec<VaultHome> = read.into_iter().map(Result::unwrap).collect();
        auditor.homes(&homes, None);
        let problem = |kind: &SecretProblemKind| SecretProblem {
            severity: Severity::Error,
            place: Some(Lab.place()),
            alias: Some("a".to_owned()),
            kind: kind.clone(),
        };
        let judged = JudgedSecrets {
            node: "gateway-1".to_owned(),
            verdicts: Vec::new(),
            problems: self.secrets.iter().map(problem).collect(),
        };
        let cluster = Cluster::new([&homes[0].home], None);
        let vault = homes[0].vault();
        let home = Home {
            cluster: &cluster,
            at: 0,
            files: &homes[0],
            vault: &vault,
        };
        auditor.secrets(&home, &judged);
    }
}

fn all_three() -> String {
    format!("[keystore.primary]\n{STORE}[keystore.internal]\n{STORE}[keystore.tls]\n{STORE}")
}
