//! Live servers, as they would have been seen.

use rcgen::ExtendedKeyUsagePurpose;

use super::{Case, Lab, Made, moment};
use crate::{
    observe::endpoint::{
        ClientCertificate, Endpoint, Failure, KeyProof, Observation, Session, TlsVersion,
    },
    path::ServerName,
    verify::endpoint::{
        Difference, DifferenceKind, EndpointProblem, Objection, OnDisk, Question, judge,
    },
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

    /// A server of which something is wrong.
    pub(crate) fn endpoint(&self, problem: EndpointProblem) -> Case {
        let mut case = self.served("gw1", "gw1");
        for (_, judgement) in &mut case.live {
            judgement.problems = vec![problem.clone()];
        }
        case
    }

    /// A server to which somebody does not connect.
    pub(crate) fn refused(&self, objection: Objection) -> Case {
        self.endpoint(EndpointProblem::Refused {
            by: Vec::new(),
            nobody_connects: true,
            objection,
        })
    }

    /// A server to which nobody would connect who looks at names.
    pub(crate) fn refused_if_set(&self, objection: Objection) -> Case {
        let by = Vec::new();
        self.endpoint(EndpointProblem::RefusedIfSet { by, objection })
    }

    pub(crate) fn expires_soon(&self) -> EndpointProblem {
        let certificate = self.tls().certificate();
        let not_after = certificate.view().unwrap().not_after;
        EndpointProblem::ExpiresSoon {
            certificate,
            not_after,
        }
    }

    pub(crate) fn not_on_disk(&self, kind: DifferenceKind) -> EndpointProblem {
        let served = self.tls().certificate();
        let on_disk = OnDisk::new("tls.jks", None, vec![self.other().certificate()]);
        let difference = Difference {
            on_disk,
            served,
            kind,
        };
        EndpointProblem::NotOnDisk { difference }
    }

    pub(crate) fn untrusted(&self) -> Objection {
        let certificate = self.tls().certificate();
        let issuer = certificate.view().unwrap().issuer.clone();
        Objection::Untrusted { issuer }
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
