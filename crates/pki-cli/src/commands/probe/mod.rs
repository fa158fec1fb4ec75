//! `probe`: what live servers present, and who takes it.

pub(super) mod files;
mod hints;
pub(super) mod nodes;

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use pki_core::{
    observe::endpoint::{
        Demand, Endpoint, InvalidEndpoint, Observation, Settings, Target, probe_all,
    },
    path::{Anchors, ServerName},
    report::{self, text::Probed},
    verify::{
        Severity,
        endpoint::{Judgement, OnDisk, Question, judge},
    },
    wso2::{Channel, Product},
};
use time::OffsetDateTime;

use crate::{
    cli::{Format, Global, HELP, waiting_time},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, SourceArg},
    ui::Ui,
};

/// Look at live TLS servers: what they present, which TLS they speak, and who would take it
///
/// The chain is shown even where nobody would take it. Each of the product's client stacks is asked, and
/// a client of today; where they differ, that is said. 1: a problem. 3: an endpoint could not be looked at.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki probe gw1.example.com:9443 --trust client-truststore.jks --store tls.jks",
    help_template = HELP
)]
pub(crate) struct ProbeArgs {
    /// Where to look; IPv6 in brackets: `[::1]:9443`
    #[arg(
        value_name = "HOST:PORT",
        required_unless_present = "node",
        conflicts_with = "node"
    )]
    endpoints: Vec<String>,

    /// Every TLS port of this node of the topology, held against its files; may be given again
    #[arg(long, value_name = "NODE")]
    node: Vec<String>,

    /// The name to ask for and to judge by, where it is not the host
    #[arg(long, value_name = "HOST|IP", conflicts_with = "node")]
    name: Option<String>,

    /// Whom clients trust: a truststore or CA certificates; may be given again
    #[arg(long, value_name = "FILE", conflicts_with = "node")]
    trust: Vec<PathBuf>,

    /// What should be served: the server's keystore, or its chain as PEM
    #[arg(long, value_name = "FILE", conflicts_with = "node")]
    store: Option<PathBuf>,

    /// The password of `--store` and `--trust`; may be given again, then each is tried
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC")]
    store_password: Vec<SourceArg>,

    /// A keystore with the key for servers that ask for a client certificate
    #[arg(long, value_name = "FILE")]
    client_store: Option<PathBuf>,

    /// Its password
    #[arg(long, value_name = "SRC", requires = "client_store")]
    client_store_password: Option<SourceArg>,

    /// The key's password, where it is not the store's
    #[arg(long, value_name = "SRC", requires = "client_store")]
    client_key_password: Option<SourceArg>,

    /// The key's alias, where there are several
    #[arg(long, value_name = "ALIAS", requires = "client_store")]
    client_alias: Option<String>,

    /// The release whose clients are asked [default: the newest; with `--node` the topology's]
    #[arg(long, value_name = "RELEASE", conflicts_with = "node")]
    product: Option<Product>,

    /// How long to wait for a connection, and for a handshake: `5s`, `500ms`, `1m`
    #[arg(long, value_name = "TIME", value_parser = waiting_time, default_value = "5s")]
    timeout: Duration,

    /// What ends the run with 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
}

/// One endpoint, and how it is to be judged.
pub(super) struct Asked {
    pub(super) node: Option<String>,
    pub(super) target: Target,
    name: ServerName,
    product: Product,
    channel: Option<Channel>,
    trust: Option<Arc<Anchors>>,
    files: Vec<OnDisk>,
    /// Nobody needs it: it may be switched off.
    optional: bool,
}

impl Asked {
    /// An endpoint of which nothing is known but what the command line says.
    pub(super) fn given(endpoint: Endpoint, name: Option<String>, product: Product) -> Self {
        // A zone says how to get there, and is no part of a name.
        let address = endpoint.ip().map(|address| address.to_string());
        let own = address.unwrap_or_else(|| endpoint.host().to_owned());
        Self {
            node: None,
            name: ServerName::from(&*name.clone().unwrap_or(own)),
            target: Target::new(endpoint).name(name),
            product,
            channel: None,
            trust: None,
            files: Vec::new(),
            optional: false,
        }
    }

    /// The same with whom its clients trust.
    pub(super) fn trust(mut self, trust: Option<Arc<Anchors>>) -> Self {
        self.trust = trust;
        self
    }

