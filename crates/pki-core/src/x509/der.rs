//! The little DER (X.690) that keys and keystores are wrapped in: a reader that copies nothing and
//! trusts no length, and functions that write.

/// Reads the elements of one DER content, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    base: usize,
}

/// One element: tag, content, and its whole encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
    /// Offset of the content from the start of what the first reader was made for.
    pub(crate) offset: usize,
}

/// What is wrong with an encoding, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DerError {
    pub(crate) offset: usize,
    pub(crate) reason: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// Reads a part that stands at `base` in something larger.
    pub(crate) fn at(bytes: &'a [u8], base: usize) -> Self {
        Self {
            bytes,
            position: 0,
            base,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// Offset of the next element, counted as in [`Element::offset`].
    pub(crate) fn offset(&self) -> usize {
        self.base + self.position
    }

    /// The next element, of whatever tag. Tags above 30 are refused: no format read here has one.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, DerError> {
        let start = self.position;
        let error = |reason| DerError {
            offset: self.base + start,
            reason,
        };
        let rest = &self.bytes[start..];
        let (header, length) = header(rest).map_err(error)?;
        let Length::Definite(length) = length else {
            return Err(error("an indefinite length, which DER has not"));
        };
        let end = header.checked_add(length).filter(|end| *end <= rest.len());
        let whole = &rest[..end.ok_or_else(|| error("a length beyond the end"))?];
        self.position += whole.len();
        Ok(Element {
            tag: whole[0],
            content: &whole[header..],
            whole,
            offset: self.base + start + header,
        })
    }

    /// The next element, which must have the tag.
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, DerError> {
        let offset = self.offset();
        match self.peek() {
            Some(found) if found == tag => self.element(),
            _ => Err(DerError {
                offset,
                reason: what,
            }),
        }
    }

    /// The next element if it has the tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        match self.peek() {
            Some(found) if found == tag => self.element().map(Some),
            _ => Ok(None),
        }
    }

    /// The content of the next element, which must be a SEQUENCE.
    pub(crate) fn sequence(&mut self, what: &'static str) -> Result<Reader<'a>, DerError> {
        Ok(self.expect(SEQUENCE, what)?.reader())
    }

    /// The content octets of the next element, which must be an OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self, what: &'static str) -> Result<&'a [u8], DerError> {
        Ok(self.expect(OID, what)?.content)
    }

    /// The next element, which must be an INTEGER from 0 to 2^64-1.
    pub(crate) fn unsigned(&mut self, what: &'static str) -> Result<u64, DerError> {
        let element = self.expect(INTEGER, what)?;
        let error = DerError {
            offset: element.offset,
            reason: what,
        };
        let significant = match element.content {
            [] => return Err(error),
            [first, ..] if first & 0x80 != 0 => return Err(error),
            [0, rest @ ..] => rest,
            all => all,
        };
        if significant.len() > 8 {
            return Err(error);
        }
        Ok(significant
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// All that is not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self, what: &'static str) -> Result<(), DerError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(DerError {
            offset: self.offset(),
            reason: what,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }
}

impl<'a> Element<'a> {
    /// Reads the content's elements.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader {
            bytes: self.content,
            position: 0,
            base: self.offset,
        }
    }
}

/// How long a content is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Definite(usize),
    /// BER: up to the end-of-contents octets.
    Indefinite,
}

/// Size of the header of an element, and the length that it tells.
pub(crate) fn header(bytes: &[u8]) -> Result<(usize, Length), &'static str> {
    let [tag, first, rest @ ..] = bytes else {
        return Err("the end where an element was expected");
    };
    if tag & 0x1f == 0x1f {
        return Err("a tag above 30");
    }
    match first {
        0..0x80 => Ok((2, Length::Definite(usize::from(*first)))),
        0x80 => Ok((2, Length::Indefinite)),
        // Four octets tell 4 GiB, more than any file that is read here.
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let octets = rest.get(..count).ok_or("the end within a length")?;
            let length = octets
                .iter()
                .fold(0usize, |length, octet| length << 8 | usize::from(*octet));
            Ok((2 + count, Length::Definite(length)))
        }
        _ => Err("a length of more than four octets"),
    }
}

