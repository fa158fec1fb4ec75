//! BCFKS, the FIPS format of BouncyCastle: recognised alone. Its content is encrypted with AES-256-CCM,
//! which the crypto provider does not have.

use crate::key::der::{self, Length};

/// `ObjectStore ::= SEQUENCE { EncryptedObjectStoreData, ObjectStoreIntegrityCheck }`, of which the first
/// begins with the OID of PBES2 (RFC 8018). An `EncryptedPrivateKeyInfo` has a SEQUENCE less.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for _ in 0..3 {
        match (rest.first(), der::header(rest)) {
            (Some(&der::SEQUENCE), Ok((header, Length::Definite(_)))) => rest = &rest[header..],
            _ => return false,
        }
    }
    rest.starts_with(PBES2)
}

/// 1.2.840.113549.1.5.13, with tag and length.
const PBES2: &[u8] = &[6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 5, 13];
