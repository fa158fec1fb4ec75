use std::fmt;

pub use crate::key::rsa::padding::{Hash, Padding};

/// With what a value is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cipher {
    /// AES, each block for itself: what Java calls `AES`.
    AesEcb,
    /// AES in Galois/counter mode, tag of 128 bits.
    AesGcm,
    /// RSA.
    Rsa(Padding),
}

/// Who reads a name of Java's for a cipher: providers take the same name for different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// The server at run time asks BouncyCastle (`CryptoUtil`): `RSA` is textbook RSA, and OAEP has one hash for
    /// label and mask.
    Runtime,
    /// The cipher tool and the secure vault ask whoever comes first, the JDK (`Cipher.getInstance` without a
    /// provider): `RSA` is PKCS #1 v1.5, and OAEP masks with SHA-1 whatever the label's hash.
    Vault,
}

/// A name of Java's for a cipher that is not known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no cipher that is known here")]
pub struct UnknownCipher(pub String);

impl Cipher {
    /// OAEP with SHA-1, as the product's configuration has it from 2.2 on.
    pub const OAEP_SHA1: Self = Self::Rsa(Padding::Oaep {
        hash: Hash::Sha1,
        mask: Hash::Sha1,
    });

    /// What a name of Java's means: algorithm, mode and padding between slashes, in any case.
    ///
    /// # Errors
    ///
    /// [`UnknownCipher`] with the name.
    pub fn named(name: &str, dialect: Dialect) -> Result<Self, UnknownCipher> {
        let unknown = || UnknownCipher(name.to_owned());
        let spelled = name.trim().to_ascii_uppercase();
        let parts: Vec<&str> = spelled.split('/').collect();
        match parts[..] {
            ["AES"] | ["AES", "ECB", "PKCS5PADDING" | "PKCS7PADDING"] => Ok(Self::AesEcb),
            ["AES", "GCM", "NOPADDING"] => Ok(Self::AesGcm),
            ["RSA"] => Ok(Self::Rsa(dialect.bare_rsa())),
            ["RSA", "ECB" | "NONE", padding] => {
                let padding = match padding {
                    "NOPADDING" => Padding::None,
                    "PKCS1PADDING" => Padding::Pkcs1,
                    "OAEPPADDING" => Padding::Oaep {
                        hash: Hash::Sha1,
                        mask: Hash::Sha1,
                    },
                    named => oaep(named, dialect).ok_or_else(unknown)?,
                };
                Ok(Self::Rsa(padding))
            }
            _ => Err(unknown()),
        }
    }

    /// The name that a configuration would say for it, as the product writes names.
    pub fn transformation(self) -> String {
        match self {
            Self::AesEcb => "AES".to_owned(),
            Self::AesGcm => AES_GCM.to_owned(),
            Self::Rsa(Padding::None) => "RSA/ECB/NoPadding".to_owned(),
            Self::Rsa(Padding::Pkcs1) => "RSA/ECB/PKCS1Padding".to_owned(),
            Self::Rsa(Padding::Oaep { hash, .. }) => {
                let hash = match hash {
                    Hash::Sha1 => "SHA1",
                    Hash::Sha224 => "SHA-224",
                    Hash::Sha256 => "SHA-256",
                    Hash::Sha384 => "SHA-384",
                    Hash::Sha512 => "SHA-512",
                };
                format!("RSA/ECB/OAEPwith{hash}andMGF1Padding")
            }
        }
    }

    /// True for one that needs an RSA key.
    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa(_))
    }
}

impl Dialect {
    fn bare_rsa(self) -> Padding {
        match self {
            Self::Runtime => Padding::None,
            Self::Vault => Padding::Pkcs1,
        }
    }
}

