//! BouncyCastle writes PKCS #12 in BER: indefinite lengths, and OCTET STRINGs in pieces. This turns it
//! into DER in as far as the reader needs it: definite lengths, whole OCTET STRINGs. The order of SETs,
//! which a MAC or a rewrite could depend on, stays.

use std::borrow::Cow;

use zeroize::Zeroize;

use crate::key::der::{self, DerError, Length};

/// The first element in `bytes` with definite lengths alone. Borrowed if it had no others.
///
/// What follows the first element is left out, as Java does. Offsets in errors are those of the input.
pub(super) fn definite(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DerError> {
    let (end, plain) = scan(bytes, 0, bytes.len(), 0)?;
    if plain {
        return Ok(Cow::Borrowed(&bytes[..end]));
    }
    let mut out = Vec::with_capacity(end);
    convert(bytes, 0, bytes.len(), 0, &mut out)?;
    Ok(Cow::Owned(out))
}

/// Walks over one element: where it ends, and whether it and all in it are definite and whole.
fn scan(bytes: &[u8], start: usize, limit: usize, depth: usize) -> Result<(usize, bool), DerError> {
    let element = Head::read(bytes, start, limit, depth)?;
    let mut plain = element.end.is_some() && element.tag != CONSTRUCTED_OCTETS;
    let mut position = element.content;
    if element.is_constructed() {
        while !element.is_over(bytes, &mut position) {
            let (end, inner) = scan(bytes, position, element.end.unwrap_or(limit), depth + 1)?;
            position = end;
            plain &= inner;
        }
    } else {
        position = element.end.unwrap_or(limit);
    }
    Ok((position, plain))
}

/// Appends one element's definite encoding; returns where it ended in the input. Each level looks at its
/// content twice, so that the cost is the size times twice [`MAX_DEPTH`] at most.
fn convert(
    bytes: &[u8],
    start: usize,
    limit: usize,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<usize, DerError> {
    let element = Head::read(bytes, start, limit, depth)?;
    if !element.is_constructed() {
        let end = element.end.unwrap_or(limit);
        let content = &bytes[element.content..end];
        der::push_header(out, element.tag, content.len());
        out.extend_from_slice(content);
        return Ok(end);
    }
    // Exactly the room that is needed: nothing secret is left behind by growing, and no file makes
    // this cost more than its size.
    let end = match element.end {
        Some(end) => end,
        None => scan(bytes, start, limit, depth)?.0,
    };
    let mut content = Vec::with_capacity(end - element.content);
    let mut position = element.content;
    while !element.is_over(bytes, &mut position) {
        position = convert(bytes, position, end, depth + 1, &mut content)?;
    }
    if element.tag == CONSTRUCTED_OCTETS {
        let mut whole = join(&content).map_err(|reason| DerError {
            offset: start,
            reason,
        })?;
        der::push_header(out, der::OCTET_STRING, whole.len());
        out.extend_from_slice(&whole);
        whole.zeroize();
    } else {
        der::push_header(out, element.tag, content.len());
        out.extend_from_slice(&content);
    }
    content.zeroize();
    Ok(position)
}

/// Puts the OCTET STRINGs of a constructed one together.
pub(super) fn join(pieces: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut whole = Vec::with_capacity(pieces.len());
    let mut reader = der::Reader::new(pieces);
    while !reader.is_empty() {
        let piece = reader
            .expect(der::OCTET_STRING, "a piece of an OCTET STRING")
            .map_err(|error| error.reason)?;
        whole.extend_from_slice(piece.content);
    }
    Ok(whole)
}

struct Head {
    tag: u8,
    content: usize,
    /// `None`: indefinite.
    end: Option<usize>,
}

impl Head {
    fn read(bytes: &[u8], start: usize, limit: usize, depth: usize) -> Result<Self, DerError> {
        let error = |offset, reason| DerError { offset, reason };
        if depth > MAX_DEPTH {
            return Err(error(start, "elements nested too deeply"));
        }
        let (header, length) = der::header(&bytes[start..limit]).map_err(|reason| {
            // A header cut off by the end of the file is told by its offset.
            let cut = limit - start < 6 && limit == bytes.len();
            error(if cut { limit } else { start }, reason)
        })?;
        let content = start + header;
        let tag = bytes[start];
        let end = match length {
            Length::Indefinite if tag & CONSTRUCTED == 0 => {
                return Err(error(start, "an indefinite length of a primitive element"));
            }
            Length::Indefinite => None,
            Length::Definite(length) => {
                let end = content.checked_add(length).filter(|end| *end <= limit);
                let at = if limit == bytes.len() { limit } else { start };
                Some(end.ok_or_else(|| error(at, "a length beyond the end"))?)
            }
        };
        Ok(Self { tag, content, end })
    }

    fn is_constructed(&self) -> bool {
        self.tag & CONSTRUCTED != 0
    }

    /// Whether the content ends here; steps over the end-of-contents octets.
    fn is_over(&self, bytes: &[u8], position: &mut usize) -> bool {
        match self.end {
            Some(end) => *position >= end,
            None => {
                let over = bytes[*position..].starts_with(&[0, 0]);
                if over {
                    *position += 2;
                }
                over
            }
        }
    }
}

const CONSTRUCTED: u8 = 0x20;
const CONSTRUCTED_OCTETS: u8 = der::OCTET_STRING | CONSTRUCTED;

/// The deepest honest nesting seen is 11 (BouncyCastle's EncryptedData); a stack takes this easily.
const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_stays_as_it_is() {
        let der = [0x30, 5, 0x04, 1, 9, 0x05, 0, 0xff];
        assert_eq!(definite(&der), Ok(Cow::Borrowed(&der[..7])));
    }

    #[test]
    fn indefinite_lengths_and_pieces_are_resolved() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 1, 1, 0x04, 2, 2, 3, 0, 0, 0x02, 1, 5, 0, 0,
        ];
        let der: &[u8] = &[0x30, 8, 0x04, 3, 1, 2, 3, 0x02, 1, 5];
        assert_eq!(definite(&ber).unwrap(), der);
    }

    #[test]
    fn a_missing_end_and_endless_nesting_are_errors() {
        let ber = [0x30, 0x80, 0x04, 1, 1];
        assert_eq!(definite(&ber).unwrap_err().offset, ber.len());
        assert!(definite(&[0x30, 0x80].repeat(50_000)).is_err());
        assert!(definite(&[0x04, 0x80, 0, 0]).is_err());
        assert!(definite(&[0x30, 0x80, 0x24, 3, 0x02, 1, 1, 0, 0]).is_err());
    }
}
