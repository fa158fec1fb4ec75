use crate::{key::der, x509::DistinguishedName};

/// The parts of a distinguished name, as people write them down.
///
/// Written in the order country, state, locality, organization, organizational unit, common name, each in
/// an RDN of its own: UTF8String, but the country as PrintableString (RFC 5280 appendix A.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// CN, at most 64 characters.
    pub common_name: Option<&'a str>,
    /// C, two ASCII letters (ISO 3166), written in upper case.
    pub country: Option<&'a str>,
    /// L, at most 128 characters.
    pub locality: Option<&'a str>,
    /// O, at most 64 characters.
    pub organization: Option<&'a str>,
    /// OU, at most 64 characters.
    pub organizational_unit: Option<&'a str>,
    /// ST, at most 128 characters.
    pub state: Option<&'a str>,
}

impl Subject<'_> {
    /// The name, as DER.
    ///
    /// # Errors
    ///
    /// [`SubjectError`] for a part that RFC 5280 does not allow.
    pub fn to_name(&self) -> Result<DistinguishedName, SubjectError> {
        let country = self.country.map(country).transpose()?;
        let rdns = [
            (country.as_deref(), COUNTRY),
            (self.state, STATE),
            (self.locality, LOCALITY),
            (self.organization, ORGANIZATION),
            (self.organizational_unit, ORGANIZATIONAL_UNIT),
            (self.common_name, COMMON_NAME),
        ]
        .into_iter()
        .filter_map(|(text, attribute)| text.map(|text| attribute.rdn(text)))
        .collect::<Result<Vec<_>, _>>()?;
        Ok(DistinguishedName::from_der(der::sequence(
            &[&rdns.concat()],
        )))
    }
}

/// What is wrong with a part of a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// A character that does not print.
    #[error("{part} contains a control character")]
    Control {
        /// Which part.
        part: &'static str,
    },
    /// Not two ASCII letters.
    #[error("country `{country}` is not a code of two letters")]
    Country {
        /// What was given.
        country: String,
    },
    /// Nothing in it.
    #[error("{part} is empty")]
    Empty {
        /// Which part.
        part: &'static str,
    },
    /// Longer than RFC 5280 allows.
    #[error("{part} has {length} characters, more than {limit}")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// Its length in characters.
        length: usize,
        /// The limit.
        limit: usize,
    },
}

/// An attribute type: what people call it, the last arc of its OID under 2.5.4, and the most characters
/// that it may have (the `ub-` constants of RFC 5280 appendix A.1).
#[derive(Clone, Copy)]
struct Attribute {
    part: &'static str,
    arc: u8,
    limit: usize,
    string: u8,
}

const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;

const fn attribute(part: &'static str, arc: u8, limit: usize, string: u8) -> Attribute {
    Attribute {
        part,
        arc,
        limit,
        string,
    }
}

const COMMON_NAME: Attribute = attribute("common name", 3, 64, UTF8_STRING);
const COUNTRY: Attribute = attribute("country", 6, 2, PRINTABLE_STRING);
const LOCALITY: Attribute = attribute("locality", 7, 128, UTF8_STRING);
const STATE: Attribute = attribute("state", 8, 128, UTF8_STRING);
const ORGANIZATION: Attribute = attribute("organization", 10, 64, UTF8_STRING);
const ORGANIZATIONAL_UNIT: Attribute = attribute("organizational unit", 11, 64, UTF8_STRING);

impl Attribute {
    /// A RelativeDistinguishedName with this attribute alone.
    fn rdn(self, text: &str) -> Result<Vec<u8>, SubjectError> {
        let part = self.part;
        let length = text.chars().count();
        if length == 0 {
            return Err(SubjectError::Empty { part });
        }
        if length > self.limit {
            let limit = self.limit;
            return Err(SubjectError::TooLong {
                part,
                length,
                limit,
            });
        }
        if text.chars().any(char::is_control) {
            return Err(SubjectError::Control { part });
        }
        let oid = der::encode(der::OID, &[&[0x55, 4, self.arc]]);
        let value = der::encode(self.string, &[text.as_bytes()]);
        Ok(der::encode(der::SET, &[&der::sequence(&[&oid, &value])]))
    }
}

fn country(code: &str) -> Result<String, SubjectError> {
    if code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(code.to_ascii_uppercase());
    }
    Err(SubjectError::Country {
        country: code.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_from_the_country_down() {
        let name = Subject {
            common_name: Some("gw1.apim.example.com"),
            country: Some("lk"),
            locality: Some("Colombo"),
            organization: Some("Exämple, Inc"),
            organizational_unit: Some("APIM"),
            state: Some("Western"),
        };
        assert_eq!(
            name.to_name().unwrap().to_string(),
            r"CN=gw1.apim.example.com,OU=APIM,O=Exämple\, Inc,L=Colombo,ST=Western,C=LK"
        );
        assert!(Subject::default().to_name().unwrap().is_empty());
    }

    #[test]
    fn what_rfc_5280_does_not_allow_is_refused() {
        let common_name = |text: &str| {
            Subject {
                common_name: Some(text),
                ..Subject::default()
            }
            .to_name()
        };
        assert!(common_name(&"ä".repeat(64)).is_ok());
        assert_eq!(
            common_name(&"ä".repeat(65)),
            Err(SubjectError::TooLong {
                part: "common name",
                length: 65,
                limit: 64
            })
        );
        assert_eq!(
            common_name(""),
            Err(SubjectError::Empty {
                part: "common name"
            })
        );
        assert_eq!(
            common_name("a\nb"),
            Err(SubjectError::Control {
                part: "common name"
            })
        );
        let country = Subject {
            country: Some("LKA"),
            ..Subject::default()
        };
        assert!(matches!(
            country.to_name(),
            Err(SubjectError::Country { .. })
        ));
    }
}
