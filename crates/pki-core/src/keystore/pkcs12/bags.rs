//! SafeBags (RFC 7292 section 4.2), read: what is in each, and its attributes.

use crate::{
    key::{
        PrivateKey,
        der::{self, DerError, Element, Reader},
    },
    keystore::{Attribute, SealedKey, ber},
    secret::Bytes,
};

/// One bag.
pub(super) struct Bag {
    pub(super) value: Value,
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
    /// Java's trusted-use attribute, if it is there.
    pub(super) trusted: Option<Attribute>,
    /// All other attributes.
    pub(super) attributes: Vec<Attribute>,
}

/// What is in a bag.
pub(super) enum Value {
    Certificate(Vec<u8>),
    Key(SealedKey),
    /// The content of the bag.
    Secret(Bytes),
}

/// Reads a SafeContents and appends its bags. CRLs, certificates other than X.509 and bags of unknown
/// types are left out, as Java does; SafeContents within it are read as if they were not wrapped.
pub(super) fn read(contents: Reader<'_>, bags: &mut Vec<Bag>) -> Result<(), DerError> {
    read_nested(contents, bags, 0)
}

fn read_nested(
    mut contents: Reader<'_>,
    bags: &mut Vec<Bag>,
    depth: usize,
) -> Result<(), DerError> {
    while !contents.is_empty() {
        let mut bag = contents.sequence("a SafeBag")?;
        let kind = bag.oid("a bag's type")?;
        let value = bag.expect(EXPLICIT_0, "a bag's value")?;
        let value = match kind.strip_prefix(BAG_TYPES) {
            Some([KEY]) => Value::Key(open_key(value)?),
            Some([SHROUDED_KEY]) => {
                let key = value.reader().expect(der::SEQUENCE, "an encrypted key")?;
                Value::Key(SealedKey::from_encrypted(key.whole))
            }
            Some([CERTIFICATE]) => match certificate(value)? {
                Some(der) => Value::Certificate(der),
                None => continue,
            },
            Some([SECRET]) => {
                let secret = value.reader().expect(der::SEQUENCE, "a SecretBag")?;
                Value::Secret(Bytes::from(secret.whole))
            }
            Some([SAFE_CONTENTS]) => {
                if depth == MAX_NESTED_SAFES {
                    return Err(DerError {
                        offset: value.offset,
                        reason: "SafeContents nested too deeply",
                    });
                }
                let nested = value.reader().sequence("a SafeContents")?;
                read_nested(nested, bags, depth + 1)?;
                continue;
            }
            _ => continue,
        };
        let mut bag_with = Bag {
            value,
            friendly_name: None,
            local_key_id: None,
            trusted: None,
            attributes: Vec::new(),
        };
        if let Some(attributes) = bag.optional(der::SET)? {
            read_attributes(attributes.reader(), &mut bag_with)?;
        }
        bags.push(bag_with);
    }
    Ok(())
}

fn open_key(value: Element<'_>) -> Result<SealedKey, DerError> {
    let key = value.reader().expect(der::SEQUENCE, "a private key")?;
    let key = PrivateKey::from_pkcs8(key.whole).map_err(|_| DerError {
        offset: key.offset,
        reason: "a keyBag that holds no PKCS #8 key",
    })?;
    Ok(SealedKey::unprotected(key))
}

/// The octets of an X.509 certificate, whatever is in them; `None` for SDSI.
fn certificate(value: Element<'_>) -> Result<Option<Vec<u8>>, DerError> {
    let mut bag = value.reader().sequence("a CertBag")?;
    if bag.oid("a certificate's type")? != X509_CERTIFICATE {
        return Ok(None);
    }
    let wrapped = bag.expect(EXPLICIT_0, "a certificate")?;
    let octets = wrapped
        .reader()
        .expect(der::OCTET_STRING, "a certificate")?;
    Ok(Some(octets.content.to_vec()))
}

fn read_attributes(mut attributes: Reader<'_>, bag: &mut Bag) -> Result<(), DerError> {
    while !attributes.is_empty() {
        let whole = attributes.expect(der::SEQUENCE, "a bag attribute")?;
        let mut attribute = whole.reader();
        let oid = attribute.oid("an attribute's OID")?;
        let mut values = attribute
            .expect(der::SET, "an attribute's values")?
            .reader();
        let kept = || Attribute::new(der::dotted(oid), whole.whole);
        match oid {
            FRIENDLY_NAME if !values.is_empty() => {
                let value = values.element()?;
                match text(value) {
                    Some(text) => bag.friendly_name = Some(text),
                    None => bag.attributes.push(kept()),
                }
            }
            LOCAL_KEY_ID if !values.is_empty() => {
                let id = values.expect(der::OCTET_STRING, "a localKeyID")?;
                bag.local_key_id = Some(id.content.to_vec());
            }
            TRUSTED_USE => bag.trusted = Some(kept()),
            _ => bag.attributes.push(kept()),
        }
    }
    Ok(())
}

