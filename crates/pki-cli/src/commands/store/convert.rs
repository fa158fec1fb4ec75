use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki_core::{
    edit::{self, Conversion, Target},
    keystore::{Encoding, Pkcs12Profile},
};

use super::{
    encoding::{self, ProfileArg},
    opening::{self, ReadPasswords},
    output::{Output, OutputFlags},
};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Write a keystore in another format, or for other readers; say all that changes by it
///
/// What the new format has no place for is an error, and nothing is written, unless `--allow-loss`.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store convert wso2carbon.jks wso2carbon.p12 --to pkcs12 --store-password file:password",
    help_template = HELP
)]
pub(crate) struct ConvertArgs {
    /// The store; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The new one; `-` is stdout
    #[arg(value_name = "OUT")]
    out: PathBuf,

    /// The new format
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: ToArg,

    /// For PKCS #12, who must be able to read it: `modern` (Java 8u301, 11.0.12 and later) or `java8`
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<ProfileArg>,

    /// Let go what the new format has no place for
    #[arg(long)]
    allow_loss: bool,

    /// Number entries whose aliases differ in case alone, which is an error otherwise
    #[arg(long)]
    number_clashes: bool,

    #[command(flatten)]
    passwords: ReadPasswords,

    #[command(flatten)]
    output: OutputFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ToArg {
    Jks,
    Pkcs12,
    Pem,
}

/// Converts, and writes it where nothing was, or may go.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ConvertArgs) -> Result<Outcome, CommandError> {
    let to = target(args)?;
    let resolver = Passwords::for_stores(ui);
    let (store, keys) = args.passwords.resolve(&resolver)?;
    let password = args.output.password(&resolver, &store)?;
    let out = Output::open(ui, global, &args.out, &args.output)?;
    let bytes = opening::read(&args.file)?;
    let decoded = opening::decode(&args.file, bytes.expose(), &store)?;
    let conversion = Conversion {
        from: decoded.format,
        to,
        passwords: &keys,
        key_password: &password,
        allow_loss: args.allow_loss,
        number_clashes: args.number_clashes,
    };
    let edited = edit::convert(&decoded.keystore, &conversion, &mut encoding::random())
        .map_err(|error| error::edit(&args.file, &error))?;
    out.finish(&edited, to, &password)
}

fn target(args: &ConvertArgs) -> Result<Target, CommandError> {
    if args.to != ToArg::Pkcs12 && args.profile.is_some() {
        return Err(CommandError::usage("`--profile` is for PKCS #12 alone"));
    }
    Ok(match (args.to, args.profile) {
        (ToArg::Jks, _) => Target::Store(Encoding::Jks),
        (ToArg::Pem, _) => Target::Pem,
        (ToArg::Pkcs12, Some(ProfileArg::Java8)) => {
            Target::Store(Encoding::Pkcs12(Pkcs12Profile::Java8))
        }
        (ToArg::Pkcs12, _) => Target::Store(Encoding::Pkcs12(Pkcs12Profile::Modern)),
    })
}