    /// What is to be said of what was seen.
    pub(super) fn judge(&self, seen: &Observation, now: OffsetDateTime) -> Judgement {
        let question = Question::new(self.name.clone(), self.product, now)
            .channel(self.channel)
            .trust(self.trust.as_deref())
            .files(&self.files);
        judge(seen, &question)
    }

    /// True if nobody listens there, and nobody needs it.
    pub(super) fn may_be_off(&self, seen: &Observation) -> bool {
        self.optional && hints::is_off(seen)
    }
}

/// Looks at all of them at once; what was seen, in their order.
pub(super) fn look(ui: &Ui, asked: &[Asked], settings: &Settings) -> Vec<Observation> {
    let targets: Vec<Target> = asked.iter().map(|it| it.target.clone()).collect();
    let progress = ui.progress("looking at endpoints", targets.len());
    probe_all(&targets, settings, &|| progress.advance())
}

/// Looks at all of them at once, then judges.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ProbeArgs) -> Result<Outcome, CommandError> {
    if args.timeout.is_zero() {
        return Err(CommandError::usage("`--timeout` is no time at all"));
    }
    let passwords = Passwords::for_stores(ui);
    let asked = match args.node.is_empty() {
        true => given(args, &passwords)?,
        false => nodes::of(ui, global, &args.node)?,
    };
    let identity = files::identity(args, &passwords)?;
    let settings = Settings::within(args.timeout).identity(identity);
    let seen = look(ui, &asked, &settings);

    let now = global.now();
    let mut probed = Vec::new();
    for (asked, seen) in asked.into_iter().zip(seen) {
        if asked.may_be_off(&seen) {
            ui.status(format_args!(
                "`{}`: nobody listens there, and nothing needs it",
                seen.endpoint
            ));
            continue;
        }
        probed.push(Probed {
            judgement: asked.judge(&seen, now),
            node: asked.node,
            seen,
        });
    }
    show(ui, global, &probed)?;
    advise(ui, args, &probed);
    end(args, &probed)
}

/// The endpoints of the command line.
fn given(args: &ProbeArgs, passwords: &Passwords<'_>) -> Result<Vec<Asked>, CommandError> {
    let endpoints = args.endpoints.iter().map(|text| text.parse());
    let endpoints: Vec<Endpoint> = endpoints
        .collect::<Result<_, InvalidEndpoint>>()
        .map_err(|wrong| error::endpoint(&wrong))?;
    let name = args.name.as_deref().map(name).transpose()?;
    let given = files::Given::read(args, passwords)?;
    let product = args.product.unwrap_or(Product::SUPPORTED.1);
    let asked = endpoints.into_iter().map(|endpoint| {
        let mut asked = Asked::given(endpoint, name.clone(), product).trust(given.trust.clone());
        asked.files.clone_from(&given.files);
        asked
    });
    Ok(asked.collect())
}

/// `--name`, in the form that goes into a handshake.
fn name(text: &str) -> Result<String, CommandError> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let any = Endpoint::new(bare, 443).map_err(|wrong| error::endpoint(&wrong))?;
    Ok(any.host().to_owned())
}

fn show(ui: &Ui, global: &Global, probed: &[Probed]) -> Result<(), CommandError> {
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::probe(probed, &mut out),
        Format::Text => {
            let hint = &hints::problem;
            report::text::probe(probed, global.now(), hint, ui.layout(), &mut out)
        }
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)
}

/// What would have told more.
fn advise(ui: &Ui, args: &ProbeArgs, probed: &[Probed]) {
    let seen = || probed.iter().filter(|it| !it.seen.chain.is_empty());
    if seen().any(|it| !it.judgement.trust_judged) && args.node.is_empty() {
        ui.hint("without `--trust FILE` nobody says whom the clients trust: that was not judged");
    }
    let demands = |it: &Probed| it.seen.client_certificate.demand == Demand::Required;
    if args.client_store.is_none() && seen().any(demands) {
        ui.hint("`--client-store FILE --client-store-password SRC` shows the server a certificate");
    }
}

/// An endpoint that could not be looked at comes before one that has a problem.
fn end(args: &ProbeArgs, probed: &[Probed]) -> Result<Outcome, CommandError> {
    let unseen: Vec<_> = probed.iter().map(|it| &it.seen).collect();
    if let Some(error) = error::unseen(&unseen) {
        return Err(error);
    }
    let severity = match args.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
    };
    Ok(match probed.iter().any(|it| it.judgement.has(severity)) {
        true => Outcome::Problems,
        false => Outcome::Done,
    })
}
