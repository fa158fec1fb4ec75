//! The public half of a private key.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521},
    signature::{Ed25519KeyPair, KeyPair},
};

use zeroize::Zeroizing;

use super::{
    KeyAlgorithm, KeyError, KeyMatch,
    der::{self, DerError, Reader},
};
use crate::secret::Bytes;

/// Fails unless the bytes are a PKCS #8 `PrivateKeyInfo` (RFC 5208) or `OneAsymmetricKey` (RFC 5958).
pub(super) fn check_pkcs8(der: &[u8]) -> Result<(), KeyError> {
    Pkcs8::read(der).map(|_| ())
}

/// Which of the algorithms that this tool makes the key is of.
pub(super) fn algorithm(der: &[u8]) -> Option<KeyAlgorithm> {
    let key = Pkcs8::read(der).ok()?;
    match key.algorithm {
        RSA => match bit_length(rsa_public(key.key).ok()?.modulus) {
            2048 => Some(KeyAlgorithm::Rsa2048),
            3072 => Some(KeyAlgorithm::Rsa3072),
            4096 => Some(KeyAlgorithm::Rsa4096),
            _ => None,
        },
        EC => match key.curve()? {
            P256 => Some(KeyAlgorithm::EcP256),
            P384 => Some(KeyAlgorithm::EcP384),
            _ => None,
        },
        _ => None,
    }
}

/// Size in bits of an RSA key's modulus, of whatever size; `None` for other keys.
pub(super) fn rsa_bits(der: &[u8]) -> Option<usize> {
    let key = Pkcs8::read(der).ok()?;
    match key.algorithm {
        RSA => Some(bit_length(rsa_public(key.key).ok()?.modulus)),
        _ => None,
    }
}

/// The DER of the SubjectPublicKeyInfo.
///
/// RSA: modulus and exponent stand in the private key (RFC 8017 appendix A.1.2). EC and Ed25519: computed
/// from the private key; only for a curve that the provider does not know is the public key that a file
/// may carry (RFC 5915) believed.
pub(super) fn of(der: &[u8]) -> Result<Vec<u8>, KeyError> {
    let key = Pkcs8::read(der)?;
    match key.algorithm {
        RSA | RSA_PSS => {
            let public = rsa_public(key.key).map_err(|error| unusable(error.reason))?;
            let public = der::sequence(&[
                &der::positive(public.modulus),
                &der::positive(public.exponent),
            ]);
            Ok(spki(key.algorithm_der, &public))
        }
        EC => {
            let curve = key.curve().ok_or_else(|| unusable("no named curve"))?;
            let ecdh = match curve {
                P256 => Some(&ECDH_P256),
                P384 => Some(&ECDH_P384),
                P521 => Some(&ECDH_P521),
                _ => None,
            };
            let identifier = der::sequence(&[
                &der::encode(der::OID, &[EC]),
                &der::encode(der::OID, &[curve]),
            ]);
            match ecdh {
                Some(ecdh) => {
                    let public = agreement::PrivateKey::from_private_key_der(ecdh, der)
                        .ok()
                        .and_then(|key| key.compute_public_key().ok())
                        .ok_or_else(|| unusable("no point on its curve"))?;
                    Ok(spki(&identifier, public.as_ref()))
                }
                None => match sec1_public(key.key) {
                    Some(public) => Ok(spki(&identifier, public)),
                    _ => Err(unusable("an unknown curve, and no public key beside it")),
                },
            }
        }
        ED25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                .map_err(|_| unusable("not a readable Ed25519 key"))?;
            Ok(spki(key.algorithm_der, pair.public_key().as_ref()))
        }
        _ => Err(unusable("its public key cannot be told from it")),
    }
}

/// Wraps a PKCS #1 RSAPrivateKey (RFC 8017 appendix A.1.2) as PKCS #8.
pub(super) fn pkcs8_of_rsa(key: &[u8]) -> Result<Bytes, DerError> {
    rsa_public(key)?;
    let algorithm = der::sequence(&[&der::encode(der::OID, &[RSA]), &der::encode(der::NULL, &[])]);
    Ok(pkcs8(&algorithm, key))
}

