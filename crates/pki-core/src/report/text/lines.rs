use std::io::{self, Write};

use super::Layout;

/// Writes lines of a certain width.
pub(super) struct Lines<'a> {
    sink: &'a mut dyn Write,
    width: usize,
    styled: bool,
}

/// How loud a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// It says what is so.
    #[default]
    Plain,
    /// It says what will be wrong.
    Warning,
    /// It says what is wrong.
    Alarm,
}

impl Tone {
    /// SGR (ECMA-48 section 8.3.117): bold, then the colour.
    const fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Warning => Some("\u{1b}[33m"),
            Self::Alarm => Some("\u{1b}[1m\u{1b}[31m"),
        }
    }
}

impl<'a> Lines<'a> {
    pub(super) fn new(sink: &'a mut dyn Write, layout: Layout) -> Self {
        Self {
            sink,
            width: layout.width.unwrap_or(usize::MAX).max(NARROWEST),
            styled: layout.styled,
        }
    }

    /// A line, indented by this many columns; what does not fit goes on two columns further in. A word
    /// that is too long stays whole: it may be a path that somebody wants to copy.
    pub(super) fn put(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.tell(indent, Tone::Plain, text)
    }

    /// The same, as loud as it must be. Colour says nothing that the words do not say.
    pub(super) fn tell(&mut self, indent: usize, tone: Tone, text: &str) -> io::Result<()> {
        let text = visible(text);
        let mut line = " ".repeat(indent);
        let mut used = 0;
        for word in text.split(' ') {
            let length = word.chars().count();
            if used > 0 && line.chars().count() + 1 + length > self.width {
                self.end(tone, &line)?;
                line = " ".repeat(indent + 2);
                used = 0;
            }
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
            used += 1;
        }
        self.end(tone, &line)
    }

    /// A row of a table: its blanks stay, and it is not broken.
    pub(super) fn row(&mut self, indent: usize, tone: Tone, text: &str) -> io::Result<()> {
        let line = format!("{}{}", " ".repeat(indent), visible(text));
        self.end(tone, &line)
    }

    fn end(&mut self, tone: Tone, line: &str) -> io::Result<()> {
        let line = line.trim_end();
        match tone.sgr().filter(|_| self.styled) {
            None => writeln!(self.sink, "{line}"),
            Some(style) => writeln!(self.sink, "{style}{line}\u{1b}[0m"),
        }
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.sink)
    }
}

/// A subject, an alias, a name may hold whatever somebody wrote into a certificate; a terminal obeys it.
pub(in crate::report) fn visible(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let shown: Box<dyn Iterator<Item = char>> = match is_hidden(c) {
                true => Box::new(c.escape_unicode()),
                false => Box::new(std::iter::once(c)),
            };
            shown
        })
        .collect()
}

/// Control characters, and those that reorder or hide text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// Under this nothing can be laid out.
const NARROWEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn put(width: Option<usize>, text: &str) -> String {
        let mut out = Vec::new();
        Lines::new(&mut out, Layout::new().width(width))
            .put(2, text)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_long_line_goes_on_further_in_and_a_long_word_stays_whole() {
        let text = "the certificate of a node that has a rather long name ends with its issuer";
        assert_eq!(
            put(Some(44), text),
            "  the certificate of a node that has a\n    rather long name ends with its issuer\n"
        );
        assert_eq!(put(None, text), format!("  {text}\n"));
        let path = "x".repeat(100);
        assert_eq!(put(Some(40), &path), format!("  {path}\n"));
    }

    #[test]
    fn what_a_certificate_says_cannot_drive_the_terminal() {
        assert_eq!(put(None, "CN=a\u{1b}[31m\nb"), "  CN=a\\u{1b}[31m\\u{a}b\n");
    }
}
