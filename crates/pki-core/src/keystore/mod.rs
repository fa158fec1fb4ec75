//! Keystores: what is in one ([`Keystore`]), how each format writes it down (`jks`, `jceks`, `bks`,
//! `pkcs12`, `pem`, `der`, `pkcs7`), and how a private key is protected inside (`protect`): three things that know little of each other.
//!
//! Keys stay sealed ([`SealedKey`]) until somebody with the password asks. A store can therefore be
//! read, listed, edited and written again without opening a single key.
//!
//! Java decides what a store means: aliases are looked up in lower case, a PKCS #12 certificate without
//! Java's trusted-use attribute is invisible, entries keep their order.

mod alias;
mod bcfks;
mod ber;
mod bks;
mod bundle;
mod codec;
mod der;
mod entry;
mod error;
mod java;
mod jceks;
mod jks;
mod pem;
mod pkcs12;
mod pkcs7;
mod protect;
mod store;

pub use alias::Alias;
pub use codec::{
    Decoded, Encoding, Format, Integrity, Pkcs12Profile, Protection, read_certificates,
};
pub use entry::{Attribute, Content, Entry, SealedKey};
pub use error::{DecodeError, EncodeError, UnsealError};
pub use pem::{read_pem_certificates, write_pem_certificates};
pub(crate) use pkcs12::SecretBag;
pub use store::Keystore;
