use std::{fmt, net::IpAddr};

use x509_parser::{
    asn1_rs::{Any, Tag},
    prelude::FromDer,
    x509::X509Name,
};

/// A distinguished name, byte for byte as it stands in a certificate.
///
/// Equality is equality of the DER: RFC 5280 section 7.1 lets readers compare more loosely, and
/// [`DistinguishedName::matches`] does. `Display` is RFC 4514 in the spelling of Java's
/// `X500Principal.getName()`, which is also the text that keytool writes as a friendly name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DistinguishedName(Vec<u8>);

impl DistinguishedName {
    /// Takes over the DER of an RFC 5280 `Name`.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(der.into())
    }

    /// The DER of the `Name`.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// True if there is no attribute in it.
    pub fn is_empty(&self) -> bool {
        self.0 == [0x30, 0]
    }

    /// The values of the commonName attributes, first written first.
    pub fn common_names(&self) -> Vec<String> {
        let Ok((_, name)) = X509Name::from_der(&self.0) else {
            return Vec::new();
        };
        name.iter()
            .flat_map(|rdn| rdn.iter())
            .filter(|attribute| attribute.attr_type().to_id_string() == COMMON_NAME)
            .filter_map(|attribute| text(attribute.attr_value()))
            .collect()
    }

    /// For people: as `Display`, but with every text as text, and keytool's keywords for `EMAILADDRESS`,
    /// `SERIALNUMBER` and others that RFC 4514 has none for.
    pub fn readable(&self) -> impl fmt::Display {
        Readable(self)
    }

    /// Writes the name, last RDN first. `told`: keyword and text of an attribute; what has none is written
    /// as its OID, or keyword, and DER.
    fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        told: impl Fn(&str, &Any<'_>) -> Option<(String, String)>,
    ) -> fmt::Result {
        let Ok((_, name)) = X509Name::from_der(&self.0) else {
            return write!(f, "#{}", Hex(&self.0));
        };
        let rdns: Vec<_> = name.iter().collect();
        for (at, rdn) in rdns.iter().rev().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            for (at, attribute) in rdn.iter().enumerate() {
                if at > 0 {
                    f.write_str("+")?;
                }
                let oid = attribute.attr_type().to_id_string();
                let value = attribute.attr_value();
                match told(&oid, value) {
                    Some((keyword, text)) => write!(f, "{keyword}={}", Escaped(&text))?,
                    None => {
                        let oid = keyword(&oid).unwrap_or(&oid);
                        write!(f, "{oid}=#{}", Hex(&encoded(value)))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Compares as RFC 5280 section 7.1 allows: attribute by attribute, strings without regard to their
    /// ASN.1 type, to case, and to how many blanks stand between words.
    pub fn matches(&self, other: &Self) -> bool {
        self == other || self.comparable() == other.comparable()
    }

    /// A form that is equal for names that match. What is no name is its own bytes.
    pub(crate) fn comparable(&self) -> Comparable {
        self.canonical().map_or_else(
            || Comparable(Err(self.0.clone())),
            |rdns| Comparable(Ok(rdns)),
        )
    }

    /// True if the name begins with all of `base`'s RDNs.
    pub(super) fn is_below(&self, base: &Self) -> bool {
        match (self.canonical(), base.canonical()) {
            (Some(name), Some(base)) => name.starts_with(&base),
            _ => false,
        }
    }

    fn canonical(&self) -> Option<Vec<Vec<CanonicalAttribute>>> {
        let (rest, name) = X509Name::from_der(&self.0).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let canonical = |value: &Any<'_>| match text(value) {
            Some(text) => {
                let words: Vec<_> = text.split_whitespace().collect();
                Ok(words.join(" ").to_lowercase())
            }
            None => Err(encoded(value)),
        };
        let rdns = name.iter().map(|rdn| {
            let attributes = rdn.iter().map(|attribute| {
                let oid = attribute.attr_type().as_bytes().to_vec();
                (oid, canonical(attribute.attr_value()))
            });
            let mut attributes: Vec<_> = attributes.collect();
            attributes.sort();
            attributes
        });
        Some(rdns.collect())
    }
}

/// A name in a form that can be compared and hashed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Comparable(Result<Vec<Vec<CanonicalAttribute>>, Vec<u8>>);

/// The OID's octets, and a text in lower case or, of what is no text, the DER.
type CanonicalAttribute = (Vec<u8>, Result<String, Vec<u8>>);

const COMMON_NAME: &str = "2.5.4.3";

/// The keywords of RFC 4514 section 3.
fn keyword(oid: &str) -> Option<&'static str> {
    Some(match oid {
        COMMON_NAME => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        _ => return None,
    })
}

/// The keywords that keytool prints beside those (`sun.security.x509.AVA`), and nobody else needs to read.
fn spoken(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.113549.1.9.1" => "EMAILADDRESS",
        "2.5.4.4" => "SURNAME",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.12" => "T",
        "2.5.4.42" => "GIVENNAME",
        "2.5.4.43" => "INITIALS",
        "2.5.4.44" => "GENERATION",
        "2.5.4.46" => "DNQUALIFIER",
        _ => return None,
    })
}

