use std::{fmt, str::FromStr};

use crate::edit::Reader;

/// A Java release, as far as it decides which keystores it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JavaVersion {
    feature: u16,
    update: u16,
}

impl JavaVersion {
    /// The release that is assumed where nothing is said: the newest long-term one that the product's
    /// current releases run on.
    pub const DEFAULT: Self = Self {
        feature: 17,
        update: u16::MAX,
    };

    /// The generation of readers that it belongs to.
    pub(crate) fn reader(self) -> Reader {
        // CSR JDK-8267701: PBES2 and MACs on SHA-2 since 8u301, 11.0.12 and 12. JDK-8343232: PBMAC1
        // since 26.
        let is_old = match self.feature {
            ..8 => true,
            8 => self.update < 301,
            11 => self.update < 12,
            9 | 10 => true,
            _ => false,
        };
        match self.feature {
            _ if is_old => Reader::OldJava,
            26.. => Reader::NewJava,
            _ => Reader::Java,
        }
    }
}

/// `8`, `8u301`, `1.8.0_301`, `11.0.12`, `17`. Without an update, the latest is meant.
impl FromStr for JavaVersion {
    type Err = UnknownJava;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownJava(text.to_owned());
        let rest = text.strip_prefix("1.").unwrap_or(text);
        let mut parts = rest.split(['u', '_', '.', '+', '-']);
        let mut number = || {
            let part = parts.next();
            part.map(|part| part.parse::<u16>().map_err(|_| unknown()))
                .transpose()
        };
        let feature = number()?
            .filter(|it| (5..=99).contains(it))
            .ok_or_else(unknown)?;
        let second = number()?;
        let third = number()?;
        let update = match (feature, second, third) {
            // 8u301 and 1.8.0_301
            (8, Some(0), Some(update)) | (8, Some(update), None) => update,
            // 11.0.12
            (9.., Some(_), Some(update)) => update,
            (_, None, _) => u16::MAX,
            (9.., Some(_), None) => 0,
            _ => return Err(unknown()),
        };
        Ok(Self { feature, update })
    }
}

impl fmt::Display for JavaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.feature, self.update) {
            (feature, u16::MAX) => write!(f, "Java {feature}"),
            (8, update) => write!(f, "Java 8u{update}"),
            (feature, update) => write!(f, "Java {feature}.0.{update}"),
        }
    }
}

/// A text that names no Java release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no Java release: expected one like `8u301`, `11.0.12` or `17`")]
pub struct UnknownJava(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_belongs_to_a_generation_of_readers() {
        for (text, reader) in [
            ("8u292", Reader::OldJava),
            ("1.8.0_292", Reader::OldJava),
            ("8u301", Reader::Java),
            ("1.8.0_301-b09", Reader::Java),
            ("11.0.11", Reader::OldJava),
            ("11.0.12", Reader::Java),
            ("8", Reader::Java),
            ("17.0.15+6", Reader::Java),
            ("21", Reader::Java),
            ("26", Reader::NewJava),
        ] {
            assert_eq!(
                text.parse::<JavaVersion>().unwrap().reader(),
                reader,
                "{text}"
            );
        }
        for text in ["", "java", "4", "8x", "100", "-17"] {
            assert!(text.parse::<JavaVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_release_is_told_as_people_say_it() {
        let told = |text: &str| text.parse::<JavaVersion>().unwrap().to_string();
        assert_eq!(told("8u292"), "Java 8u292");
        assert_eq!(told("11.0.11"), "Java 11.0.11");
        assert_eq!(told("17"), "Java 17");
    }
}
