//! Java's own format, JKS, as `sun.security.provider.JavaKeyStore` reads and writes it.
//!
//! The layout is that of `super::java`, with private keys and trusted certificates. Version 1 is read,
//! version 2 read and written.

mod writer;

use super::{DecodeError, Decoded, Encoding, Format, java};
use crate::secret::Password;

pub(super) use writer::encode;

/// Reads a store. Without a password its integrity stays unchecked.
pub(super) fn decode(bytes: &[u8], password: Option<&Password>) -> Result<Decoded, DecodeError> {
    java::decode(bytes, password, &DIALECT)
}

const MAGIC: u32 = 0xFEED_FEED;
const DIALECT: java::Dialect = java::Dialect {
    format: Format::Jks,
    magic: MAGIC,
    encoding: Some(Encoding::Jks),
    secret_key: None,
};

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Alias, Content, EncodeError, Entry, Keystore, SealedKey,
            java::{DIGEST_LENGTH, TAG_PRIVATE_KEY, TAG_TRUSTED, digest},
        },
        *,
    };
    use crate::{secret::Bytes, x509::Certificate};

    fn password() -> Password {
        Password::new("changeit")
    }

    /// A file: header, entries as they are given, digest.
    fn file(version: u32, count: u32, entries: &[&[u8]]) -> Vec<u8> {
        let mut out = [MAGIC, version, count].map(u32::to_be_bytes).concat();
        out.extend(entries.concat());
        out.extend_from_slice(digest(&password(), &out).as_ref());
        out
    }

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
    }

    fn trusted(alias: &str, date: i64, kind: Option<&str>, der: &[u8]) -> Vec<u8> {
        [
            &TAG_TRUSTED.to_be_bytes()[..],
            &text(alias),
            &date.to_be_bytes(),
            &kind.map(text).unwrap_or_default(),
            &(der.len() as u32).to_be_bytes(),
            der,
        ]
        .concat()
    }

    fn store(entries: impl IntoIterator<Item = Entry>) -> Keystore {
        entries.into_iter().collect()
    }

    fn certificate() -> Certificate {
        Certificate::from_der(vec![0x30, 0])
    }

    fn refusal(entry: Entry) -> &'static str {
        match encode(&store([entry]), &password()) {
            Err(EncodeError::Alias { reason, .. } | EncodeError::Entry { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_type_and_a_date_that_the_model_does_not_know_come_back_as_they_were() {
        let bytes = file(
            2,
            4,
            &[
                &trusted("old", 1, Some("X509"), b"not a certificate"),
                &trusted("last", i64::MAX, Some("X.509"), b""),
                &trusted("first", i64::MIN, Some("PGP"), b"\0"),
                &trusted("new", -1, Some("X.509"), b"x"),
            ],
        );
        let keystore = decode(&bytes, Some(&password())).unwrap().keystore;
        assert_eq!(keystore.get("last").unwrap().created, None);
        assert_eq!(encode(&keystore, &password()).unwrap().expose(), bytes);
    }

    #[test]
    fn a_password_is_tried_on_what_was_looked_at_as_if_it_were_read_with_it() {
        let whole = file(2, 1, &[&trusted("ca", 5, Some("X.509"), b"x")]);
        let followed = [&whole[..], b"what Java ignores"].concat();
        for bytes in [&whole, &followed] {
            let looked = Keystore::look(bytes).unwrap();
            for password in [password(), Password::new("wrong")] {
                let tried = Keystore::decode_looked(bytes, &looked, &password);
                assert_eq!(tried, Keystore::decode(bytes, &password));
            }
            let cut = &bytes[..whole.len() - 1];
            assert!(Keystore::decode_looked(cut, &looked, &password()).is_err());
        }
    }

    #[test]
    fn version_1_is_read_and_written_as_version_2() {
        let bytes = file(1, 1, &[&trusted("ca", 5, None, b"x")]);
        let keystore = decode(&bytes, Some(&password())).unwrap().keystore;
        let written = encode(&keystore, &password()).unwrap();
        let second = file(2, 1, &[&trusted("ca", 5, Some("X.509"), b"x")]);
        assert_eq!(written.expose(), second);
    }

    #[test]
    fn an_alias_that_java_does_not_find_is_read_and_not_written() {
        let bytes = file(2, 1, &[&trusted("WSO2Carbon", 5, Some("X.509"), b"x")]);
        let keystore = decode(&bytes, Some(&password())).unwrap().keystore;
        assert_eq!(keystore.entries()[0].alias.as_str(), "WSO2Carbon");
        assert!(matches!(
            encode(&keystore, &password()),
            Err(EncodeError::Alias { alias, .. }) if alias == Alias::from("WSO2Carbon")
        ));
    }

    #[test]
    fn what_java_would_not_find_or_open_is_refused() {
        assert!(refusal(Entry::trusted("A", certificate())).contains("lower case"));
        let long = "é".repeat(32_768);
        assert!(refusal(Entry::trusted(long, certificate())).contains("65,535"));
        let pair = [
            Entry::trusted("a", certificate()),
            Entry::trusted("a", certificate()),
        ];
        assert!(matches!(
            encode(&store(pair), &password()),
            Err(EncodeError::Alias { reason, .. }) if reason.contains("another")
        ));
        let secret = Content::SecretKey {
            sealed: Bytes::default(),
        };
        assert!(refusal(Entry::of("a", secret)).contains("secret"));
        let invisible = Content::TrustedCertificate {
            certificate: certificate(),
            java_visible: false,
        };
        assert!(refusal(Entry::of("a", invisible)).contains("does not see"));
        // EncryptedPrivateKeyInfo with PBES2
        let pbes2 = [
            0x30, 0x0F, 0x30, 0x0B, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 5, 13, 4, 0,
        ];
        let key = SealedKey::from_encrypted(pbes2);
        assert!(refusal(Entry::private_key("a", key, vec![certificate()])).contains("another way"));
    }

    #[test]
    fn an_alias_of_65535_bytes_is_the_longest() {
        let keystore = store([Entry::trusted("a".repeat(65_535), certificate())]);
        let bytes = encode(&keystore, &password()).unwrap();
        let read = decode(bytes.expose(), Some(&password())).unwrap().keystore;
        assert_eq!(read.entries()[0].alias, keystore.entries()[0].alias);
    }

    #[test]
    fn the_empty_store_and_the_empty_password_are_both_good() {
        let bytes = encode(&Keystore::new(), &Password::new("")).unwrap();
        assert_eq!(bytes.len(), 12 + DIGEST_LENGTH);
        assert!(decode(bytes.expose(), Some(&Password::new(""))).is_ok());
        assert!(decode(bytes.expose(), Some(&Password::new("x"))).is_err());
    }

    #[test]
    fn counts_and_lengths_are_held_against_the_file_before_memory_is_taken() {
        let huge = u32::MAX.to_be_bytes();
        let alias = [&TAG_PRIVATE_KEY.to_be_bytes()[..], &text("a"), &[0; 8]].concat();
        let key = [&alias[..], &huge].concat();
        let chain = [&alias[..], &[0, 0, 0, 0], &huge].concat();
        for (count, entry) in [
            (u32::MAX, vec![]),
            (0x7FFF_FFFF, vec![]),
            (1, key),
            (1, chain),
        ] {
            let read = decode(&file(2, count, &[&entry]), Some(&password()));
            assert!(
                matches!(read, Err(DecodeError::Truncated { .. })),
                "{read:?}"
            );
        }
    }

    #[test]
    fn an_unknown_version_tag_or_spelling_names_its_place() {
        let read = |bytes: &[u8]| decode(bytes, Some(&password())).unwrap_err();
        let place = |error| match error {
            DecodeError::Damaged { offset, .. } => offset,
            other => panic!("{other}"),
        };
        assert_eq!(place(read(&file(3, 0, &[]))), 4);
        let mut tag = trusted("a", 0, Some("X.509"), b"");
        tag[3] = 3;
        assert_eq!(place(read(&file(2, 1, &[&tag]))), 12);
        let utf8 = trusted("\u{1F511}", 0, Some("X.509"), b"");
        assert_eq!(place(read(&file(2, 1, &[&utf8]))), 18);
    }
}