/// Wraps a SEC 1 ECPrivateKey (RFC 5915) as PKCS #8. `curve`: content octets of the curve's OID, for a key
/// that does not name its own.
pub(super) fn pkcs8_of_ec(key: &[u8], curve: Option<&[u8]>) -> Result<Bytes, DerError> {
    let own = match sec1_after_private(key)?.optional(SEC1_PARAMETERS)? {
        Some(parameters) => Some(parameters.reader().oid("no named curve")?),
        None => None,
    };
    let curve = own.or(curve).ok_or(DerError {
        offset: 0,
        reason: "no named curve",
    })?;
    let algorithm = der::sequence(&[
        &der::encode(der::OID, &[EC]),
        &der::encode(der::OID, &[curve]),
    ]);
    Ok(pkcs8(&algorithm, key))
}

/// Wraps OpenSSL's DSA key (`i2d_DSAPrivateKey`: version, p, q, g, public and private number) as PKCS #8
/// (RFC 3279 section 2.3.2 has the parameters, RFC 5958 the number alone).
pub(super) fn pkcs8_of_dsa(key: &[u8]) -> Result<Bytes, DerError> {
    let mut numbers = Reader::new(key).sequence("no DSA key")?;
    numbers.expect(der::INTEGER, "no version of a DSA key")?;
    let mut next = || numbers.expect(der::INTEGER, "a number of a DSA key is missing");
    let (p, q, g, _public, private) = (next()?, next()?, next()?, next()?, next()?);
    let algorithm = der::sequence(&[
        &der::encode(der::OID, &[DSA]),
        &der::sequence(&[p.whole, q.whole, g.whole]),
    ]);
    Ok(pkcs8(&algorithm, private.whole))
}

fn pkcs8(algorithm: &[u8], key: &[u8]) -> Bytes {
    let key = Zeroizing::new(der::encode(der::OCTET_STRING, &[key]));
    Bytes::from(der::sequence(&[
        &der::encode(der::INTEGER, &[&[0]]),
        algorithm,
        &key,
    ]))
}

/// The key octets in their PKCS #8 envelope.
#[cfg(test)]
pub(super) fn inner_key(der: &[u8]) -> Option<&[u8]> {
    Pkcs8::read(der).ok().map(|key| key.key)
}

/// Compares the key itself. Whether the parameters of an RSA key are NULL or absent is how it is written
/// down and not which key it is (RFC 3279 wants NULL, and some writers leave it out).
pub(crate) fn same_key(a: &[u8], b: &[u8]) -> KeyMatch {
    if a == b {
        return KeyMatch::Yes;
    }
    match (Spki::read(a), Spki::read(b)) {
        (Ok(a), Ok(b)) if is_rsa(a.algorithm) && is_rsa(b.algorithm) => yes_or_no(a.key == b.key),
        (Ok(a), Ok(b)) => {
            yes_or_no(a.algorithm == b.algorithm && a.key == b.key && a.parameters == b.parameters)
        }
        _ => KeyMatch::Unknown,
    }
}

fn yes_or_no(same: bool) -> KeyMatch {
    if same { KeyMatch::Yes } else { KeyMatch::No }
}

fn is_rsa(oid: &[u8]) -> bool {
    oid == RSA || oid == RSA_PSS
}

/// A private key in its PKCS #8 envelope. Borrows, so that no secret is copied.
struct Pkcs8<'a> {
    /// Content octets of the algorithm's OID.
    algorithm: &'a [u8],
    /// The whole AlgorithmIdentifier.
    algorithm_der: &'a [u8],
    /// What follows the OID in it.
    parameters: &'a [u8],
    /// The content of the OCTET STRING.
    key: &'a [u8],
}

impl<'a> Pkcs8<'a> {
    fn read(der: &'a [u8]) -> Result<Self, KeyError> {
        Self::parse(der).map_err(|error| KeyError::NotPkcs8 {
            reason: error.reason,
        })
    }

    fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(der);
        let mut info = outer.sequence("not a DER sequence")?;
        outer.finish("bytes follow it")?;
        if info.unsigned("no version")? > 1 {
            return Err(DerError {
                offset: 0,
                reason: "a version other than 1 and 2",
            });
        }
        let algorithm = info.expect(der::SEQUENCE, "no algorithm")?;
        let mut parts = algorithm.reader();
        Ok(Self {
            algorithm: parts.oid("no algorithm identifier")?,
            algorithm_der: algorithm.whole,
            parameters: parts.rest(),
            key: info.expect(der::OCTET_STRING, "no key octets")?.content,
        })
    }

    /// The OID of the named curve: in the parameters, or in the SEC 1 structure itself.
    fn curve(&self) -> Option<&'a [u8]> {
        if let Ok(curve) = Reader::new(self.parameters).oid("no curve") {
            return Some(curve);
        }
        let parameters = sec1_after_private(self.key)
            .ok()?
            .optional(SEC1_PARAMETERS)
            .ok()??;
        parameters.reader().oid("no curve").ok()
    }
}

