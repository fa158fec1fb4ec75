//! What to do about what was seen of a server.

use pki_core::{
    observe::endpoint::{Failure, Observation, Protocol},
    report::text::Probed,
    verify::endpoint::{EndpointProblem, Objection},
};

/// True if nobody listens.
pub(super) fn is_off(seen: &Observation) -> bool {
    seen.handshake == Err(Failure::Refused)
}

/// What to do about a problem.
pub(super) fn problem(probed: &Probed, problem: &EndpointProblem) -> Option<String> {
    let text = match problem {
        EndpointProblem::NotOnDisk { difference } if difference.kind.is_restart_due() => {
            "restart the server: most listeners read their keystore at start alone".to_owned()
        }
        EndpointProblem::NotOnDisk { .. } => {
            "see which file the listener's configuration names, and whether it was installed"
                .to_owned()
        }
        EndpointProblem::OldVersion { .. } => {
            "take TLSv1 and TLSv1.1 out of the listener's protocols (2.x: `sslEnabledProtocols` in \
             catalina-server.xml, `HttpsProtocols` in axis2.xml; from 3.0 on in deployment.toml)"
                .to_owned()
        }
        EndpointProblem::Refused { objection, .. } => refused(probed, objection)?,
        EndpointProblem::RefusedIfSet { .. } => {
            "it works because the start script sets `httpclient.hostnameVerifier=AllowAll`, or the \
             gateway's `HostnameVerifier` is lax: a certificate with the name works with every setting"
                .to_owned()
        }
        EndpointProblem::Handshake { failure } => handshake(failure)?,
        EndpointProblem::ExpiresSoon { .. } => {
            "`apim-pki plan` says when it is renewed, `apim-pki issue` renews it".to_owned()
        }
        EndpointProblem::ChainOrder { .. } => {
            "`apim-pki store check FILE --repair` puts the chain of a keystore in order".to_owned()
        }
        _ => return None,
    };
    Some(text)
}

fn refused(probed: &Probed, objection: &Objection) -> Option<String> {
    let endpoint = &probed.seen.endpoint;
    Some(match objection {
        Objection::Name { name } if probed.node.is_some() => format!(
            "name `{name}` in the topology (`sans` of the node, `names` of its group), then \
             `apim-pki issue`"
        ),
        Objection::Name { .. } => {
            format!("if clients call it by another name: `apim-pki probe {endpoint} --name NAME`")
        }
        Objection::Untrusted { .. } => {
            "its issuer's certificate is missing in the truststore: `apim-pki store import \
             TRUSTSTORE --alias NAME --cert CA.pem --store-password file:PATH`"
                .to_owned()
        }
        Objection::Expired(_) => "`apim-pki issue` makes a new one; then restart the server".to_owned(),
        Objection::WrongKey => {
            "`apim-pki store check FILE --store-password file:PATH` says which key belongs to another \
             certificate"
                .to_owned()
        }
        Objection::NothingInCommon { .. } => {
            "let the listener take TLSv1.2 and TLSv1.3, with cipher suites of today".to_owned()
        }
        _ => return None,
    })
}

fn handshake(failure: &Failure) -> Option<String> {
    Some(match failure {
        Failure::NotTls {
            looks_like: Some(Protocol::Http),
            ..
        } => "the TLS ports are 9443, 8243, 8099, … plus the offset; 9763 and 8280 are plain"
            .to_owned(),
        Failure::NotTls {
            looks_like: Some(Protocol::Amqp),
            ..
        } => "5672 is plain, 8672 is TLS, plus the offset".to_owned(),
        Failure::CertificateRefused { .. } => {
            "the server takes certificates of the issuers that are listed; its truststore decides"
                .to_owned()
        }
        _ => return None,
    })
}
