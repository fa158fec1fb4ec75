//! DER (X.690), as much of it as keys and certificates need: definite lengths, one-byte tags.

/// An INTEGER.
pub(crate) const INTEGER: u8 = 0x02;
/// A BIT STRING.
pub(crate) const BIT_STRING: u8 = 0x03;
/// An OCTET STRING.
pub(crate) const OCTET_STRING: u8 = 0x04;
/// A NULL.
pub(crate) const NULL: u8 = 0x05;
/// An OBJECT IDENTIFIER.
pub(crate) const OID: u8 = 0x06;
/// A SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;
/// A SET.
pub(crate) const SET: u8 = 0x31;

/// Reads one value after the other from the front of some bytes. Nothing is copied or allocated, so a
/// lying length costs nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

/// Bytes that are not the DER that was expected, and what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDer(pub(crate) &'static str);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True behind the last value.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All bytes that are not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The tag of the next value.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value's content, if its tag is `tag`.
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], NotDer> {
        let (found, content, _) = self.any().ok_or(NotDer(what))?;
        if found == tag {
            Ok(content)
        } else {
            Err(NotDer(what))
        }
    }

    /// The next value's content if its tag is `tag`, and nothing is read otherwise.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        what: &'static str,
    ) -> Result<Option<&'a [u8]>, NotDer> {
        match self.peek() {
            Some(found) if found == tag => self.expect(tag, what).map(Some),
            _ => Ok(None),
        }
    }

    /// The next value: tag, content, and tag, length and content together.
    pub(crate) fn any(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let bytes = self.0;
        let (&tag, &first) = (bytes.first()?, bytes.get(1)?);
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (header, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let octets = bytes.get(2..2 + count)?;
                let length = octets.iter().try_fold(0usize, |length, octet| {
                    Some(length.checked_mul(256)? + usize::from(*octet))
                })?;
                (2 + count, length)
            }
            _ => return None,
        };
        let end = header.checked_add(length)?;
        let whole = bytes.get(..end)?;
        self.0 = bytes.get(end..)?;
        Some((tag, whole.get(header..)?, whole))
    }

    /// Fails if anything is left.
    pub(crate) fn finish(self, what: &'static str) -> Result<(), NotDer> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(NotDer(what))
        }
    }
}

/// Tag, length and the concatenated parts, in one allocation of the exact size.
pub(crate) fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    let significant = octets.get(skip..).unwrap_or_default();
    let mut out = Vec::with_capacity(2 + significant.len() + length);
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
    } else {
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A SEQUENCE of encoded parts.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(SEQUENCE, parts)
}

/// A BIT STRING of whole octets.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[&[0], octets])
}

/// An INTEGER that is not negative, from big-endian octets.
pub(crate) fn unsigned(octets: &[u8]) -> Vec<u8> {
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    let significant = octets.get(skip..).unwrap_or_default();
    match significant.first() {
        Some(first) if *first < 0x80 => value(INTEGER, &[significant]),
        _ => value(INTEGER, &[&[0], significant]),
    }
}

/// The content octets of an OBJECT IDENTIFIER in dotted form; `None` if it is none.
pub(crate) fn oid_content(dotted: &str) -> Option<Vec<u8>> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u64>().ok());
    let (first, second) = (arcs.next()??, arcs.next()??);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut out = Vec::new();
    for arc in std::iter::once((first * 40).checked_add(second)).chain(arcs) {
        let arc = arc?;
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group == 0 { 0 } else { 0x80 };
            out.push((arc >> (7 * group) & 0x7f) as u8 | more);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_lies_is_refused() {
        for bytes in [
            &[0x30][..],
            &[0x30, 0x01],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x3f, 0x01, 0x00],
        ] {
            assert_eq!(Reader::new(bytes).any(), None, "{bytes:02x?}");
        }
    }

    #[test]
    fn long_values_are_written_as_they_are_read() {
        for length in [0, 1, 127, 128, 255, 256, 65_536] {
            let content = vec![7; length];
            let encoded = value(OCTET_STRING, &[&content]);
            assert_eq!(encoded.len(), encoded.capacity());
            let mut reader = Reader::new(&encoded);
            assert_eq!(reader.expect(OCTET_STRING, ""), Ok(&content[..]));
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn numbers_stay_positive() {
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
    }

    #[test]
    fn oids_are_encoded() {
        assert_eq!(oid_content("2.5.29.15").unwrap(), [0x55, 0x1d, 0x0f]);
        assert_eq!(
            oid_content("1.2.840.113549").unwrap(),
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]
        );
        assert_eq!(oid_content("3.1"), None);
        assert_eq!(oid_content("1"), None);
    }
}
