//! Which rule tells what verification can find: each kind, and each by one rule.

use time::macros::datetime;

use crate::{
    audit::{
        Check, Rule,
        rules::{ALL, find},
        testing::{Lab, in_home, problem},
    },
    key::KeyError,
    keystore::{DecodeError, Format, UnsealError},
    observe::{
        Unopened,
        endpoint::{Failure, TlsVersion},
    },
    path::{ModernProblem, PathProblem},
    verify::{
        Alike, Edge, EdgeProblem, Problem, ProblemKind, SecretProblem, SecretProblemKind, Severity,
        State,
        endpoint::{DifferenceKind, EndpointProblem, Objection},
    },
    wso2::{GATEWAY_CERTIFICATE_ALIAS, Slot, config::DocumentError, vault::Hazard},
    x509::Certificate,
};

/// Who tells of something.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// The rule that claims it.
    By(&'static str),
    /// No rule claims it: this one sees the same in what it looks at itself.
    Beside(&'static str, &'static str),
    /// Nobody, and why that is right.
    Not(&'static str),
}
use Told::{Beside, By, Not};

/// Every kind with samples of it, and who tells of each. A kind that is in no row does not compile.
macro_rules! rows {
    ($kind:ty { $($pattern:pat => [$($sample:expr => $told:expr),+ $(,)?],)+ }) => {{
        let row = |kind: &$kind| -> &'static str {
            match kind { $($pattern => stringify!($pattern)),+ }
        };
        let samples = vec![$($((stringify!($pattern), $sample, $told)),+),+];
        (row, samples)
    }};
}

/// The rules with a check that claims something.
fn claiming(claims: impl Fn(&Check) -> bool) -> Vec<&'static str> {
    let rules = ALL.iter().filter(|rule| rule.checks.iter().any(&claims));
    rules.map(|rule| rule.id).collect()
}

impl Told {
    /// Fails if others tell of it than this says.
    #[track_caller]
    fn holds(self, claiming: &[&str], what: &str) {
        match self {
            By(rule) => assert_eq!(claiming, [rule], "{what}"),
            Beside(rule, why) => {
                assert!(claiming.is_empty(), "{what}: {claiming:?}, though {why}");
                let looks = |rule: &&Rule| rule.checks.iter().any(looks_itself);
                assert!(find(rule).is_some_and(|it| looks(&it)), "{rule}: {why}");
            }
            Not(why) => assert!(claiming.is_empty(), "{what}: {claiming:?}, though {why}"),
        }
    }
}

fn looks_itself(check: &Check) -> bool {
    matches!(
        check,
        Check::Store(_) | Check::Deployment(_) | Check::Secret(_)
    )
}

const IN_STORE: &str = "the store is judged by itself";

