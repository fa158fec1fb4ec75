use std::fmt;

use crate::keystore::{Content, Decoded, Format, Protection};

/// A program that reads keystores, in the generations that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reader {
    /// Java 8 before 8u301, Java 11 before 11.0.12.
    OldJava,
    /// Java 8 from 8u301, 11 from 11.0.12, and what came later, up to 25.
    Java,
    /// Java 26 and later.
    NewJava,
    /// OpenSSL 1.1.1.
    OldOpenSsl,
    /// OpenSSL 3.
    OpenSsl,
    /// BouncyCastle's provider for Java.
    BouncyCastle,
}

impl Reader {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OldJava,
        Self::Java,
        Self::NewJava,
        Self::OldOpenSsl,
        Self::OpenSsl,
        Self::BouncyCastle,
    ];
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OldJava => "Java 8 before 8u301 and 11 before 11.0.12",
            Self::Java => "Java 8u301, 11.0.12 and later",
            Self::NewJava => "Java 26 and later",
            Self::OldOpenSsl => "OpenSSL 1.1.1",
            Self::OpenSsl => "OpenSSL 3",
            Self::BouncyCastle => "BouncyCastle",
        })
    }
}

/// Whether a reader can read a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readability {
    /// Who.
    pub reader: Reader,
    /// What stands in the way; `None`: nothing.
    pub obstacle: Option<&'static str>,
    /// What helps over it; `None` with an obstacle: nothing does.
    pub with: Option<&'static str>,
}

impl Readability {
    /// True if it reads the file, perhaps with an option.
    pub fn reads(&self) -> bool {
        self.obstacle.is_none() || self.with.is_some()
    }
}

impl fmt::Display for Readability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.obstacle, self.with) {
            (None, _) => write!(f, "{}", self.reader),
            (Some(obstacle), None) => write!(f, "not {}: {obstacle}", self.reader),
            (Some(obstacle), Some(with)) => write!(f, "{} with {with}: {obstacle}", self.reader),
        }
    }
}

/// Who can read a file, told by what it says about itself: one answer for each of [`Reader::ALL`].
pub fn readers(decoded: &Decoded) -> Vec<Readability> {
    let obstacles = traits(decoded);
    let answer = |reader| {
        let found = TABLE
            .iter()
            .filter(|row| obstacles.contains(&row.found) && row.reader == reader);
        // What nothing helps against comes before what an option helps against.
        let worst = found.min_by_key(|row| row.with.is_some());
        Readability {
            reader,
            obstacle: worst.map(|row| row.obstacle),
            with: worst.and_then(|row| row.with),
        }
    };
    Reader::ALL.into_iter().map(answer).collect()
}

/// What about a file some readers do not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trait {
    Format(Format),
    Pbes2,
    Pbmac1,
    Rc2,
    Sha2Mac,
}

struct Row {
    reader: Reader,
    found: Trait,
    obstacle: &'static str,
    with: Option<&'static str>,
}

fn traits(decoded: &Decoded) -> Vec<Trait> {
    let mut found = vec![Trait::Format(decoded.format)];
    if decoded.format != Format::Pkcs12 {
        return found;
    }
    let starts = |text: &Option<String>, with: &str| {
        text.as_ref().is_some_and(|text| text.starts_with(with))
    };
    let protections = || {
        let entries = decoded.keystore.entries().iter();
        let safes = decoded.protections.iter().copied();
        safes.chain(entries.filter_map(|entry| match &entry.content {
            Content::PrivateKey { key, .. } => key.protection(),
            _ => None,
        }))
    };
    let pbes2 = |protection| {
        matches!(
            protection,
            Protection::Pbes2Aes256Sha256 { .. } | Protection::Pbes2Other { .. }
        )
    };
    if starts(&decoded.mac, "PBMAC1") {
        found.push(Trait::Pbmac1);
    } else if decoded.mac.as_deref().is_some_and(|mac| mac != SHA1_MAC) {
        found.push(Trait::Sha2Mac);
    }
    if starts(&decoded.kdf, "PBKDF2") && !starts(&decoded.mac, "PBMAC1") || protections().any(pbes2)
    {
        found.push(Trait::Pbes2);
    }
    let rc2 = |protection| matches!(protection, Protection::Sha1Rc2 { .. });
    if protections().any(rc2) {
        found.push(Trait::Rc2);
    }
    found
}

