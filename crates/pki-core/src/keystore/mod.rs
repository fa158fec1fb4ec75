//! Keystores: what is in one ([`Keystore`]), how each format writes it down (`jks`, `pkcs12`, `pem`),
//! and how a private key is protected inside (`protect`): three things that know little of each other.
//!
//! Keys stay sealed ([`SealedKey`]) until somebody with the password asks. A store can therefore be
//! read, listed, edited and written again without opening a single key.
//!
//! Java decides what a store means: aliases are looked up in lower case, a PKCS #12 certificate without
//! Java's trusted-use attribute is invisible, entries keep their order.

mod alias;
mod codec;
mod entry;
mod error;
mod jks;
mod pem;
mod pkcs12;
mod protect;
mod store;

pub use alias::Alias;
pub use codec::{Decoded, Encoding, Format, Integrity, Pkcs12Profile, Protection};
pub use entry::{Attribute, Content, Entry, SealedKey};
pub use error::{DecodeError, EncodeError, UnsealError};
pub use pem::{read_pem_certificates, write_pem_certificates};
pub use store::Keystore;