#[test]
fn every_problem_is_told_by_one_rule() {
    let lab = Lab;
    let day = datetime!(2030-01-01 0:00 UTC);
    let at = |kind| problem(None, kind);
    let gateway = |kind| problem(Some(GATEWAY_CERTIFICATE_ALIAS), kind);
    let differs = |what| at(lab.differs(what));
    let closed = |reason| at(lab.store_closed(reason));
    let key = |reason| at(ProblemKind::KeyDoesNotOpen(reason));
    let known = ("d2", "2.6");
    let (row, samples) = rows!(ProblemKind {
        ProblemKind::AnchorMissing { .. } => [
            at(lab.anchor_missing()) => By("peer-untrusted"),
            gateway(lab.anchor_missing()) => By("gw-alias-missing"),
        ],
        ProblemKind::FileMissing => [
            at(ProblemKind::FileMissing) => By("file-missing"),
            in_home(ProblemKind::FileMissing) => By("ref-missing-file"),
        ],
        ProblemKind::CertificateMalformed(_) => [
            at(ProblemKind::CertificateMalformed(
                Certificate::from_der(Vec::new()).view().unwrap_err().clone(),
            )) => Beside("store-corrupt", IN_STORE),
        ],
        ProblemKind::ChainIncomplete { .. } => [
            at(ProblemKind::ChainIncomplete { issuer: String::new() }) => Beside(
                "chain-incomplete",
                "it depends on what the truststores hold how bad that is",
            ),
        ],
        ProblemKind::ConfigurationBroken(_) => [
            in_home(ProblemKind::ConfigurationBroken(DocumentError::TooLarge {
                size: 2,
                limit: 1,
            })) => By("config-broken"),
        ],
        ProblemKind::CutToIssuer { .. } => [at(lab.cut_to_issuer()) => By("cut-to-issuer")],
        ProblemKind::DefaultKey { .. } => [
            at(ProblemKind::DefaultKey { id: known.0, shipped_in: known.1 })
                => Beside("default-key", IN_STORE),
        ],
        ProblemKind::DefaultTrust { .. } => [
            at(ProblemKind::DefaultTrust { id: known.0, shipped_in: known.1 })
                => Beside("default-trust", IN_STORE),
        ],
        ProblemKind::EncryptionKeyChanged { .. } => [
            at(lab.encryption_key_changed()) => By("enckey-differs"),
        ],
        ProblemKind::EncryptionKeyMissing => [
            in_home(ProblemKind::EncryptionKeyMissing) => By("enckey-differs"),
        ],
        ProblemKind::Expired { .. } => [
            at(ProblemKind::Expired { not_after: day }) => Beside("expired", IN_STORE),
        ],
        ProblemKind::Expiring { .. } => [
            at(ProblemKind::Expiring { not_after: day })
                => Beside("expiring", "a policy says how soon is soon"),
        ],
        ProblemKind::FolderLeft => [at(ProblemKind::FolderLeft) => By("folder-left")],
        ProblemKind::KeyDoesNotOpen(_) => [
            key(UnsealError::WrongPassword) => Beside("keypass-ne-storepass", IN_STORE),
            key(UnsealError::Damaged { reason: "" }) => Beside("store-corrupt", IN_STORE),
            key(UnsealError::Iterations { found: 2, limit: 1 })
                => Beside("store-corrupt", IN_STORE),
            key(UnsealError::Password { reason: "" }) => By("store-does-not-open"),
            key(UnsealError::Unsupported { algorithm: String::new() })
                => By("store-does-not-open"),
        ],
        ProblemKind::KeyMismatch => [
            at(ProblemKind::KeyMismatch) => Beside("key-mismatch", IN_STORE),
            Problem { node: None, ..at(ProblemKind::KeyMismatch) } => By("key-mismatch"),
        ],
        ProblemKind::KeyPasswordDiffers => [
            in_home(ProblemKind::KeyPasswordDiffers) => By("keypass-ne-storepass"),
        ],
        ProblemKind::KeyMissing { .. } => [at(lab.key_missing()) => By("key-alias-missing")],
        ProblemKind::LocalhostUrl { .. } => [in_home(lab.localhost_url()) => By("url-localhost")],
        ProblemKind::NamesMissing { .. } => [at(lab.names_missing()) => By("san-missing")],
        ProblemKind::NamesNotPermitted { .. } => [
            at(lab.names_not_permitted()) => By("name-not-permitted"),
        ],
        ProblemKind::NoDataEncipherment => [
            at(ProblemKind::NoDataEncipherment) => Beside("ku-no-de", IN_STORE),
        ],
        ProblemKind::NodesDiffer { what: Alike::EncryptionKey, .. } => [
            differs(Alike::EncryptionKey) => By("enckey-differs"),
        ],
        ProblemKind::NodesDiffer { what: Alike::Internal, .. } => [
            differs(Alike::Internal) => By("primary-differs"),
        ],
        ProblemKind::NodesDiffer { what: Alike::Primary, .. } => [
            differs(Alike::Primary) => By("primary-differs"),
        ],
        ProblemKind::NodesDiffer { what: Alike::Transformation, .. } => [
            differs(Alike::Transformation) => By("cipher-mismatch"),
        ],
        ProblemKind::NotInTopology => [
            at(ProblemKind::NotInTopology) => By("not-in-topology"),
        ],
        ProblemKind::NotYetValid { .. } => [
            at(ProblemKind::NotYetValid { not_before: day }) => Beside("not-yet-valid", IN_STORE),
        ],
        ProblemKind::PemDoesNotOpen(_) => [
            at(ProblemKind::PemDoesNotOpen(KeyError::WrongPassword)) => By("store-does-not-open"),
        ],
        ProblemKind::PinMissed { .. } => [at(lab.pin_missed()) => By("pin-missed")],
        ProblemKind::ReadableByOthers { .. } => [
            at(ProblemKind::ReadableByOthers { mode: 0o644 }) => By("file-perms"),
        ],
        ProblemKind::PrimaryImplicit { .. } => [
            in_home(ProblemKind::PrimaryImplicit { slot: Slot::Primary }) => By("primary-implicit"),
        ],
        ProblemKind::PrimaryShort { .. } => [
            at(ProblemKind::PrimaryShort { not_after: day }) => Beside("primary-short", IN_STORE),
        ],
        ProblemKind::PrimaryNamesHost { .. } => [
            at(ProblemKind::PrimaryNamesHost { names: Vec::new() })
                => Beside("primary-names-host", IN_STORE),
        ],
        ProblemKind::PrimaryKey { .. } => [
            at(ProblemKind::PrimaryKey { found: "EC P-256".to_owned() })
                => Beside("primary-not-rsa", IN_STORE),
            at(ProblemKind::PrimaryKey { found: "RSA 1024".to_owned() })
                => Beside("rsa-small", IN_STORE),
        ],
        ProblemKind::PrimaryStale { .. } => [
            at(lab.primary_stale()) => By("peer-untrusted"),
            gateway(lab.primary_stale()) => By("gw-alias-stale"),
        ],
        ProblemKind::SharedDiffers { .. } => [
            at(lab.shared_differs(true)) => By("primary-differs"),
            at(lab.shared_differs(false)) => By("twin-differs"),
        ],
        ProblemKind::Secret(_) => [
            in_home(ProblemKind::Secret(SecretProblemKind::EndsBlank)) => Beside(
                "vault-undecryptable",
                "the audit has all secrets of a home judged, and tells of each",
            ),
        ],
        ProblemKind::SeveralKeys { .. } => [
            at(ProblemKind::SeveralKeys { found: Vec::new() }) => Beside("multi-key-tls", IN_STORE),
        ],
        ProblemKind::StoreDoesNotOpen(_) => [
            at(ProblemKind::StoreDoesNotOpen(Unopened::NoPassword)) => By("store-does-not-open"),
            closed(DecodeError::WrongPassword { format: Format::Jks }) => By("store-does-not-open"),
            closed(DecodeError::UnsupportedFormat { format: Format::Bcfks })
                => By("store-does-not-open"),
            closed(DecodeError::Empty) => Beside("store-corrupt", IN_STORE),
        ],
    });
    for (expected, problem, told) in samples {
        assert_eq!(row(&problem.kind), expected);
        let claims = |check: &Check| matches!(check, Check::Problem(claims) if claims(&problem));
        told.holds(&claiming(claims), expected);
    }
}

