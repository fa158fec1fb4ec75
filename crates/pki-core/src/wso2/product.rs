use std::{fmt, str::FromStr};

use super::Role;
use crate::keystore::Pkcs12Profile;

/// A release of the product, `2.0` to `4.7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Product {
    major: u8,
    minor: u8,
    patch: u8,
}

impl Product {
    /// The oldest and the newest release that the tables know.
    pub const SUPPORTED: (Self, Self) = (Self::of(2, 0), Self::of(4, 7));

    /// The first patch release of a minor one.
    pub const fn of(major: u8, minor: u8) -> Self {
        Self {
            major,
            minor,
            patch: 0,
        }
    }

    /// True for the major release 2, which is configured in XML and has five separate roles.
    pub const fn is_2x(self) -> bool {
        self.major == 2
    }

    /// True for this minor release and later ones.
    pub const fn at_least(self, major: u8, minor: u8) -> bool {
        self.major > major || self.major == major && self.minor >= minor
    }

    /// True for patch releases of the same minor one.
    pub const fn is_same_minor(self, other: Self) -> bool {
        self.major == other.major && self.minor == other.minor
    }

    /// True where one key, `[encryption] key`, encrypts what is stored, on all nodes the same (4.7: the
    /// symmetric provider is the default; `default.json` of all four distributions).
    pub const fn has_encryption_key(self) -> bool {
        self.at_least(4, 7)
    }

    /// True where gateways look up the signer of tokens in the truststore by a fixed alias
    /// ([`GATEWAY_CERTIFICATE_ALIAS`](super::GATEWAY_CERTIFICATE_ALIAS)).
    pub const fn has_gateway_certificate_alias(self) -> bool {
        self.at_least(3, 0)
    }

    /// True where the key manager's key validation speaks Thrift by default (port 10397), with the
    /// primary key.
    pub const fn has_thrift_key_validation(self) -> bool {
        self.is_2x()
    }

    /// Roles of a distributed deployment, in the product's start order.
    pub const fn roles(self) -> &'static [Role] {
        if self.at_least(4, 0) {
            &[
                Role::ControlPlane,
                Role::KeyManager,
                Role::TrafficManager,
                Role::Gateway,
            ]
        } else {
            &[
                Role::KeyManager,
                Role::Publisher,
                Role::Store,
                Role::TrafficManager,
                Role::Gateway,
            ]
        }
    }

    /// The PKCS #12 profile that the Java of the release reads: releases before 4.0 run on Java 8 of any
    /// update.
    pub const fn pkcs12_profile(self) -> Pkcs12Profile {
        if self.at_least(4, 0) {
            Pkcs12Profile::Modern
        } else {
            Pkcs12Profile::Java8
        }
    }
}

impl FromStr for Product {
    type Err = InvalidProduct;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || InvalidProduct::Malformed(text.to_owned());
        let numbers: Vec<u8> = text
            .split('.')
            .map(|part| match part {
                "" => Err(malformed()),
                part if !part.bytes().all(|byte| byte.is_ascii_digit()) => Err(malformed()),
                part => part.parse().map_err(|_| malformed()),
            })
            .collect::<Result<_, _>>()?;
        let product = match numbers[..] {
            [major, minor] => Self::of(major, minor),
            [major, minor, patch] => Self {
                major,
                minor,
                patch,
            },
            _ => return Err(malformed()),
        };
        let (oldest, newest) = Self::SUPPORTED;
        let known = match product.major {
            2 => product.minor <= 6,
            3 => product.minor <= 2,
            4 => product.minor <= 7,
            _ => false,
        };
        if known && product >= oldest && Self::of(product.major, product.minor) <= newest {
            Ok(product)
        } else {
            Err(InvalidProduct::Unknown(product))
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A text that names no release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProduct {
    /// Not numbers with dots.
    #[error("`{0}` is not a release: expected numbers like `2.6.0`")]
    Malformed(String),
    /// A release that was never made, or that the tables do not know.
    #[error("release {0} is not known: 2.0 to 2.6, 3.0 to 3.2 and 4.0 to 4.7 are")]
    Unknown(Product),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_with_and_without_a_patch() {
        assert_eq!("2.6".parse::<Product>().unwrap().to_string(), "2.6.0");
        assert_eq!("4.7.0".parse::<Product>().unwrap(), Product::of(4, 7));
        assert_eq!("4.7.3".parse::<Product>().unwrap().to_string(), "4.7.3");
    }

    #[test]
    fn releases_that_never_were_are_refused() {
        for text in ["1.10", "2.7", "3.3.0", "4.8", "5.0"] {
            assert!(
                matches!(text.parse::<Product>(), Err(InvalidProduct::Unknown(_))),
                "{text}"
            );
        }
        for text in ["", "4", "4.", "v4.7", "4.7.0.1", "4.700", "+4.7"] {
            assert!(
                matches!(text.parse::<Product>(), Err(InvalidProduct::Malformed(_))),
                "{text}"
            );
        }
    }
}
