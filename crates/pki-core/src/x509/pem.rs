use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::secret::Bytes;

/// One block of a PEM text (RFC 7468): what stands between a BEGIN and its END.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PemBlock {
    /// The label, `CERTIFICATE`, `PRIVATE KEY`, as written.
    pub label: String,
    /// Headers of RFC 1421, name and value, which old encrypted keys have (`DEK-Info`).
    pub headers: Vec<(String, String)>,
    /// What the base64 says. Always held as a secret, because some labels are private keys.
    pub der: Bytes,
    /// Byte offset of the BEGIN line.
    pub offset: usize,
    /// Number of the BEGIN line, from 1.
    pub line: usize,
}

/// The blocks of a PEM text, in order; none if there is no BEGIN line.
///
/// Lenient where files in the wild are: a byte order mark, text before, between and after blocks, any
/// line end (or none at all between the markers), lines of any length, blanks inside the base64, no
/// final line end. Not lenient about content: what is not base64 is an error.
///
/// # Errors
///
/// [`PemError`] with the number of the line.
pub fn pem_blocks(bytes: &[u8]) -> Result<Vec<PemBlock>, PemError> {
    let mut blocks = Vec::new();
    let mut lines = Lines::new(bytes);
    while let Some(line) = lines.next() {
        let Some((label, rest)) = begin(line.text) else {
            continue;
        };
        blocks.push(block(bytes, label, line, rest, &mut lines)?);
    }
    Ok(blocks)
}

/// True if there is a BEGIN line somewhere.
pub fn has_pem_block(bytes: &[u8]) -> bool {
    Lines::new(bytes).any(|line| begin(line.text).is_some())
}

/// Writes one block as RFC 7468 section 3 says it strictly: lines of 64 columns, each ended by LF.
pub fn write_pem(label: &str, der: &[u8]) -> Bytes {
    let encoded = Bytes::from(Base64::encode_string(der).into_bytes());
    let rows = encoded.len().div_ceil(COLUMNS);
    // The exact size, so that no secret stays behind in memory that the vector grew out of.
    let mut out = Vec::with_capacity(2 * (label.len() + MARKERS) + encoded.len() + rows);
    out.extend_from_slice(BEGIN);
    out.extend_from_slice(label.as_bytes());
    out.extend_from_slice(b"-----\n");
    for row in encoded.expose().chunks(COLUMNS) {
        out.extend_from_slice(row);
        out.push(b'\n');
    }
    out.extend_from_slice(END);
    out.extend_from_slice(label.as_bytes());
    out.extend_from_slice(b"-----\n");
    Bytes::from(out)
}

/// Why a PEM text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// What stands between the markers is no base64.
    #[error("the {label} block at line {line} is not valid base64")]
    Base64 {
        /// The block's label.
        label: String,
        /// Where it begins, from 1.
        line: usize,
        /// Byte offset of that line.
        offset: usize,
    },
    /// What a block holds is not what its label says.
    #[error("the {label} block at line {line} is damaged")]
    Content {
        /// The block's label.
        label: String,
        /// Where it begins, from 1.
        line: usize,
        /// Byte offset of that line.
        offset: usize,
    },
    /// BEGIN and END name different things.
    #[error("the {label} block at line {line} ends as {end}")]
    Label {
        /// The label of BEGIN.
        label: String,
        /// The label of END.
        end: String,
        /// Where the block begins, from 1.
        line: usize,
        /// Byte offset of that line.
        offset: usize,
    },
    /// There is no END line.
    #[error("the {label} block at line {line} has no end")]
    Unterminated {
        /// The block's label.
        label: String,
        /// Where it begins, from 1.
        line: usize,
        /// Byte offset of that line.
        offset: usize,
    },
}

impl PemError {
    /// Byte offset of the BEGIN line.
    pub fn offset(&self) -> usize {
        match self {
            Self::Base64 { offset, .. }
            | Self::Content { offset, .. }
            | Self::Label { offset, .. }
            | Self::Unterminated { offset, .. } => *offset,
        }
    }
}

/// Reads on to the END line that belongs to a BEGIN line.
fn block<'a>(
    bytes: &'a [u8],
    label: &str,
    begin_line: Line<'a>,
    rest: &'a [u8],
    lines: &mut Lines<'a>,
) -> Result<PemBlock, PemError> {
    let Line {
        offset,
        number: line,
        ..
    } = begin_line;
    let unterminated = || PemError::Unterminated {
        label: label.to_owned(),
        line,
        offset,
    };
    let mut headers = Vec::new();
    // Measured before it is copied, so that no secret stays behind in memory that a vector grew out of.
    let body = &bytes[begin_line.offset..];
    let length = body
        .windows(END.len())
        .position(|window| window == END)
        .ok_or_else(unterminated)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    let mut current = Some(rest);
    let end = loop {
        let Some(row) = current else {
            return Err(unterminated());
        };
        if begin(row).is_some() {
            return Err(unterminated());
        }
        match row.iter().position(|byte| *byte == b'-') {
            Some(at) if row[at..].starts_with(END) => {
                append(&mut text, &row[..at]);
                break &row[at + END.len()..];
            }
            _ if text.is_empty() && header(row, &mut headers) => {}
            _ => append(&mut text, row),
        }
        current = lines.next().map(|line| line.text);
    };
    let end = end.strip_suffix(DASHES).unwrap_or(end);
    if end != label.as_bytes() {
        return Err(PemError::Label {
            label: label.to_owned(),
            end: shown(end),
            line,
            offset,
        });
    }
    let mut der = Bytes::from(std::mem::take(&mut *text));
    let decoded = Base64::decode_in_place(der.expose_mut()).map(<[u8]>::len);
    let length = decoded.map_err(|_| PemError::Base64 {
        label: label.to_owned(),
        line,
        offset,
    })?;
    der.truncate(length);
    Ok(PemBlock {
        label: label.to_owned(),
        headers,
        der,
        offset,
        line,
    })
}

