//! Private keys: their algorithms, where they come from, how they sign, and which certificate is theirs.
//!
//! | need | type |
//! | --- | --- |
//! | name an algorithm, as the topology does | [`KeyAlgorithm`] |
//! | make keys | [`KeySource`], of which [`Generated`] is the provider's |
//! | hold one | [`PrivateKey`] |
//! | sign, wherever the key lives | [`SigningKey`] |
//! | salts, IVs, serials | [`Random`], of which [`SystemRandom`] is the system's |

mod algorithm;
pub(crate) mod cbc;
pub(crate) mod pbes2;
mod pem;
mod private;
mod random;
mod signing;
pub(crate) mod spki;

pub(crate) use crate::x509::der;

pub use algorithm::{KeyAlgorithm, UnknownKeyAlgorithm};
pub use pem::{read_private_key, write_encrypted_private_key};
pub use private::{Generated, KeyError, KeyMatch, KeySource, PrivateKey};
pub use random::{Random, SystemRandom};
pub use signing::{SigningError, SigningKey};