/// The encoding of an element.
pub(crate) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    push_header(&mut out, tag, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A SEQUENCE of what is encoded already.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    encode(SEQUENCE, parts)
}

/// An INTEGER from 0 to 2^32-1.
pub(crate) fn unsigned(value: u32) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let skip = octets
        .iter()
        .take_while(|octet| **octet == 0)
        .count()
        .min(3);
    let sign: &[u8] = if octets[skip] & 0x80 == 0 { &[] } else { &[0] };
    encode(INTEGER, &[sign, &octets[skip..]])
}

/// An INTEGER that is not negative, from octets, most significant first.
pub(crate) fn positive(octets: &[u8]) -> Vec<u8> {
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    let significant = octets.get(skip..).unwrap_or_default();
    match significant.first() {
        Some(first) if *first < 0x80 => encode(INTEGER, &[significant]),
        _ => encode(INTEGER, &[&[0], significant]),
    }
}

/// A BIT STRING of whole octets.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    encode(BIT_STRING, &[&[0], octets])
}

/// Appends tag and length.
pub(crate) fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    if length < 0x80 {
        // Below 128, so the cast loses nothing.
        out.push(length as u8);
        return;
    }
    let octets = length.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    out.push(0x80 | (octets.len() - skip) as u8);
    out.extend_from_slice(&octets[skip..]);
}

/// Dotted notation of an OBJECT IDENTIFIER's content, `?` where it is broken.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for (at, octet) in oid.iter().enumerate() {
        if arc > u64::MAX >> 7 {
            return "?".to_owned();
        }
        arc = arc << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        } else if at + 1 == oid.len() {
            return "?".to_owned();
        }
    }
    let arcs: Vec<String> = arcs.iter().map(u64::to_string).collect();
    arcs.join(".")
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = encode(OCTET_STRING, &[&[7; 300]]);
        let der = sequence(&[&unsigned(0), &unsigned(10_000), &unsigned(u32::MAX), &long]);
        let mut outer = Reader::new(&der);
        let mut inner = outer.sequence("a sequence").unwrap();
        assert_eq!(inner.unsigned("a number"), Ok(0));
        assert_eq!(inner.unsigned("a number"), Ok(10_000));
        assert_eq!(inner.unsigned("a number"), Ok(u64::from(u32::MAX)));
        assert_eq!(
            inner.expect(OCTET_STRING, "octets").unwrap().content,
            [7; 300]
        );
        assert!(inner.finish("nothing").is_ok() && outer.finish("nothing").is_ok());
    }

    #[test]
    fn numbers_stay_positive() {
        assert_eq!(positive(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(positive(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(positive(&[]), [2, 1, 0]);
    }

    #[test]
    fn no_length_reaches_beyond_its_place() {
        for bytes in [
            &[0x30, 5, 0][..],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30],
            &[0x30, 0x82, 1],
        ] {
            assert!(Reader::new(bytes).element().is_err());
        }
        let mut nested = Reader::new(&[0x30, 2, 0x04, 1, 9]);
        let error = nested
            .sequence("a sequence")
            .unwrap()
            .element()
            .unwrap_err();
        assert_eq!(error.offset, 2);
    }

    #[test]
    fn oids_are_shown_dotted() {
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13]),
            "1.2.840.113549.1.5.13"
        );
        assert_eq!(
            dotted(&[
                0x60, 0x86, 0x48, 0x01, 0x86, 0xf9, 0x66, 0xad, 0xca, 0x7b, 1, 1
            ]),
            "2.16.840.1.113894.746875.1.1"
        );
        assert_eq!(dotted(&[0x2a, 0x86]), "?");
    }
}
