use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki_core::{
    edit::{self, Change, Conflict, Conversion, Target},
    keystore::{Encoding, Keystore},
};

use super::{
    encoding::{self, NewStore},
    opening::{self, ReadPasswords},
    output::{Output, OutputFlags},
};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Put the entries of several keystores into one
///
/// The first store's entries keep their places, what the others have beyond them follows. A certificate
/// that is trusted already is not added again.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store merge vendor.jks ours.p12 --out client-truststore.jks --store-password file:password",
    help_template = HELP
)]
pub(crate) struct MergeArgs {
    /// The stores, in any format
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The new one; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,

    /// What becomes of two different entries with one alias
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ConflictArg::Refuse)]
    conflict: ConflictArg,

    /// Let go what the new format has no place for
    #[arg(long)]
    allow_loss: bool,

    #[command(flatten)]
    new: NewStore,

    #[command(flatten)]
    passwords: ReadPasswords,

    #[command(flatten)]
    output: OutputFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ConflictArg {
    /// Nothing is written
    Refuse,
    /// The first store's entry stays
    First,
    /// The last store's takes its place
    Last,
    /// The later one gets a number
    Rename,
}

impl From<ConflictArg> for Conflict {
    fn from(conflict: ConflictArg) -> Self {
        match conflict {
            ConflictArg::Refuse => Self::Refuse,
            ConflictArg::First => Self::KeepFirst,
            ConflictArg::Last => Self::KeepLast,
            ConflictArg::Rename => Self::Rename,
        }
    }
}

/// Makes all of them alike first: one format, one password.
pub(crate) fn run(ui: &Ui, global: &Global, args: &MergeArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let (store, keys) = args.passwords.resolve(&resolver)?;
    let password = args.output.password(&resolver, &store)?;
    let out = Output::open(ui, global, &args.out, &args.output)?;
    let mut encoding: Option<Encoding> = None;
    let mut stores: Vec<Keystore> = Vec::new();
    let mut converted = Change::default();
    for file in &args.files {
        let bytes = opening::read(file)?;
        let decoded = opening::decode(file, bytes.expose(), &store)?;
        let wanted = match encoding {
            Some(encoding) => encoding,
            None => match (args.new.encoding(&args.out), decoded.encoding) {
                (Ok(encoding), _) => encoding,
                (Err(_), Some(first)) if args.new.is_empty() => first,
                (Err(error), _) => return Err(error),
            },
        };
        encoding = Some(wanted);
        let conversion = Conversion {
            from: decoded.format,
            to: Target::Store(wanted),
            passwords: &keys,
            key_password: &password,
            allow_loss: args.allow_loss,
            number_clashes: false,
        };
        let made = edit::convert(&decoded.keystore, &conversion, &mut encoding::random())
            .map_err(|error| error::edit(file, &error))?;
        converted.events.extend(made.change.events);
        stores.push(made.keystore);
    }
    let Some(encoding) = encoding else {
        return Err(CommandError::usage("there is nothing to merge"));
    };
    let each: Vec<&Keystore> = stores.iter().collect();
    let mut merged = edit::merge(&each, args.conflict.into())
        .map_err(|error| error::merging(&args.files, &error))?;
    converted.events.append(&mut merged.change.events);
    merged.change = converted;
    out.finish(&merged, Target::Store(encoding), &password)
}
