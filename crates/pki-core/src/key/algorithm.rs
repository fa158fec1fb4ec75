use std::{fmt, str::FromStr};

/// The algorithms that this tool makes keys for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256, `ec-p256`.
    EcP256,
    /// ECDSA on NIST P-384, `ec-p384`.
    EcP384,
    /// RSA, 2048 bits, `rsa-2048`.
    Rsa2048,
    /// RSA, 3072 bits, `rsa-3072`.
    Rsa3072,
    /// RSA, 4096 bits, `rsa-4096`.
    Rsa4096,
}

impl KeyAlgorithm {
    /// All of them, weakest first within a family.
    pub const ALL: [Self; 5] = [
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::EcP256,
        Self::EcP384,
    ];

    /// The name in a topology file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcP256 => "ec-p256",
            Self::EcP384 => "ec-p384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }

    /// True for RSA: such a key encrypts as well as it signs.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// Size in bits of the modulus or the field.
    pub const fn bits(self) -> usize {
        match self {
            Self::EcP256 => 256,
            Self::EcP384 => 384,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == text)
            .ok_or_else(|| UnknownKeyAlgorithm(text.to_owned()))
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key algorithm that this tool does not make.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key algorithm `{0}`: expected rsa-2048, rsa-3072, rsa-4096, ec-p256 or ec-p384")]
pub struct UnknownKeyAlgorithm(pub String);
