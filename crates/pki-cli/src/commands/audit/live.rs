//! Live servers.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use pki_core::{
    audit::{Auditor, Context},
    observe::{
        Home, Inventory,
        endpoint::{Endpoint, Settings},
    },
    wso2::Product,
};

use crate::{
    cli::{Global, waiting_time},
    commands::probe::{self, Asked},
    error::{self, CommandError},
    ui::Ui,
};

/// Which servers, and how they are looked at.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// A live server; IPv6 in brackets: `[::1]:9443`; may be given again
    ///
    /// With `-f`, one that is a node's is held against the node's files.
    #[arg(long, value_name = "HOST:PORT", num_args = 1..)]
    host: Vec<String>,

    /// Every TLS port of every node of the topology, held against the node's files: in its home, if `--home`
    /// names it, else in the workspace
    #[arg(long)]
    pub(super) live: bool,

    /// Whom the clients of `--host` trust: a truststore or CA certificates; may be given again
    #[arg(long, value_name = "FILE", requires = "host")]
    trust: Vec<PathBuf>,

    /// How long to wait for a connection, and for a handshake: `5s`, `500ms`, `1m`
    #[arg(long, value_name = "TIME", value_parser = waiting_time, default_value = "5s")]
    timeout: Duration,
}

impl LiveArgs {
    /// True if servers are named on the command line.
    pub(super) fn names_hosts(&self) -> bool {
        !self.host.is_empty()
    }
}

/// Looks at all servers at once, and hands what was seen to the auditor.
pub(super) fn audit(
    ui: &Ui,
    global: &Global,
    (context, auditor): (&Context<'_>, &Auditor<'_>),
    args: &LiveArgs,
    on_disk: (Option<&Inventory>, &[&Home]),
) -> Result<(), CommandError> {
    if args.timeout.is_zero() {
        return Err(CommandError::usage("`--timeout` is no time at all"));
    }
    let asked = asked(ui, global, context, args, on_disk)?;
    let seen = probe::look(ui, &asked, &Settings::within(args.timeout));
    for (asked, seen) in asked.iter().zip(&seen) {
        if asked.may_be_off(seen) {
            let host = seen.endpoint.to_string();
            auditor.not_checked(host, "nobody listens there, and nothing needs it");
            continue;
        }
        let judgement = asked.judge(seen, context.now);
        auditor.endpoint(seen, &judgement, asked.node.as_deref());
    }
    Ok(())
}

/// Each server once.
fn asked(
    ui: &Ui,
    global: &Global,
    context: &Context<'_>,
    args: &LiveArgs,
    on_disk: (Option<&Inventory>, &[&Home]),
) -> Result<Vec<Asked>, CommandError> {
    let parsed = args.host.iter().map(|text| text.parse());
    let mut endpoints: Vec<Endpoint> = parsed
        .collect::<Result<_, _>>()
        .map_err(|wrong| error::endpoint(&wrong))?;
    endpoints.sort();
    endpoints.dedup();
    let mut asked = Vec::new();
    if let Some(topology) = context.topology {
        asked = probe::nodes::every(ui, global, topology, on_disk, |node| {
            let named = |it: &Endpoint| it.host() == node.host.to_string();
            args.live || endpoints.iter().any(named)
        })?;
        asked.retain(|it| args.live || endpoints.contains(&it.target.endpoint));
        endpoints.retain(|it| asked.iter().all(|known| known.target.endpoint != *it));
    }
    let trust = probe::files::trust(&args.trust, &context.passwords)?;
    let product = context.topology.map(|topology| topology.product);
    let product = product.unwrap_or(Product::SUPPORTED.1);
    let given = endpoints.into_iter();
    asked.extend(given.map(|it| Asked::given(it, None, product).trust(trust.clone())));
    Ok(asked)
}
