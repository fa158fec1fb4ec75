//! Start scripts and Java policies as values: of each, the little that matters here.

use std::{ops::Range, sync::Arc};

use zeroize::Zeroizing;

use super::{
    Document, Leaf, Syntax,
    document::{Block, BlockId, Encoding, Positions},
};

/// The system properties that a start script sets: `-Dname=value` is a leaf `-Dname`. Comments of both
/// shells hold none: `#`, `rem`, `::`.
pub(super) fn read(file: &str, bytes: &[u8]) -> Document {
    let text = latin1(bytes);
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = &line[..comment(line)];
        for (at, _) in content.match_indices("-D") {
            let before = content[..at].chars().next_back();
            let rest = &content[at + 2..];
            let name = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
                .unwrap_or(rest.len());
            let outside = before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '='));
            if !outside || name == 0 {
                continue;
            }
            let value = match rest[name..].strip_prefix('=') {
                None => at + 2 + name..at + 2 + name,
                Some(value) => {
                    let from = at + 2 + name + 1;
                    let quoted = usize::from(value.starts_with('"'));
                    let end = value[quoted..].find(|c: char| match quoted {
                        0 => c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '`' | ';'),
                        _ => c == '"',
                    });
                    let end = end.unwrap_or(value.trim_end().len().saturating_sub(quoted));
                    from + quoted..from + quoted + end
                }
            };
            let key = content[at..at + 2 + name].to_owned();
            found.push((key, start + value.start..start + value.end));
        }
        start += line.len();
    }
    document(file, Syntax::Script, text, found)
}

/// The keystore that a policy file of Java names: `keystore "URL", "TYPE";` gives `keystore` and
/// `keystore.type` (JDK, "Policy File Syntax").
pub(super) fn read_policy(file: &str, bytes: &[u8]) -> Document {
    let text = latin1(bytes);
    let bare = without_comments(&text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = bare[at..].find("keystore").map(|start| at + start) {
        at = start + "keystore".len();
        let alone = bare[..start]
            .chars()
            .next_back()
            .is_none_or(|c| c.is_whitespace() || c == ';');
        if !alone || !bare[at..].starts_with(|c: char| c.is_whitespace() || c == '"') {
            continue;
        }
        let end = bare[at..].find(';').map_or(bare.len(), |end| at + end);
        for key in ["keystore", "keystore.type"] {
            let Some(open) = bare[at..end].find('"').map(|open| at + open + 1) else {
                break;
            };
            let Some(close) = bare[open..end].find('"').map(|close| open + close) else {
                break;
            };
            found.push((key.to_owned(), open..close));
            at = close + 1;
        }
        at = end;
    }
    document(file, Syntax::Policy, text, found)
}

fn document(
    file: &str,
    syntax: Syntax,
    text: Zeroizing<String>,
    found: Vec<(String, Range<usize>)>,
) -> Document {
    let positions = Positions::new(&text);
    let leaf = |(key, span): (String, Range<usize>)| {
        let (line, column) = positions.of(span.start);
        Leaf {
            key,
            blocks: vec![BlockId(0)],
            line,
            column,
            secret_alias: None,
            text: Zeroizing::new(text[span.clone()].to_owned()),
            span,
            is_string: true,
        }
    };
    let leaves = found.into_iter().map(leaf).collect();
    let root = Block {
        key: String::new(),
        parent: None,
        span: 0..text.len(),
        listed: false,
    };
    Document {
        file: Arc::from(file),
        syntax,
        text: Arc::new(text),
        encoding: Encoding::Latin1,
        leaves,
        blocks: vec![root],
    }
}

/// Scripts are ASCII, or in an encoding that nobody declares: each byte counts as a character.
fn latin1(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// Where a line's comment begins; without one, where the line ends.
fn comment(line: &str) -> usize {
    let start = line.len() - line.trim_start().len();
    let trimmed = line[start..].trim_start_matches('@');
    let word = trimmed.split_whitespace().next().unwrap_or_default();
    if trimmed.starts_with("::") || word.eq_ignore_ascii_case("rem") {
        return start;
    }
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '#') if before.is_whitespace() => return at,
            _ => {}
        }
        before = c;
    }
    line.len()
}

/// The text with blanks in the place of `// …` and `/* … */`, every byte at its place.
fn without_comments(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        let skipped = match quoted {
            true => 0,
            false if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            false if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            false => 0,
        };
        if skipped > 0 {
            out.extend(rest[..skipped].bytes().map(|_| ' '));
            rest = &rest[skipped..];
            continue;
        }
        quoted ^= c == '"';
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(document: &Document) -> Vec<(&str, &str, usize)> {
        let leaves = document.leaves().iter();
        leaves
            .map(|leaf| (&*leaf.key, leaf.text(), leaf.line))
            .collect()
    }

    #[test]
    fn a_start_script_gives_its_system_properties_and_no_comment_does() {
        let sh = b"# -Da=1\n$JAVACMD \\\n  -Da.b=AllowAll \\\n  -Dc=\"x y\" -De -Df=/tmp/-Dg # -Dh=2\nX=\"-Di=3 -Dj=#4\"\n";
        let document = read("bin/s.sh", sh);
        assert_eq!(
            leaves(&document),
            [
                ("-Da.b", "AllowAll", 3),
                ("-Dc", "x y", 4),
                ("-De", "", 4),
                ("-Df", "/tmp/-Dg", 4),
                ("-Di", "3", 5),
                ("-Dj", "#4", 5),
            ]
        );
        let bat = b"rem -Da=1\r\n@REM -Db=1\r\n:: -Dc=1\r\nset ARGS=-Dd=AllowAll -De=\"%X%\"\r\n";
        let document = read("bin/s.bat", bat);
        assert_eq!(
            leaves(&document),
            [("-Dd", "AllowAll", 4), ("-De", "%X%", 4)]
        );
    }

    #[test]
    fn a_policy_gives_the_keystore_that_it_names() {
        let text = b"// keystore \"no\";\n/* keystore \"no\"; */\nkeystore \"file:${user.dir}/a.jks\", \"JKS\";\ngrant signedBy \"keystore\" { };\n";
        let document = read_policy("sec.policy", text);
        assert_eq!(
            leaves(&document),
            [
                ("keystore", "file:${user.dir}/a.jks", 3),
                ("keystore.type", "JKS", 3)
            ]
        );
        for hostile in ["keystore \"", "/*", "keystore"] {
            assert!(read_policy("p", hostile.as_bytes()).leaves().is_empty());
        }
    }
}
