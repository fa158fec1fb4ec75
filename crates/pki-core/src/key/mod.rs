//! Private keys: their algorithms, where they come from, how they sign, and which certificate is theirs.
//!
//! | need | type |
//! | --- | --- |
//! | name an algorithm, as the topology does | [`KeyAlgorithm`] |
//! | make keys | [`KeySource`], of which [`Generated`] is the provider's |
//! | hold one | [`PrivateKey`] |
//! | sign, wherever the key lives | [`SigningKey`] |
//! | salts, IVs, serials | [`Random`], of which [`SystemRandom`] is the system's |
//!
//! ```
//! use pki_core::{
//!     key::{
//!         Generated, KeyAlgorithm, KeyError, KeySource, SigningKey, SystemRandom, read_private_key,
//!         write_encrypted_private_key,
//!     },
//!     secret::Password,
//! };
//!
//! let key = Generated.generate(KeyAlgorithm::EcP256)?;
//! assert_eq!(key.algorithm(), Some(KeyAlgorithm::EcP256));
//!
//! // Sealed for a file, and opened again. For a key that matters: 600 000 iterations.
//! let password = Password::new("only for this example");
//! let pem = write_encrypted_private_key(&key, &password, 10_000, &mut SystemRandom)?;
//! let opened = read_private_key(pem.expose(), Some(&password))?;
//! assert_eq!(opened.spki()?, key.spki()?);
//! let wrong = Password::new("another");
//! assert!(matches!(read_private_key(pem.expose(), Some(&wrong)), Err(KeyError::WrongPassword)));
//!
//! let signature = opened.signing_key()?.sign(b"message")?;
//! assert!(!signature.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
pub(crate) mod cbc;
pub(crate) mod gcm;
pub(crate) mod pbes2;
mod pem;
mod private;
mod random;
pub(crate) mod rsa;
mod signing;
pub(crate) mod spki;
mod traditional;

pub(crate) use crate::x509::der;

pub use algorithm::{KeyAlgorithm, UnknownKeyAlgorithm};
pub(crate) use pem::{PemKey, PemKeys, TraditionalKey};
pub use pem::{read_private_key, write_encrypted_private_key};
pub use private::{Generated, KeyError, KeyMatch, KeySource, PrivateKey};
pub use random::{Random, SystemRandom};
pub use signing::{SigningError, SigningKey};