/// The text of an attribute value, if its type is a string. T61String is read as ISO 8859-1, as
/// everybody who still writes it means it.
fn text(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::PrintableString | Tag::Utf8String | Tag::Ia5String | Tag::NumericString => {
            String::from_utf8(value.data.to_vec()).ok()
        }
        Tag::T61String | Tag::GeneralString => {
            Some(value.data.iter().copied().map(char::from).collect())
        }
        Tag::BmpString => {
            let units: Vec<u16> = value
                .data
                .chunks(2)
                .map(|pair| {
                    pair.iter()
                        .fold(0, |unit, byte| unit << 8 | u16::from(*byte))
                })
                .collect();
            String::from_utf16(&units).ok()
        }
        Tag::UniversalString => value
            .data
            .chunks(4)
            .map(|four| char::from_u32(four.iter().fold(0, |c, byte| c << 8 | u32::from(*byte))))
            .collect(),
        _ => None,
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |oid, value| {
            Some((keyword(oid)?.to_owned(), text(value)?))
        })
    }
}

/// What [`DistinguishedName::readable`] gives.
struct Readable<'a>(&'a DistinguishedName);

impl fmt::Display for Readable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |oid, value| {
            let keyword = keyword(oid).or_else(|| spoken(oid)).unwrap_or(oid);
            Some((keyword.to_owned(), text(value)?))
        })
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

/// The whole TLV of a value that was parsed from DER with a definite length.
pub(super) fn encoded(value: &Any<'_>) -> Vec<u8> {
    let length = value.data.len();
    let constructed = if value.header.is_constructed() {
        0x20
    } else {
        0
    };
    let class = (value.header.class() as u8) << 6;
    let mut out = vec![value.tag().0 as u8 & 0x1f | constructed | class];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let skip = bytes.iter().take_while(|byte| **byte == 0).count();
            out.push(0x80 | (bytes.len() - skip) as u8);
            out.extend_from_slice(&bytes[skip..]);
        }
    }
    out.extend_from_slice(value.data);
    out
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Escapes what RFC 4514 section 2.4 wants escaped, and `=` and `#` everywhere, as Java does.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leading = self.0.len() - self.0.trim_start_matches([' ', '\r']).len();
        let trailing = self.0.trim_end_matches([' ', '\r']).len();
        for (at, c) in self.0.char_indices() {
            match c {
                ',' | '=' | '+' | '<' | '>' | '#' | ';' | '"' | '\\' => write!(f, "\\{c}")?,
                '\0' => f.write_str("\\00")?,
                ' ' | '\r' if at < leading || at >= trailing => write!(f, "\\{c}")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// A name in a subjectAltName extension (RFC 5280 section 4.2.1.6).
///
/// `Display` is `dns:…`, `ip:…`, `uri:…`, `email:…`, or `other:` and hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GeneralName {
    /// dNSName, as written.
    Dns(String),
    /// rfc822Name.
    Email(String),
    /// iPAddress of 4 or 16 octets.
    Ip(IpAddr),
    /// Anything else: tag and content.
    Other(u8, Vec<u8>),
    /// uniformResourceIdentifier.
    Uri(String),
}

impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Other(tag, content) => write!(f, "other:{tag:02x}{}", Hex(content)),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printable(oid: &[u8], value: &str) -> Vec<u8> {
        let mut attribute = vec![0x06, oid.len() as u8];
        attribute.extend_from_slice(oid);
        attribute.extend_from_slice(&[0x13, value.len() as u8]);
        attribute.extend_from_slice(value.as_bytes());
        let mut rdn = vec![0x31, attribute.len() as u8 + 2, 0x30, attribute.len() as u8];
        rdn.extend(attribute);
        rdn
    }

    fn name(rdns: &[Vec<u8>]) -> DistinguishedName {
        let body = rdns.concat();
        let mut der = vec![0x30, body.len() as u8];
        der.extend(body);
        DistinguishedName::from_der(der)
    }

    #[test]
    fn the_last_rdn_is_shown_first_and_specials_are_escaped() {
        let name = name(&[
            printable(&[0x55, 4, 10], "Acme, Inc"),
            printable(&[0x55, 4, 3], " a=b"),
        ]);
        assert_eq!(name.to_string(), r"CN=\ a\=b,O=Acme\, Inc");
        assert_eq!(name.common_names(), [" a=b"]);
    }

    #[test]
    fn people_read_what_rfc_4514_has_no_keyword_for() {
        let email = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
        let of_a_country = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x3c, 2, 1, 3];
        let name = name(&[
            printable(&of_a_country, "GB"),
            printable(&[0x55, 4, 5], "0123"),
            printable(&email, "pki@acme.test"),
        ]);
        assert_eq!(
            name.readable().to_string(),
            "EMAILADDRESS=pki@acme.test,SERIALNUMBER=0123,1.3.6.1.4.1.311.60.2.1.3=GB"
        );
        assert!(name.to_string().contains(",2.5.4.5=#1304"), "{name}");
    }

    #[test]
    fn case_and_blanks_do_not_part_two_names_but_order_does() {
        let a = name(&[
            printable(&[0x55, 4, 10], "Acme  Inc"),
            printable(&[0x55, 4, 3], "x"),
        ]);
        let b = name(&[
            printable(&[0x55, 4, 10], "acme inc"),
            printable(&[0x55, 4, 3], "X"),
        ]);
        let c = name(&[
            printable(&[0x55, 4, 3], "x"),
            printable(&[0x55, 4, 10], "acme inc"),
        ]);
        assert!(a.matches(&b) && a != b);
        assert!(!a.matches(&c));
    }
}