/// A SubjectPublicKeyInfo, taken apart.
struct Spki<'a> {
    algorithm: &'a [u8],
    parameters: &'a [u8],
    key: &'a [u8],
}

impl<'a> Spki<'a> {
    fn read(der: &'a [u8]) -> Result<Self, DerError> {
        let mut info = Reader::new(der).sequence("no sequence")?;
        let mut algorithm = info.sequence("no algorithm")?;
        Ok(Self {
            algorithm: algorithm.oid("no algorithm identifier")?,
            parameters: algorithm.rest(),
            key: info.expect(der::BIT_STRING, "no key bits")?.content,
        })
    }
}

/// Modulus and public exponent of an RSA key.
pub(super) struct RsaPublic<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) exponent: &'a [u8],
}

/// The numbers of a private RSA key that decrypt.
pub(super) struct RsaPrivate<'a> {
    pub(super) public: RsaPublic<'a>,
    /// The private exponent.
    pub(super) exponent: &'a [u8],
}

/// Why a key has no RSA numbers: it is of another algorithm.
pub(super) const NOT_RSA: &str = "not an RSA key";

/// The numbers in the DER of a SubjectPublicKeyInfo (RFC 3279 section 2.3.1).
pub(super) fn rsa_public_numbers(der: &[u8]) -> Result<RsaPublic<'_>, DerError> {
    let spki = Spki::read(der)?;
    if spki.algorithm != RSA {
        return Err(other_algorithm());
    }
    let damaged = |reason| DerError { offset: 0, reason };
    let [0, key @ ..] = spki.key else {
        return Err(damaged("key bits that are not whole octets"));
    };
    let mut key = Reader::new(key).sequence("no RSA key")?;
    Ok(RsaPublic {
        modulus: key.expect(der::INTEGER, "no RSA modulus")?.content,
        exponent: key.expect(der::INTEGER, "no RSA exponent")?.content,
    })
}

/// The numbers in a PKCS #8 key.
pub(super) fn rsa_private_numbers(der: &[u8]) -> Result<RsaPrivate<'_>, DerError> {
    let key = Pkcs8::parse(der)?;
    if key.algorithm != RSA {
        return Err(other_algorithm());
    }
    let mut numbers = Reader::new(key.key).sequence("no RSA key")?;
    numbers.expect(der::INTEGER, "no version of an RSA key")?;
    let mut number = |what| Ok(numbers.expect(der::INTEGER, what)?.content);
    Ok(RsaPrivate {
        public: RsaPublic {
            modulus: number("no RSA modulus")?,
            exponent: number("no RSA exponent")?,
        },
        exponent: number("no private RSA exponent")?,
    })
}

fn other_algorithm() -> DerError {
    DerError {
        offset: 0,
        reason: NOT_RSA,
    }
}

/// Modulus and public exponent of an RSAPrivateKey (RFC 8017 appendix A.1.2).
fn rsa_public(key: &[u8]) -> Result<RsaPublic<'_>, DerError> {
    let mut key = Reader::new(key).sequence("no RSA key")?;
    key.expect(der::INTEGER, "no version of an RSA key")?;
    Ok(RsaPublic {
        modulus: key.expect(der::INTEGER, "no RSA modulus")?.content,
        exponent: key.expect(der::INTEGER, "no RSA exponent")?.content,
    })
}

/// An ECPrivateKey (RFC 5915) behind its private number.
fn sec1_after_private(key: &[u8]) -> Result<Reader<'_>, DerError> {
    let mut key = Reader::new(key).sequence("no EC key")?;
    key.expect(der::INTEGER, "no version of an EC key")?;
    key.expect(der::OCTET_STRING, "no EC private number")?;
    Ok(key)
}

/// The point that an ECPrivateKey may carry.
fn sec1_public(key: &[u8]) -> Option<&[u8]> {
    let mut key = sec1_after_private(key).ok()?;
    key.optional(SEC1_PARAMETERS).ok()?;
    let mut public = key.optional(SEC1_PUBLIC).ok()??.reader();
    match public
        .expect(der::BIT_STRING, "no EC public key")
        .ok()?
        .content
    {
        [0, point @ ..] => Some(point),
        _ => None,
    }
}

fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    der::sequence(&[algorithm, &der::bit_string(key)])
}

/// Bits of an INTEGER's content, leading zeros not counted.
pub(super) fn bit_length(integer: &[u8]) -> usize {
    let skip = integer.iter().take_while(|octet| **octet == 0).count();
    match integer.get(skip) {
        Some(first) => (integer.len() - skip) * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

fn unusable(reason: &str) -> KeyError {
    KeyError::Unusable {
        reason: reason.to_owned(),
    }
}

/// rsaEncryption, 1.2.840.113549.1.1.1 (RFC 8017).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-RSASSA-PSS, 1.2.840.113549.1.1.10 (RFC 4055).
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// id-dsa, 1.2.840.10040.4.1 (RFC 3279 section 2.3.2).
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1 (RFC 5480).
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// secp256r1, 1.2.840.10045.3.1.7.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// secp384r1, 1.3.132.0.34.
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// secp521r1, 1.3.132.0.35.
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
/// id-Ed25519, 1.3.101.112 (RFC 8410).
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// `parameters [0]` of an ECPrivateKey (RFC 5915).
const SEC1_PARAMETERS: u8 = 0xa0;
/// `publicKey [1]` of an ECPrivateKey (RFC 5915).
const SEC1_PUBLIC: u8 = 0xa1;

#[cfg(test)]
mod tests {
    use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

    use super::*;
    use crate::{key::PrivateKey, x509::Fingerprint};

    fn ready_keys() -> Vec<(String, Vec<u8>, Fingerprint)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/keys");
        let manifest = std::fs::read_to_string(format!("{folder}/MANIFEST")).unwrap();
        let rows = manifest.lines().filter(|line| !line.starts_with('#'));
        rows.map(|row| {
            let columns: Vec<_> = row.split('\t').collect();
            let pem = std::fs::read(format!("{folder}/{}", columns[0])).unwrap();
            let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).unwrap();
            (
                columns[1].to_owned(),
                der.secret_pkcs8_der().to_vec(),
                columns[2].parse().unwrap(),
            )
        })
        .collect()
    }

    #[test]
    fn the_public_half_is_what_openssl_says_it_is() {
        let keys = ready_keys();
        assert!(keys.len() >= 18);
        for (name, der, expected) in keys {
            let spki = of(&der).unwrap();
            assert_eq!(Fingerprint::of(&spki), expected, "{name}");
            assert_eq!(
                algorithm(&der).map(KeyAlgorithm::name),
                Some(name.as_str()).filter(|name| *name != "rsa-1024")
            );
        }
    }

    #[test]
    fn null_parameters_and_none_are_the_same_rsa_key() {
        let (_, der, _) = ready_keys().remove(5);
        let with = of(&der).unwrap();
        let key = Spki::read(&with).unwrap().key[1..].to_vec();
        let without = spki(&der::sequence(&[&der::encode(der::OID, &[RSA])]), &key);
        assert_ne!(with, without);
        assert_eq!(same_key(&with, &without), KeyMatch::Yes);
        assert_eq!(same_key(&with, b"\x30\x00"), KeyMatch::Unknown);
    }

    #[test]
    fn a_cut_or_changed_key_is_an_error_and_never_a_panic() {
        for (_, der, _) in ready_keys().into_iter().step_by(4) {
            for length in 0..der.len() {
                assert!(PrivateKey::from_pkcs8(&der[..length]).is_err());
            }
            for at in 0..der.len().min(60) {
                let mut changed = der.clone();
                changed[at] ^= 0x81;
                if let Ok(key) = PrivateKey::from_pkcs8(changed) {
                    let _ = (
                        key.algorithm(),
                        key.spki().is_ok(),
                        key.signing_key().is_ok(),
                    );
                }
            }
        }
    }

    #[test]
    fn an_rsa_key_of_1024_bits_is_read_and_does_not_sign() {
        let (_, der, _) = ready_keys()
            .into_iter()
            .find(|(name, ..)| name == "rsa-1024")
            .unwrap();
        let key = PrivateKey::from_pkcs8(der).unwrap();
        assert!(key.spki().is_ok());
        assert!(matches!(
            key.signing_key().err(),
            Some(KeyError::Unusable { .. })
        ));
    }
}