#[test]
fn every_problem_of_a_secret_is_told_by_one_rule() {
    let lab = Lab;
    let (row, samples) = rows!(SecretProblemKind {
        SecretProblemKind::BuiltInKey => [
            SecretProblemKind::BuiltInKey => By("vault-built-in-key"),
        ],
        SecretProblemKind::CipherTool(_) => [
            SecretProblemKind::CipherTool(Hazard::Line { line: 7 }) => By("cipher-tool-hazard"),
        ],
        SecretProblemKind::Differs { .. } => [lab.secret_differs() => By("vault-differs")],
        SecretProblemKind::Dangling { .. } => [lab.dangling() => By("vault-undecryptable")],
        SecretProblemKind::EndsBlank => [
            SecretProblemKind::EndsBlank => By("vault-ends-blank"),
        ],
        SecretProblemKind::Missing { .. } => [
            SecretProblemKind::Missing { on: String::new() } => By("vault-differs"),
        ],
        SecretProblemKind::NotEncrypted { .. } => [
            SecretProblemKind::NotEncrypted { consequence: None } => By("plain-secret"),
            lab.not_encrypted() => By("vault-undecryptable"),
        ],
        SecretProblemKind::KeyInClear { .. } => [
            SecretProblemKind::KeyInClear { places: Vec::new() } => By("plain-secret"),
        ],
        SecretProblemKind::Off { .. } => [
            SecretProblemKind::Off { references: 1 } => By("vault-undecryptable"),
        ],
        SecretProblemKind::OtherCertificate { .. } => [lab.other_certificate() => By("envelope-tp")],
        SecretProblemKind::Shadowed => [SecretProblemKind::Shadowed => By("vault-shadowed")],
        SecretProblemKind::TargetDiffers { .. } => [lab.target_differs() => By("vault-stale")],
        SecretProblemKind::Unreadable { .. } => [lab.unreadable() => By("vault-undecryptable")],
        SecretProblemKind::WeakKey { .. } => [
            SecretProblemKind::WeakKey { bits: 1024 } => By("vault-weak-key"),
        ],
    });
    for (expected, kind, told) in samples {
        assert_eq!(row(&kind), expected);
        let problem = SecretProblem {
            severity: Severity::Error,
            place: None,
            alias: None,
            kind,
        };
        let claims = |check: &Check| matches!(check, Check::Secret(claims) if claims(&problem));
        told.holds(&claiming(claims), expected);
    }
}

