//! One file per command: its arguments, whose doc comments are the help, and `run`.

pub(crate) mod audit;
pub(crate) mod bundle;
pub(crate) mod cert;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod issue;
pub(crate) mod plan;
#[cfg(feature = "probe")]
pub(crate) mod probe;
mod saving_as;
pub(crate) mod snippet;
pub(crate) mod store;
pub(crate) mod vault;
pub(crate) mod verify;

use std::fs;

use clap::Args;
use pki_core::disk::Holder;
use time::OffsetDateTime;

use crate::passwords::SourceArg;

/// What `plan` and `issue` must agree on: a plan shows what `issue` does with the same flags.
#[derive(Debug, Default, Args)]
pub(crate) struct Selection {
    /// Make the own key and certificate of this node alone; may be given again
    ///
    /// What all nodes share follows wherever the choice changes it.
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Vec<String>,

    /// The same for all nodes of a role; may be given again
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Vec<String>,

    /// Move the folders of nodes that left the topology to `generations/`
    #[arg(long)]
    pub(crate) prune: bool,

    /// A password that a store may still have, where the topology names a new one; may be given again
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC")]
    pub(crate) old_password: Vec<SourceArg>,
}

/// This process, as whoever waits for a lock is told of it.
pub(crate) fn holder() -> Holder {
    Holder {
        pid: std::process::id(),
        host: this_host(),
        started: OffsetDateTime::now_utc(),
    }
}

/// The name of this machine, for whoever waits for the lock that this run holds.
pub(crate) fn this_host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| fs::read_to_string("/etc/hostname"))
        .unwrap_or_default();
    match name.trim() {
        "" => "this machine".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser, Subcommand};

    use super::{issue::IssueArgs, plan::PlanArgs, verify::VerifyArgs};

    #[derive(Debug, Parser)]
    struct All {
        #[command(subcommand)]
        command: Verb,
    }

    #[derive(Debug, Subcommand)]
    enum Verb {
        Issue(IssueArgs),
        Plan(PlanArgs),
        Verify(VerifyArgs),
    }

    fn parsed<const N: usize>(args: [&str; N]) -> Verb {
        All::try_parse_from(["apim-pki"].into_iter().chain(args))
            .unwrap()
            .command
    }

    #[test]
    fn the_grammar_of_each_command_is_sound() {
        All::command().debug_assert();
    }

    #[test]
    fn old_passwords_are_sources_in_the_order_given() {
        let Verb::Issue(args) = parsed([
            "issue",
            "--old-password",
            "env:OLD",
            "--old-password",
            "hunter2",
            "--ca-key",
            "ca.key",
        ]) else {
            panic!("issue is issue");
        };
        let [first, second] = &args.selection.old_password[..] else {
            panic!("two were given");
        };
        assert_eq!(
            first.source("--old-password").unwrap().to_string(),
            "env:OLD"
        );
        assert!(second.source("--old-password").is_err());
        assert!(args.ca_key.is_some() && !args.selection.prune);
    }

    #[test]
    fn this_machine_has_a_name_of_one_line() {
        let name = super::this_host();
        assert!(!name.is_empty() && !name.contains('\n'), "{name:?}");
    }

    #[test]
    fn nodes_and_roles_may_be_given_again() {
        let Verb::Plan(args) = parsed(["plan", "--node", "a", "--node", "b", "--role", "store"])
        else {
            panic!("plan is plan");
        };
        assert_eq!(args.selection.node, ["a", "b"]);
        assert_eq!(args.selection.role, ["store"]);
        assert!(!args.exit_code);
        let Verb::Verify(args) = parsed(["verify", "--node", "a"]) else {
            panic!("verify is verify");
        };
        assert_eq!(args.node, ["a"]);
    }
}
