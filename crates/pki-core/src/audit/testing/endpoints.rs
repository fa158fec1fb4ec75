//! Live servers, as they would have been seen.

use rcgen::ExtendedKeyUsagePurpose;

use super::{Case, Lab, Made, moment};
use crate::{
    observe::endpoint::{
        ClientCertificate, Endpoint, Failure, KeyProof, Observation, Session, TlsVersion,
    },
    path::ServerName,
    verify::endpoint::{OnDisk, Question, judge},
    wso2::Product,
};

impl Lab {
    /// A server that presents the certificate of one node, where the files have another's.
    pub(crate) fn served(&self, presented: &str, on_disk: &str) -> Case {
        let seen = seen(&self.of(presented), Ok(()));
        let chain = match presented == on_disk {
            true => seen.chain.clone(),
            false => vec![self.of(on_disk).certificate()],
        };
        self.live(&seen, &[OnDisk::new("tls.jks", None, chain)])
    }

    /// A server that hangs up in the handshake.
    pub(crate) fn handshake_fails(&self) -> Case {
        let failure = Failure::Closed { received: 7 };
        self.live(&seen(&self.tls(), Err(failure)), &[])
    }

    /// A server whose certificate is for clients.
    pub(crate) fn no_server_certificate(&self) -> Case {
        let made = self.tls().purposes([ExtendedKeyUsagePurpose::ClientAuth]);
        self.live(&seen(&made, Ok(())), &[])
    }

    fn of(&self, host: &str) -> Made {
        match host {
            "gw1" => self.tls(),
            _ => self.other(),
        }
    }

    fn live(&self, seen: &Observation, files: &[OnDisk]) -> Case {
        let mut case = self.empty();
        let name = ServerName::from("gw1.example.com");
        let now = moment("2026-11-23");
        let question = Question::new(name, Product::SUPPORTED.1, now).files(files);
        case.live.push((seen.clone(), judge(seen, &question)));
        case
    }
}

fn seen(made: &Made, handshake: Result<(), Failure>) -> Observation {
    Observation {
        endpoint: Endpoint::new("gw1.example.com", 9443).unwrap(),
        server_name: None,
        address: None,
        handshake: handshake.map(|()| Session::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256")),
        chain: vec![made.certificate()],
        seen_in_clear: false,
        key: KeyProof::Proven,
        versions: std::collections::BTreeMap::new(),
        client_certificate: ClientCertificate::default(),
    }
}
