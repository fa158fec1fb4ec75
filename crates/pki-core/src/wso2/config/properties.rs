//! Properties files as values.

use std::{ops::Range, sync::Arc};

use zeroize::Zeroizing;

use super::{
    Document, DocumentError, Leaf, Syntax,
    document::{Block, BlockId, Encoding, Positions},
};

/// Reads what `java.util.Properties.load` reads: ISO 8859-1, `#` and `!` comments, `=`, `:` or white space
/// between key and value, `\` before a line end continues the line, `\uXXXX` and one-letter escapes.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Document, DocumentError> {
    let text: Zeroizing<String> =
        Zeroizing::new(bytes.iter().map(|byte| char::from(*byte)).collect());
    let positions = Positions::new(&text);
    let mut leaves = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = logical_line(&text, at);
        at = line.end;
        let start = line.start + blank(&text[line.clone()]);
        let content = &text[start..line.end];
        if content.is_empty() || content.starts_with(['#', '!']) {
            continue;
        }
        let (key_end, value_start) = split(content);
        let value = start + value_start..start + content.trim_end_matches(['\r', '\n']).len();
        let (line, column) = positions.of(value.start);
        leaves.push(Leaf {
            key: unescape(&content[..key_end], &positions, start)?.to_string(),
            blocks: vec![BlockId(0)],
            line,
            column,
            secret_alias: None,
            text: unescape(&text[value.clone()], &positions, value.start)?,
            span: value,
            is_string: true,
        });
    }
    Ok(Document {
        file: Arc::from(file),
        syntax: Syntax::Properties,
        blocks: vec![Block {
            key: String::new(),
            parent: None,
            span: 0..text.len(),
            listed: false,
        }],
        text: Arc::new(text.clone()),
        encoding: Encoding::Latin1,
        leaves,
    })
}

/// A line with those that continue it, its end included. A comment is never continued.
fn logical_line(text: &str, start: usize) -> Range<usize> {
    let comment = text[start..]
        .trim_start_matches([' ', '\t', '\u{c}'])
        .starts_with(['#', '!']);
    let mut end = start;
    loop {
        end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let line = text[start..end].trim_end_matches(['\r', '\n']);
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        if comment || backslashes.is_multiple_of(2) || end == text.len() {
            return start..end;
        }
    }
}

/// How much white space a line begins with, its end taken for none.
fn blank(line: &str) -> usize {
    line.len()
        - line
            .trim_start_matches([' ', '\t', '\u{c}', '\r', '\n'])
            .len()
}

/// Where the key ends, and where the value begins.
fn split(content: &str) -> (usize, usize) {
    let mut escaped = false;
    let mut key_end = content.len();
    for (at, c) in content.char_indices() {
        if !escaped && matches!(c, '=' | ':' | ' ' | '\t' | '\u{c}' | '\r' | '\n') {
            key_end = at;
            break;
        }
        escaped = c == '\\' && !escaped;
    }
    let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t', '\u{c}']).len();
    let mut value = key_end + blanks(&content[key_end..]);
    if content[value..].starts_with(['=', ':']) {
        value += 1;
        value += blanks(&content[value..]);
    }
    (key_end, value)
}

fn unescape(
    raw: &str,
    positions: &Positions<'_>,
    start: usize,
) -> Result<Zeroizing<String>, DocumentError> {
    let mut units: Zeroizing<Vec<u16>> = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut chars = raw.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut push = |c: char| {
            let mut buffer = [0; 2];
            units.extend_from_slice(c.encode_utf16(&mut buffer));
        };
        match (c, chars.peek().copied()) {
            ('\\', None) => {}
            ('\\', Some((_, next))) => {
                chars.next();
                match next {
                    't' => push('\t'),
                    'n' => push('\n'),
                    'r' => push('\r'),
                    'f' => push('\u{c}'),
                    'u' => {
                        let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        let unit = u16::from_str_radix(&digits, 16).ok();
                        let unit = unit.filter(|_| digits.len() == 4).ok_or_else(|| {
                            let (line, column) = positions.of(start + at);
                            DocumentError::Syntax {
                                line,
                                column,
                                reason: "`\\u` needs four hexadecimal digits".to_owned(),
                            }
                        })?;
                        units.push(unit);
                    }
                    '\r' | '\n' => {
                        // A continued line: its end and the blanks that follow are nothing.
                        while chars
                            .peek()
                            .is_some_and(|(_, c)| matches!(c, '\r' | '\n' | ' ' | '\t' | '\u{c}'))
                        {
                            chars.next();
                        }
                    }
                    other => push(other),
                }
            }
            (c, _) => push(c),
        }
    }
    Ok(Zeroizing::new(String::from_utf16_lossy(&units)))
}