/// `OAEPWITH…ANDMGF1PADDING`, the hash with a hyphen or without.
fn oaep(name: &str, dialect: Dialect) -> Option<Padding> {
    let hash = name
        .strip_prefix("OAEPWITH")?
        .strip_suffix("ANDMGF1PADDING")?;
    let hash = match hash {
        "SHA1" | "SHA-1" => Hash::Sha1,
        "SHA224" | "SHA-224" => Hash::Sha224,
        "SHA256" | "SHA-256" => Hash::Sha256,
        "SHA384" | "SHA-384" => Hash::Sha384,
        "SHA512" | "SHA-512" => Hash::Sha512,
        _ => return None,
    };
    Some(Padding::Oaep {
        hash,
        mask: match dialect {
            Dialect::Runtime => hash,
            Dialect::Vault => Hash::Sha1,
        },
    })
}

/// `AES/GCM/NoPadding`, as the product writes it.
pub(super) const AES_GCM: &str = "AES/GCM/NoPadding";

/// The RSA paddings, most usual first.
pub(super) const PADDINGS: [Padding; 11] = [
    Padding::Pkcs1,
    with(Hash::Sha1, Hash::Sha1),
    Padding::None,
    with(Hash::Sha256, Hash::Sha256),
    with(Hash::Sha256, Hash::Sha1),
    with(Hash::Sha512, Hash::Sha512),
    with(Hash::Sha512, Hash::Sha1),
    with(Hash::Sha384, Hash::Sha384),
    with(Hash::Sha384, Hash::Sha1),
    with(Hash::Sha224, Hash::Sha224),
    with(Hash::Sha224, Hash::Sha1),
];

const fn with(hash: Hash, mask: Hash) -> Padding {
    Padding::Oaep { hash, mask }
}

impl fmt::Display for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AesEcb => f.write_str("AES, each block for itself"),
            Self::AesGcm => f.write_str("AES-GCM"),
            Self::Rsa(Padding::None) => f.write_str("RSA without padding"),
            Self::Rsa(Padding::Pkcs1) => f.write_str("RSA PKCS #1 v1.5"),
            Self::Rsa(Padding::Oaep { hash, mask }) if hash == mask => {
                write!(f, "RSA-OAEP with {hash}")
            }
            Self::Rsa(Padding::Oaep { hash, mask }) => {
                write!(f, "RSA-OAEP with {hash}, mask with {mask}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_two_ciphers_to_two_providers() {
        let named = |name| [Dialect::Vault, Dialect::Runtime].map(|d| Cipher::named(name, d));
        assert_eq!(
            named("RSA"),
            [
                Ok(Cipher::Rsa(Padding::Pkcs1)),
                Ok(Cipher::Rsa(Padding::None))
            ]
        );
        assert_eq!(
            named("RSA/ECB/OAEPwithSHA1andMGF1Padding"),
            [Ok(Cipher::OAEP_SHA1), Ok(Cipher::OAEP_SHA1)]
        );
        let [vault, runtime] = named("rsa/none/OAEPWithSHA-256AndMGF1Padding");
        assert_eq!(
            vault.unwrap().to_string(),
            "RSA-OAEP with SHA-256, mask with SHA-1"
        );
        assert_eq!(runtime.unwrap().to_string(), "RSA-OAEP with SHA-256");
    }

    #[test]
    fn a_cipher_is_named_as_it_is_read() {
        for padding in PADDINGS {
            let cipher = Cipher::Rsa(padding);
            let again = [Dialect::Vault, Dialect::Runtime]
                .map(|dialect| Cipher::named(&cipher.transformation(), dialect));
            assert!(again.contains(&Ok(cipher)), "{cipher}");
        }
        for cipher in [Cipher::AesEcb, Cipher::AesGcm] {
            let again = Cipher::named(&cipher.transformation(), Dialect::Vault);
            assert_eq!(again, Ok(cipher));
        }
    }

    #[test]
    fn a_name_that_nobody_knows_is_an_error_that_repeats_it() {
        for name in [
            "",
            "DES",
            "RSA/ECB",
            "AES/CBC/PKCS5Padding",
            "RSA/ECB/OAEPwithMD5andMGF1Padding",
        ] {
            let unknown = Cipher::named(name, Dialect::Vault).unwrap_err();
            assert_eq!(unknown.0, name);
        }
    }
}
