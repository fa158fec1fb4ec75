//! The product's encrypted secrets: bytes in, values out.
//!
//! | need | type |
//! | --- | --- |
//! | what an encrypted value is, by its content | [`Sealed`] |
//! | open it, and know how sure that is | [`OpeningKey`], [`Opened`], [`Confidence`] |
//! | encrypt one as the product would | [`SealingKey`], [`seal`], [`Envelope::seal`] |
//! | the secrets of a home, and where its configuration names them | [`Vault`], [`Secret`], [`Reference`] |
//! | what a node makes of each, and what comes of it | [`Vault::check`], [`Verdict`], [`Consequence`] |
//! | set the vault up | [`secret_conf`] |
//! | encrypt what is plain, set some, encrypt all for another key | [`Vault::encrypt`], [`Vault::configure`], [`Vault::set`], [`Vault::reencrypt`], [`Vault::follow`] |
//! | what a name of Java's means to whom | [`Cipher`], [`Dialect`] |
//!
//! Two parts of the product encrypt. The *secure vault* (with its cipher tool) keeps passwords of configuration
//! files; the *runtime* keeps what users store. They use other forms, and read the same names of ciphers
//! differently.
//!
//! ```
//! use pki_core::{
//!     key::{Generated, KeyAlgorithm, KeySource as _, SystemRandom},
//!     wso2::vault::{Cipher, Confidence, Dialect, OpeningKey, Sealed, SymmetricKey, SealingKey, seal},
//!     secret::Password,
//! };
//!
//! let key = SymmetricKey::vault(&Password::new("0f".repeat(32)))?;
//! let cipher = Cipher::named("AES/GCM/NoPadding", Dialect::Vault)?;
//! let value = seal(b"s3cret", cipher, &SealingKey::Symmetric(key.clone()), &mut SystemRandom)?;
//!
//! let opened = Sealed::parse(&value)?.open(&OpeningKey::Symmetric(key), None)?;
//! assert_eq!(opened.plain.expose(), b"s3cret");
//! assert_eq!(opened.confidence, Confidence::Proven);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod check;
mod cipher;
mod hazard;
mod key;
mod open;
mod outcome;
mod repository;
mod seal;
mod settings;
mod target;
mod value;

pub use check::{Consequence, Keyring, Verdict, names_certificate};
pub use cipher::{Cipher, Dialect, Hash, Padding, UnknownCipher};
pub use hazard::Hazard;
pub use key::{
    OpeningKey, RsaOpeningKey, RsaSealingKey, SealingKey, SymmetricKey, UnusableKey,
    refused_by_cipher_tool, thumbprint,
};
pub use open::{Confidence, OpenError, Opened};
pub use outcome::{
    ChangeError, ChangedFile, Changes, Done, NewKey, NewKeys, Obstacle, Outcome, Unchangeable,
};
pub use repository::{
    Content, Keeper, ROOT_FILES, Reference, SECRET_CONF, Secret, Vault, documents, holds_secrets,
    names_secrets, with_files,
};
pub use seal::{SealError, seal};
pub use settings::{IdentityStore, Mode, VaultSettings, repointed, secret_conf};
pub use target::{Target, TargetState};
pub use value::{Envelope, EnvelopeContent, GcmParts, Malformed, Sealed};

use super::{Product, Slot, config::Generation};

/// The key that the cipher tool of a release takes, and so the vault: the internal one since 1.0.0-wso3v9, which
/// the releases with a `deployment.toml` have; before that the primary, whatever `carbon.xml` says beside it.
pub const fn key_of_vault(generation: Generation) -> Slot {
    match generation {
        Generation::Toml => Slot::Internal,
        Generation::Xml => Slot::Primary,
    }
}

/// Whose certificate's fingerprint an envelope of a release names. It need not be the one that encrypted: from
/// 2.6 to 3.2 (kernel 4.4.34 to 4.6.0, `CryptoUtil`) it is the primary's, even where an internal key encrypts.
///
/// `None` for a release that writes no envelopes (2.0, 2.1).
pub fn certificate_of_envelope(product: Product) -> Option<Slot> {
    match () {
        () if !product.at_least(2, 2) => None,
        () if product.at_least(4, 0) => Some(Slot::Internal),
        () if product.at_least(2, 6) => Some(Slot::Primary),
        () if product.at_least(2, 5) => Some(Slot::Internal),
        () => Some(Slot::Primary),
    }
}