#[test]
fn every_problem_of_a_live_server_is_told_by_one_rule() {
    let lab = Lab;
    let refused = |objection| EndpointProblem::Refused {
        by: Vec::new(),
        nobody_connects: false,
        objection,
    };
    let (row, samples) = rows!(EndpointProblem {
        EndpointProblem::ChainOrder { .. } => [
            EndpointProblem::ChainOrder { at: 1 } => By("chain-order"),
        ],
        EndpointProblem::ExpiresSoon { .. } => [lab.expires_soon() => By("expiring")],
        EndpointProblem::Handshake { .. } => [
            EndpointProblem::Handshake { failure: Failure::Closed { received: 0 } }
                => By("handshake-fails"),
        ],
        EndpointProblem::NotOnDisk { .. } => [
            lab.not_on_disk(DifferenceKind::FileYounger) => By("served-not-on-disk"),
        ],
        EndpointProblem::OldVersion { .. } => [
            EndpointProblem::OldVersion { version: TlsVersion::Tls10 } => By("old-tls"),
        ],
        EndpointProblem::Refused { .. } => [refused(lab.untrusted()) => By("peer-untrusted")],
        EndpointProblem::RefusedIfSet { .. } => [
            EndpointProblem::RefusedIfSet {
                by: Vec::new(),
                objection: Objection::Name { name: "gw1".into() },
            } => By("san-missing"),
        ],
        EndpointProblem::Weak { .. } => [
            EndpointProblem::Weak { problem: lab.no_anchor() } => By("client-refuses"),
        ],
    });
    let claiming = |problem: &EndpointProblem| {
        claiming(|check| matches!(check, Check::Endpoint(claims) if claims(problem)))
    };
    for (expected, problem, told) in samples {
        assert_eq!(row(&problem), expected);
        told.holds(&claiming(&problem), expected);
    }
    let certificate = || lab.tls().certificate();
    let modern = Objection::Modern;
    let (row, samples) = rows!(Objection {
        Objection::Expired(_) => [Objection::Expired(certificate()) => By("expired")],
        Objection::Modern(ModernProblem::Expired) => [
            modern(ModernProblem::Expired) => By("expired"),
        ],
        Objection::Modern(ModernProblem::NotYetValid) => [
            modern(ModernProblem::NotYetValid) => By("not-yet-valid"),
        ],
        Objection::Modern(ModernProblem::Untrusted) => [
            modern(ModernProblem::Untrusted) => By("peer-untrusted"),
        ],
        Objection::Modern(_) => [modern(ModernProblem::Version) => By("client-refuses")],
        Objection::Name { .. } => [
            Objection::Name { name: "gw1".into() } => By("san-missing"),
        ],
        Objection::NothingInCommon { .. } => [
            Objection::NothingInCommon { reason: String::new() } => By("handshake-fails"),
        ],
        Objection::NotYetValid(_) => [
            Objection::NotYetValid(certificate()) => By("not-yet-valid"),
        ],
        Objection::Path(PathProblem::NameRefused { .. }) => [
            Objection::Path(lab.name_refused()) => By("san-missing"),
        ],
        Objection::Path(_) => [Objection::Path(lab.no_anchor()) => By("client-refuses")],
        Objection::Untrusted { .. } => [lab.untrusted() => By("peer-untrusted")],
        Objection::WrongKey => [Objection::WrongKey => By("key-mismatch")],
    });
    for (expected, objection, told) in samples {
        assert_eq!(row(&objection), expected);
        told.holds(&claiming(&refused(objection)), expected);
    }
}

#[test]
fn every_problem_of_a_connection_is_told_by_one_rule() {
    const IN_FILE: &str = "it is told of the file that is missing or does not open";
    const OF_CERTIFICATE: &str = "it is told of the certificate, once for all connections";
    let lab = Lab;
    let file = || problem(None, ProblemKind::FolderLeft).file.unwrap();
    let (row, samples) = rows!(EdgeProblem {
        EdgeProblem::NoCertificate { .. } => [
            EdgeProblem::NoCertificate { file: file() } => Not(IN_FILE),
        ],
        EdgeProblem::NoTruststore { .. } => [
            EdgeProblem::NoTruststore { file: file() } => Not(IN_FILE),
        ],
        EdgeProblem::NameUnchecked(_) => [
            EdgeProblem::NameUnchecked(lab.name_mismatch())
                => Not("the client does not look at names: the connection does not fail by it"),
        ],
        EdgeProblem::Path(PathProblem::NameMismatch { .. }) => [
            EdgeProblem::Path(lab.name_mismatch()) => By("san-missing"),
        ],
        EdgeProblem::Path(PathProblem::NameRefused { .. }) => [
            EdgeProblem::Path(lab.name_refused()) => By("san-missing"),
        ],
        EdgeProblem::Path(PathProblem::Expired { .. }) => [
            EdgeProblem::Path(lab.path_expired()) => Beside("expired", OF_CERTIFICATE),
        ],
        EdgeProblem::Path(PathProblem::NotYetValid { .. }) => [
            EdgeProblem::Path(lab.path_not_yet_valid()) => Beside("not-yet-valid", OF_CERTIFICATE),
        ],
        EdgeProblem::Path(_) => [EdgeProblem::Path(lab.no_anchor()) => By("peer-untrusted")],
    });
    for (expected, problem, told) in samples {
        assert_eq!(row(&problem), expected);
        let edge: Edge = lab.connection(State::Failed, [problem]);
        let claims = |check: &Check| matches!(check, Check::Edge(why) if why(&edge).is_some());
        told.holds(&claiming(claims), expected);
    }
}