/// The MAC of RFC 7292's first readers, in Java's name.
const SHA1_MAC: &str = "HmacPBESHA1";

/// What each reader does not take, and since when it does.
const TABLE: &[Row] = &[
    // CSR JDK-8267701: HmacPBESHA256 is new in 12, 11.0.12, 8u301 and 7u311, and the default since 16.
    // Before: "Algorithm HmacPBESHA256 not available" (KeyStore Explorer, issue 359).
    row(Reader::OldJava, Trait::Sha2Mac, "its MAC stands on SHA-2"),
    row(Reader::OldJava, Trait::Pbes2, "it is encrypted with PBES2"),
    // JDK-8343232 brings RFC 9879 to JDK 26 (backports: JDK-8370042). JDK 17.0.15, seen on the RFC's own
    // files: "Algorithm HmacPBE1.2.840.113549.1.5.14 not available".
    row(Reader::OldJava, Trait::Pbmac1, "its MAC is PBMAC1"),
    row(Reader::Java, Trait::Pbmac1, "its MAC is PBMAC1"),
    // bc-java, issue 1739.
    Row {
        reader: Reader::BouncyCastle,
        found: Trait::Pbmac1,
        obstacle: "its MAC is PBMAC1",
        with: Some("the type PKCS12-PBMAC1"),
    },
    // CHANGES of OpenSSL 3.4. OpenSSL 3.0.19, seen: "Mac verify error: invalid password?".
    row(Reader::OldOpenSsl, Trait::Pbmac1, "its MAC is PBMAC1"),
    Row {
        reader: Reader::OpenSsl,
        found: Trait::Pbmac1,
        obstacle: "its MAC is PBMAC1",
        with: Some("version 3.4 or later"),
    },
    // migration_guide(7) of OpenSSL 3: RC2-40 is in the legacy provider, which is not loaded unless asked.
    Row {
        reader: Reader::OpenSsl,
        found: Trait::Rc2,
        obstacle: "it is encrypted with RC2",
        with: Some("-legacy"),
    },
    // OpenSSL reads PKCS #12 and PEM alone.
    row(Reader::OldOpenSsl, Trait::Format(Format::Jks), NO_JAVA),
    row(Reader::OpenSsl, Trait::Format(Format::Jks), NO_JAVA),
    row(Reader::OldOpenSsl, Trait::Format(Format::Jceks), NO_JAVA),
    row(Reader::OpenSsl, Trait::Format(Format::Jceks), NO_JAVA),
    row(Reader::OldOpenSsl, Trait::Format(Format::Bks), BOUNCY),
    row(Reader::OpenSsl, Trait::Format(Format::Bks), BOUNCY),
    row(Reader::OldJava, Trait::Format(Format::Bks), BOUNCY),
    row(Reader::Java, Trait::Format(Format::Bks), BOUNCY),
    row(Reader::NewJava, Trait::Format(Format::Bks), BOUNCY),
    row(Reader::OldOpenSsl, Trait::Format(Format::Bcfks), BOUNCY),
    row(Reader::OpenSsl, Trait::Format(Format::Bcfks), BOUNCY),
    row(Reader::OldJava, Trait::Format(Format::Bcfks), BOUNCY),
    row(Reader::Java, Trait::Format(Format::Bcfks), BOUNCY),
    row(Reader::NewJava, Trait::Format(Format::Bcfks), BOUNCY),
    // The providers of the JDK and of BouncyCastle have no KeyStore for PEM; keytool imports a single
    // certificate of it.
    row(Reader::OldJava, Trait::Format(Format::Pem), NO_KEYSTORE),
    row(Reader::Java, Trait::Format(Format::Pem), NO_KEYSTORE),
    row(Reader::NewJava, Trait::Format(Format::Pem), NO_KEYSTORE),
    row(
        Reader::BouncyCastle,
        Trait::Format(Format::Pem),
        NO_KEYSTORE,
    ),
    // Nor for the other files of certificates alone.
    row(Reader::OldJava, Trait::Format(Format::Der), NO_STORE),
    row(Reader::Java, Trait::Format(Format::Der), NO_STORE),
    row(Reader::NewJava, Trait::Format(Format::Der), NO_STORE),
    row(Reader::BouncyCastle, Trait::Format(Format::Der), NO_STORE),
    row(Reader::OldJava, Trait::Format(Format::Pkcs7), NO_STORE),
    row(Reader::Java, Trait::Format(Format::Pkcs7), NO_STORE),
    row(Reader::NewJava, Trait::Format(Format::Pkcs7), NO_STORE),
    row(Reader::BouncyCastle, Trait::Format(Format::Pkcs7), NO_STORE),
    // BouncyCastle has BKS, BCFKS and PKCS #12; JKS is the JDK's own provider's.
    row(Reader::BouncyCastle, Trait::Format(Format::Jks), JDK),
    row(Reader::BouncyCastle, Trait::Format(Format::Jceks), JDK),
];

