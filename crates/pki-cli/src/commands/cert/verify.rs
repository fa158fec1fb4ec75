use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki_core::{
    path::{Anchors, Options, PathChecker, Purpose, ServerName},
    report::{self, text::Judged},
};
use time::OffsetDateTime;

use super::{certificates, trusted};
use crate::{
    cli::{Format, Global, HELP, rfc3339},
    commands::store::opening::{self, ReadPasswords},
    error::{CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Judge a certificate as a Java client does: chain, names, usage, validity
///
/// Every problem is told, not the first one alone. 0: accepted, perhaps with warnings. 1: not accepted.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki cert verify tls.pem --trust pki/ca/ca.pem --name gw.example.com",
    help_template = HELP
)]
pub(crate) struct VerifyArgs {
    /// The chain that a server presents, its own certificate first: PEM, DER, a keystore; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Whom the client trusts: CA certificates or a truststore; may be given again
    #[arg(long, required = true, value_name = "FILE", num_args = 1..)]
    trust: Vec<PathBuf>,

    /// Intermediates that the client may know from elsewhere; may be given again
    #[arg(long, value_name = "FILE", num_args = 1..)]
    untrusted: Vec<PathBuf>,

    /// The host name or address by which the client knows the server
    #[arg(long, value_name = "HOST|IP")]
    name: Option<String>,

    /// What the certificate is used for
    #[arg(long, value_enum, default_value_t = PurposeArg::Server)]
    purpose: PurposeArg,

    /// When, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    at: Option<OffsetDateTime>,

    #[command(flatten)]
    passwords: ReadPasswords,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PurposeArg {
    Server,
    Client,
    Any,
}

/// Judges the chain.
pub(crate) fn run(ui: &Ui, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    let (store, _) = args.passwords.resolve(&Passwords::for_stores(ui))?;
    let chain = certificates(&args.file, &store)?;
    let (mut trust, mut untrusted) = (Vec::new(), Vec::new());
    for file in &args.trust {
        trust.extend(trusted(file, &store)?);
    }
    for file in &args.untrusted {
        untrusted.extend(certificates(file, &store)?);
    }
    let options = Options {
        name: args.name.as_deref().map(ServerName::from),
        purpose: match args.purpose {
            PurposeArg::Server => Purpose::Server,
            PurposeArg::Client => Purpose::Client,
            PurposeArg::Any => Purpose::Any,
        },
        at: args.at.unwrap_or_else(|| global.now()),
    };
    let anchors = Anchors::new(trust);
    if anchors.is_empty() {
        ui.warning("there is no certificate in what `--trust` names");
    }
    let verdict = PathChecker::new().check(&chain, &untrusted, &anchors, &options);
    let judged = Judged {
        path: &opening::shown(&args.file),
        verdict: &verdict,
        name: options.name.as_ref(),
        purpose: options.purpose,
    };
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::judged(judged, &mut out),
        Format::Text => report::text::judged(judged, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    Ok(match verdict.is_accepted() {
        true => Outcome::Done,
        false => Outcome::Problems,
    })
}