/// The label of a BEGIN line, and what stands behind the marker.
fn begin(line: &[u8]) -> Option<(&str, &[u8])> {
    let rest = line.strip_prefix(BEGIN)?;
    let end = rest.windows(DASHES.len()).position(|w| w == DASHES)?;
    let label = std::str::from_utf8(&rest[..end]).ok()?;
    let plain = !label.is_empty()
        && label.len() <= MAX_LABEL
        && label.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    plain.then_some((label, &rest[end + DASHES.len()..]))
}

/// Takes a row that is a header: base64 has no colon.
fn header(row: &[u8], headers: &mut Vec<(String, String)>) -> bool {
    let parts = std::str::from_utf8(row)
        .ok()
        .and_then(|row| row.split_once(':'));
    if let Some((name, value)) = parts {
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    parts.is_some()
}

fn append(text: &mut Vec<u8>, row: &[u8]) {
    text.extend(row.iter().filter(|byte| !byte.is_ascii_whitespace()));
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_LABEL)]);
    text.escape_debug().to_string()
}

/// A line without its end and without blanks around it.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    offset: usize,
    number: usize,
}

struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        Self {
            bytes,
            at,
            number: 0,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let line_end = match rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        let offset = self.at;
        self.at += length + line_end;
        self.number += 1;
        Some(Line {
            text: rest[..length].trim_ascii(),
            offset,
            number: self.number,
        })
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
/// `-----BEGIN -----` and a line end, the longer of the two markers.
const MARKERS: usize = 17;
/// RFC 7468 section 2.
const COLUMNS: usize = 64;
/// No label in use is half as long (`PRIVACY-ENHANCED MESSAGE`); a limit so that a message stays one line.
const MAX_LABEL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Vec<u8>)> {
        pem_blocks(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|block| (block.label, block.der.expose().to_vec()))
            .collect()
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 96, 1000] {
            let der: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let text = write_pem("CERTIFICATE", &der);
            let lines: Vec<&[u8]> = text.expose().split(|b| *b == b'\n').collect();
            assert!(lines.iter().all(|line| line.len() <= 64));
            let blocks = pem_blocks(text.expose()).unwrap();
            assert_eq!(blocks[0].der.expose(), der);
        }
    }

    #[test]
    fn byte_order_mark_text_around_and_any_line_end_are_tolerated() {
        let text = "\u{FEFF}subject=CN=x\r\n-----BEGIN A-----\r\naGVs\r\nbG8=\r\n-----END A-----\r\n\
                    between\r-----BEGIN B-----\raGk=\r-----END B-----";
        assert_eq!(
            read(text),
            [
                ("A".to_owned(), b"hello".to_vec()),
                ("B".to_owned(), b"hi".to_vec())
            ]
        );
    }

    #[test]
    fn a_block_on_one_line_and_blanks_inside_are_tolerated() {
        assert_eq!(
            read("  -----BEGIN A-----aGVs bG8=-----END A-----  "),
            [("A".to_owned(), b"hello".to_vec())]
        );
    }

    #[test]
    fn a_block_tells_its_place_and_its_headers() {
        let text = "x\n-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGk=\n-----END K-----\n";
        let block = &pem_blocks(text.as_bytes()).unwrap()[0];
        assert_eq!((block.offset, block.line), (2, 2));
        assert_eq!(block.headers[1].1, "AES-128-CBC,00");
        assert_eq!(block.der.expose(), b"hi");
    }

    #[test]
    fn each_kind_of_damage_names_its_line() {
        let error = |text: &str| pem_blocks(text.as_bytes()).unwrap_err();
        let (label, line, offset) = ("A".to_owned(), 2, 1);
        assert_eq!(
            error("\n-----BEGIN A-----\naGk=\n"),
            PemError::Unterminated {
                label: label.clone(),
                line,
                offset
            }
        );
        assert_eq!(
            error("\n-----BEGIN A-----\naGk=\n-----BEGIN A-----\naGk=\n-----END A-----"),
            PemError::Unterminated {
                label: label.clone(),
                line,
                offset
            }
        );
        assert_eq!(
            error("\n-----BEGIN A-----\naGk=\n-----END B-----"),
            PemError::Label {
                label: label.clone(),
                end: "B".to_owned(),
                line,
                offset
            }
        );
        assert_eq!(
            error("\n-----BEGIN A-----\naG?k=\n-----END A-----"),
            PemError::Base64 {
                label,
                line,
                offset
            }
        );
    }

    #[test]
    fn text_without_a_block_has_none() {
        assert!(read("no -----BEGIN A----- at the start of a line").is_empty());
        assert!(!has_pem_block(b"\xFE\xED\xFE\xED"));
        assert!(has_pem_block(b"\n-----BEGIN A-----\n"));
    }
}
