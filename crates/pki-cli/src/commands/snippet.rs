use clap::{Args, ValueEnum};
use pki_core::{install, wso2::config::SnippetForm};

use super::install::Style;
use crate::{
    cli::{Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Print what has to be set for a node's stores, to be pasted
///
/// For those who do not let a tool write their configuration: the tables of `deployment.toml`, the elements
/// of 2.x's XML files, values and secrets for the product's Helm charts, variables for its playbooks.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki snippet --node gateway-1 --for toml",
    help_template = HELP
)]
pub(crate) struct SnippetArgs {
    /// The node
    #[arg(long, value_name = "NODE")]
    node: String,

    /// Where it is to be pasted
    #[arg(long = "for", value_enum, value_name = "FORM")]
    form: Form,

    /// How passwords are written
    #[arg(long, value_enum, default_value_t = Style::Env)]
    passwords: Style,
}

/// Where a snippet is to be pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// `deployment.toml`, from 3.0 on
    Toml,
    /// The XML files of 2.x
    Xml,
    /// Tomcat's own part of either
    Tomcat,
    /// Values for the product's Helm charts
    Helm,
    /// The secrets that these values name, with the stores in them
    Kubernetes,
    /// Variables of a host, for the product's playbooks
    Ansible,
}

/// Prints the snippet.
pub(crate) fn run(ui: &Ui, global: &Global, args: &SnippetArgs) -> Result<Outcome, CommandError> {
    let topology = deployment::read_topology(global)?;
    let node = deployment::node(&topology, &args.node)?;
    // Passwords and stores are in the workspace; names are not.
    let looks = args.passwords == Style::Plain || args.form == Form::Kubernetes;
    let found = match looks {
        true => Some(deployment::look(ui, global, &topology)?),
        false => None,
    };
    let (form, style) = (args.form.into(), args.passwords.into());
    let text = install::snippet(&topology, node, form, style, found.as_ref())
        .map_err(|refusal| error::packing(&refusal, &global.paste()))?;
    ui.data(text.expose())?;
    Ok(Outcome::Done)
}

impl From<Form> for SnippetForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Ansible => Self::Ansible,
            Form::Helm => Self::Helm,
            Form::Kubernetes => Self::Kubernetes,
            Form::Tomcat => Self::Tomcat,
            Form::Toml => Self::Toml,
            Form::Xml => Self::Xml,
        }
    }
}
