//! Secret bytes, passwords, and where a password comes from.
//!
//! [`Bytes`] is the only owner of secret bytes in this crate: it is zeroized when it goes, and its
//! `Debug` tells a length, never a content. [`Source`] is the grammar of password sources; *resolving*
//! one (opening a file, running a command) is the caller's, because this crate reads no environment.

mod bytes;
mod password;
mod source;

pub use bytes::Bytes;
pub use password::Password;
pub use source::{Source, SourceError};