const fn row(reader: Reader, found: Trait, obstacle: &'static str) -> Row {
    Row {
        reader,
        found,
        obstacle,
        with: None,
    }
}

const NO_JAVA: &str = "the format is Java's own";
const BOUNCY: &str = "the format is BouncyCastle's own";
const NO_KEYSTORE: &str = "PEM is no keystore for it";
const NO_STORE: &str = "it holds certificates and is no keystore";
const JDK: &str = "the format is the JDK's own";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key::SystemRandom,
        keystore::{Encoding, Entry, Keystore, Pkcs12Profile},
        secret::Password,
        x509::Certificate,
    };

    fn said(encoding: Encoding) -> Vec<String> {
        let store: Keystore = [Entry::trusted("a", Certificate::from_der(vec![0x30, 0]))]
            .into_iter()
            .collect();
        let password = Password::new("changeit");
        let bytes = store
            .encode(encoding, &password, &mut SystemRandom)
            .unwrap();
        let decoded = Keystore::decode(bytes.expose(), &password).unwrap();
        readers(&decoded).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_modern_pkcs12_is_not_for_an_old_java() {
        assert_eq!(
            said(Encoding::Pkcs12(Pkcs12Profile::Modern)),
            [
                "not Java 8 before 8u301 and 11 before 11.0.12: its MAC stands on SHA-2",
                "Java 8u301, 11.0.12 and later",
                "Java 26 and later",
                "OpenSSL 1.1.1",
                "OpenSSL 3",
                "BouncyCastle",
            ]
        );
    }

    #[test]
    fn an_old_pkcs12_wants_an_option_of_openssl_3() {
        let said = said(Encoding::Pkcs12(Pkcs12Profile::Java8));
        assert_eq!(said[0], "Java 8 before 8u301 and 11 before 11.0.12");
        assert_eq!(said[4], "OpenSSL 3 with -legacy: it is encrypted with RC2");
    }

    #[test]
    fn certificates_in_der_are_no_keystore_of_java() {
        let der = crate::edit::testing::made("a", None).certificate;
        let decoded = Keystore::decode_unverified(der.der()).unwrap();
        let said: Vec<_> = readers(&decoded).iter().map(ToString::to_string).collect();
        assert_eq!(
            said[1],
            "not Java 8u301, 11.0.12 and later: it holds certificates and is no keystore"
        );
        assert_eq!(said[4], "OpenSSL 3");
    }

    #[test]
    fn certificates_under_rc2_want_it_too_whatever_their_iterations() {
        let store = Keystore::new();
        let password = Password::new("changeit");
        let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
        let bytes = store.encode(modern, &password, &mut SystemRandom).unwrap();
        let mut decoded = Keystore::decode(bytes.expose(), &password).unwrap();
        decoded.protections = vec![Protection::Sha1Rc2 { iterations: 2048 }];
        let said = readers(&decoded)[4].to_string();
        assert_eq!(said, "OpenSSL 3 with -legacy: it is encrypted with RC2");
    }

    #[test]
    fn a_jks_is_for_java_alone() {
        let said = said(Encoding::Jks);
        assert_eq!(said[1], "Java 8u301, 11.0.12 and later");
        assert_eq!(said[4], "not OpenSSL 3: the format is Java's own");
    }
}
