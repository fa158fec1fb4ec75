//! Secret bytes, passwords, and where a password comes from.
//!
//! [`Bytes`] is the only owner of secret bytes in this crate: it is zeroized when it goes, and its
//! `Debug` tells a length, never a content. [`Source`] is the grammar of password sources; *resolving*
//! one (opening a file, running a command) is the caller's, because this crate reads no environment.
//!
//! ```
//! use pki_core::secret::{Bytes, Password, Source, SourceError};
//!
//! let source: Source = "file:secrets/stores".parse()?;
//! assert_eq!(source, Source::File("secrets/stores".into()));
//! // A password where a source belongs is an error, which does not repeat it.
//! assert_eq!("hunter2".parse::<Source>(), Err(SourceError::UnknownForm));
//!
//! let password = Password::new("wso2carbon");
//! assert_eq!(password.chars(), 10);
//! assert!(!format!("{password:?}").contains("wso2carbon"));
//! // What JKS digests: two bytes a character.
//! assert_eq!(password.utf16_be().len(), 20);
//! assert_eq!(Bytes::from(vec![1, 2, 3]).expose(), [1, 2, 3]);
//! # Ok::<(), SourceError>(())
//! ```

mod bytes;
mod password;
mod source;

pub use bytes::Bytes;
pub use password::Password;
pub use source::{Source, SourceError};
