use std::fmt;

use super::{HostError, Place, Span, SpanError, problem::Shown};
use crate::{
    key::KeyAlgorithm,
    secret::SourceError,
    wso2::{Product, Role},
};

/// What can be wrong at one place of a topology. No password source's text is ever in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Two entries of one store would have one alias.
    AliasTaken {
        /// The alias.
        alias: String,
        /// What else has it.
        holder: String,
    },
    /// Two keys that exclude each other.
    Conflict {
        /// The other key, and its value where that is what matters.
        with: String,
    },
    /// An EC key for the primary or internal keystore.
    EcPrimary {
        /// The algorithm.
        found: KeyAlgorithm,
    },
    /// A list, table or text with nothing in it.
    Empty,
    /// Two files of a node with one name, compared without regard to case.
    FileTaken {
        /// The name.
        file: String,
        /// What else has it.
        holder: String,
    },
    /// Two nodes with the same host and the same offset.
    HostTaken {
        /// The host.
        host: String,
        /// The offset of both.
        offset: u16,
        /// The node that came first.
        node: String,
        /// Where it stands.
        first: Place,
    },
    /// No alias that Java finds everywhere.
    InvalidAlias {
        /// The text.
        found: String,
    },
    /// No country code.
    InvalidCountry {
        /// The text.
        found: String,
    },
    /// No day.
    InvalidDate {
        /// The text.
        found: String,
    },
    /// No name of a file.
    InvalidFileName {
        /// The text.
        found: String,
    },
    /// No SHA-256.
    InvalidFingerprint,
    /// No host.
    InvalidHost {
        /// The text.
        found: String,
        /// Why not.
        reason: HostError,
    },
    /// No IP address.
    InvalidIp {
        /// The text.
        found: String,
    },
    /// No name of a node, a group or an external party.
    InvalidName {
        /// The text.
        found: String,
    },
    /// No password source.
    InvalidSource(SourceError),
    /// No length of time.
    InvalidSpan {
        /// The text.
        found: String,
        /// Why not.
        reason: SpanError,
    },
    /// A key that must be there.
    Missing {
        /// Its name.
        key: &'static str,
    },
    /// A name that another node, or an external party whose folder is made too, already has.
    NameTaken {
        /// The name.
        name: String,
        /// Where it stands first.
        first: Place,
    },
    /// A key that means nothing without another one.
    Needs {
        /// The other one, and its value where that is what matters.
        other: String,
    },
    /// A group whose name is no role, and that names none.
    NoRole {
        /// The product's roles.
        expected: Vec<String>,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// A feature that the product does not have.
    NotInProduct {
        /// The product.
        product: Product,
        /// The first release that has it.
        since: &'static str,
    },
    /// A number outside its range.
    OutOfRange {
        /// The number.
        found: i64,
        /// The least allowed.
        least: i64,
        /// The greatest allowed.
        greatest: i64,
    },
    /// Node certificates that would outlive the CA.
    OutlivesCa {
        /// Their validity.
        validity: Span,
        /// The CA's.
        ca: Span,
    },
    /// Renewal that would begin before the certificate is valid.
    RenewsAtOnce {
        /// When to renew.
        renew_before: Span,
        /// The validity.
        validity: Span,
    },
    /// The same value twice in one list.
    Repeated {
        /// The value.
        found: String,
    },
    /// A role that the product does not have.
    RoleNotInProduct {
        /// The role.
        role: Role,
        /// The product.
        product: Product,
    },
    /// No TOML.
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A text longer than the attribute of a distinguished name may be.
    TooLong {
        /// How many characters it has.
        characters: usize,
        /// How many it may have.
        greatest: usize,
    },
    /// A key that means nothing here.
    UnknownKey {
        /// The keys that have a meaning here.
        expected: Vec<String>,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// No product of which this tool knows.
    UnknownProduct {
        /// The text.
        found: String,
    },
    /// A value that is not among those that have a meaning.
    UnknownValue {
        /// The text.
        found: String,
        /// Those with a meaning.
        expected: Vec<String>,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// A value of another type.
    WrongType {
        /// The type that belongs there.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
    },
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AliasTaken { alias, holder } => {
                write!(
                    f,
                    "the alias `{}` is already that of {holder}",
                    Shown(alias)
                )
            }
            Self::Conflict { with } => write!(f, "cannot stand beside `{with}`"),
            Self::EcPrimary { found } => write!(
                f,
                "found `{found}`, expected `rsa-2048`, `rsa-3072` or `rsa-4096`: the product encrypts \
                 with this key and verifies RSA signatures alone, an EC key can do neither"
            ),
            Self::Empty => f.write_str("expected something, found nothing"),
            Self::FileTaken { file, holder } => write!(
                f,
                "the file name `{}` is already that of {holder} (case makes no difference)",
                Shown(file)
            ),
            Self::HostTaken {
                host,
                offset,
                node,
                first,
            } => write!(
                f,
                "the host `{host}` with offset {offset} is already that of node `{node}` ({first})"
            ),
            Self::InvalidAlias { found } => write!(
                f,
                "`{}` is no alias: expected 1 to 255 lower-case ASCII characters without blanks",
                Shown(found)
            ),
            Self::InvalidCountry { found } => write!(
                f,
                "`{}` is no country: expected two letters (ISO 3166)",
                Shown(found)
            ),
            Self::InvalidDate { found } => write!(
                f,
                "`{}` is no day: expected one like `2027-03-01`",
                Shown(found)
            ),
            Self::InvalidFileName { found } => write!(
                f,
                "`{}` is no file name: expected one path component",
                Shown(found)
            ),
            Self::InvalidFingerprint => f.write_str("no SHA-256: expected 64 hex digits"),
            Self::InvalidHost { found, reason } => {
                write!(f, "`{}` is no host name: {reason}", Shown(found))
            }
            Self::InvalidIp { found } => write!(f, "`{}` is no IP address", Shown(found)),
            Self::InvalidName { found } => write!(
                f,
                "`{}` is no name: expected 1 to 63 of `a-z`, `0-9` and `-`, a letter or digit first",
                Shown(found)
            ),
            Self::InvalidSource(reason) => write!(f, "{reason}"),
            Self::InvalidSpan { found, reason } => {
                write!(f, "`{}` is no length of time: {reason}", Shown(found))
            }
            Self::Missing { key } => write!(f, "the key `{key}` is missing"),
            Self::NameTaken { name, first } => {
                write!(f, "the name `{name}` is already taken ({first})")
            }
            Self::Needs { other } => write!(f, "means nothing without `{other}`"),
            Self::NoRole {
                expected,
                suggestion,
            } => {
                f.write_str("the group names no `role`, and its own name is none")?;
                suggest(f, suggestion, expected)
            }
            Self::NotInProduct { product, since } => {
                write!(
                    f,
                    "product {product} has no such thing, {since} is the first"
                )
            }
            Self::OutOfRange {
                found,
                least,
                greatest,
            } => write!(f, "expected {least} to {greatest}, found {found}"),
            Self::OutlivesCa { validity, ca } => write!(
                f,
                "a validity of `{validity}` is longer than the CA's of `{ca}`"
            ),
            Self::RenewsAtOnce {
                renew_before,
                validity,
            } => write!(
                f,
                "`{renew_before}` before the end is no moment of a validity of `{validity}`"
            ),
            Self::Repeated { found } => write!(f, "`{}` stands here twice", Shown(found)),
            Self::RoleNotInProduct { role, product } => {
                let roles: Vec<String> = product.roles().iter().map(Role::to_string).collect();
                let roles = Words(&roles);
                write!(
                    f,
                    "product {product} has no role `{role}`, expected {roles}"
                )
            }
            Self::Syntax { message } => write!(f, "not TOML: {message}"),
            Self::TooLong {
                characters,
                greatest,
            } => write!(f, "has {characters} characters, more than {greatest}"),
            Self::UnknownKey {
                expected,
                suggestion,
            } => {
                f.write_str("unknown key")?;
                suggest(f, suggestion, expected)
            }
            Self::UnknownProduct { found } => write!(
                f,
                "`{}` is no known product: expected `2.0` to `2.6`, `3.0` to `3.2` or `4.0` to `4.7`, with \
                 or without a patch number",
                Shown(found)
            ),
            Self::UnknownValue {
                found,
                expected,
                suggestion,
            } => {
                write!(f, "unknown value `{}`", Shown(found))?;
                suggest(f, suggestion, expected)
            }
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
        }
    }
}

fn suggest(
    f: &mut fmt::Formatter<'_>,
    suggestion: &Option<String>,
    expected: &[String],
) -> fmt::Result {
    match suggestion {
        Some(suggestion) => write!(f, ", did you mean `{suggestion}`?"),
        None if expected.is_empty() => Ok(()),
        None => write!(f, ", expected {}", Words(expected)),
    }
}

/// `a`, `b` or `c`.
struct Words<'a>(&'a [String]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            match at {
                0 => {}
                at if at + 1 == self.0.len() => f.write_str(" or ")?,
                _ => f.write_str(", ")?,
            }
            write!(f, "`{word}`")?;
        }
        Ok(())
    }
}