/// A BMPString, or the UTF8String that some write. Java's strings are UTF-16, so surrogate pairs mean
/// one character; an unpaired surrogate becomes U+FFFD, the one thing that is not kept.
fn text(value: Element<'_>) -> Option<String> {
    match value.tag {
        BMP_STRING => {
            let units = value.content.chunks_exact(2);
            if !units.remainder().is_empty() {
                return None;
            }
            let units: Vec<u16> = units
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            Some(String::from_utf16_lossy(&units))
        }
        UTF8_STRING => String::from_utf8(value.content.to_vec()).ok(),
        _ => None,
    }
}

/// The content of an OCTET STRING that is wrapped implicitly in `[0]`, whole or in pieces.
pub(super) fn implicit_octets(
    element: Element<'_>,
) -> Result<std::borrow::Cow<'_, [u8]>, DerError> {
    if element.tag == EXPLICIT_0 {
        let pieces = ber::join(element.content).map_err(|reason| DerError {
            offset: element.offset,
            reason,
        })?;
        return Ok(pieces.into());
    }
    Ok(element.content.into())
}

pub(super) const EXPLICIT_0: u8 = 0xa0;
pub(super) const IMPLICIT_0: u8 = 0x80;
pub(super) const BMP_STRING: u8 = 0x1e;
const UTF8_STRING: u8 = 0x0c;

/// 1.2.840.113549.1.12.10.1 (RFC 7292 appendix D), and its last arcs.
pub(super) const BAG_TYPES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1];
const KEY: u8 = 1;
pub(super) const SHROUDED_KEY: u8 = 2;
pub(super) const CERTIFICATE: u8 = 3;
pub(super) const SECRET: u8 = 5;
const SAFE_CONTENTS: u8 = 6;

/// 1.2.840.113549.1.9.20
pub(super) const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];
/// 1.2.840.113549.1.9.21
pub(super) const LOCAL_KEY_ID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
/// 1.2.840.113549.1.9.22.1
pub(super) const X509_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
/// 2.16.840.1.113894.746875.1.1, Oracle's: what Java may trust the certificate for.
pub(super) const TRUSTED_USE: &[u8] = &[
    0x60, 0x86, 0x48, 0x01, 0x86, 0xf9, 0x66, 0xad, 0xca, 0x7b, 1, 1,
];
pub(super) const TRUSTED_USE_DOTTED: &str = "2.16.840.1.113894.746875.1.1";

/// Nobody was seen to nest them at all.
const MAX_NESTED_SAFES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(kind: u8, value: &[u8], attributes: &[&[u8]]) -> Vec<u8> {
        der::sequence(&[
            &der::encode(der::OID, &[BAG_TYPES, &[kind]]),
            &der::encode(EXPLICIT_0, &[value]),
            &der::encode(der::SET, attributes),
        ])
    }

    fn certificate_bag(kind: &[u8], attributes: &[&[u8]]) -> Vec<u8> {
        let octets = der::encode(der::OCTET_STRING, &[b"no certificate"]);
        let value = der::sequence(&[
            &der::encode(der::OID, &[kind]),
            &der::encode(EXPLICIT_0, &[&octets]),
        ]);
        bag(CERTIFICATE, &value, attributes)
    }

    fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
        let set = der::encode(der::SET, &[value]);
        der::sequence(&[&der::encode(der::OID, &[oid]), &set])
    }

    fn bags_of(bags: &[&[u8]]) -> Result<Vec<Bag>, DerError> {
        let contents = der::sequence(bags);
        let mut out = Vec::new();
        read(Reader::new(&contents).sequence("a SafeContents")?, &mut out)?;
        Ok(out)
    }

    #[test]
    fn nested_bags_are_read_and_crls_and_sdsi_are_left_out() {
        let inner = certificate_bag(X509_CERTIFICATE, &[]);
        let nested = bag(SAFE_CONTENTS, &der::sequence(&[&inner]), &[]);
        let sdsi = certificate_bag(&[0x2a, 3], &[]);
        let crl = bag(4, &der::sequence(&[]), &[]);
        let bags = bags_of(&[&nested, &sdsi, &crl, &inner]).unwrap();
        assert_eq!(bags.len(), 2);
        let mut deep = inner;
        for _ in 0..=MAX_NESTED_SAFES {
            deep = bag(SAFE_CONTENTS, &der::sequence(&[&deep]), &[]);
        }
        assert!(bags_of(&[&deep]).is_err());
    }

    #[test]
    fn names_are_utf_16_and_only_an_unpaired_surrogate_is_lost() {
        let named = |tag, value: &[u8]| {
            let name = attribute(FRIENDLY_NAME, &der::encode(tag, &[value]));
            let bags = bags_of(&[&certificate_bag(X509_CERTIFICATE, &[&name])]).unwrap();
            (bags[0].friendly_name.clone(), bags[0].attributes.len())
        };
        let key = [0xd8, 0x3d, 0xdd, 0x11];
        assert_eq!(named(BMP_STRING, &key), (Some("\u{1f511}".to_owned()), 0));
        assert_eq!(
            named(BMP_STRING, &key[..2]),
            (Some("\u{fffd}".to_owned()), 0)
        );
        assert_eq!(
            named(UTF8_STRING, "ä".as_bytes()),
            (Some("ä".to_owned()), 0)
        );
        // Kept as it is, for want of a meaning.
        assert_eq!(named(BMP_STRING, &key[..3]), (None, 1));
        assert_eq!(named(der::INTEGER, &[1]), (None, 1));
    }
}
