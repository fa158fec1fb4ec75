//! An audit as one page that needs nothing but itself: findings to filter and search, the life of every
//! certificate, who trusts whom. It is usable with a keyboard, in the dark, on paper and without scripts.
//!
//! Names in certificates are strangers' text: every one is escaped, what would hide or turn text is shown as
//! a number, and a content security policy lets no script run but the page's own.

mod findings;
mod timeline;
mod trust;

use std::io::{self, Write};

use base64ct::{Base64, Encoding as _};

use super::{text::visible, xml::Xml};
use crate::{
    audit::{Report, Severity},
    x509::{Fingerprint, moment},
};

/// Writes the page.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let page = Page { sink, report };
    page.write()
}

struct Page<'a> {
    sink: &'a mut dyn Write,
    report: &'a Report,
}

impl Page<'_> {
    fn write(mut self) -> io::Result<()> {
        self.head()?;
        findings::write(&mut self)?;
        timeline::write(&mut self)?;
        trust::write(&mut self)?;
        self.not_looked_at()?;
        findings::rules(&mut self)?;
        self.put(&format!(
            "</main>\n<footer><p>Written by apim-pki {} about {}.</p></footer>\n<script>{SCRIPT}</script>\n\
             </body>\n</html>\n",
            env!("CARGO_PKG_VERSION"),
            moment(self.report.now)
        ))
    }

    fn head(&mut self) -> io::Result<()> {
        let now = self.report.now;
        self.put(&format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; script-src '{}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>PKI audit, {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#findings\">To the findings</a>\n\
             <header>\n<h1>PKI audit</h1>\n<p class=\"lead\"><time datetime=\"{1}\">{2}</time></p>\n",
            hash(SCRIPT),
            moment(now),
            now.date(),
        ))?;
        self.counts()?;
        self.put(
            "<nav aria-label=\"Sections\"><ul>\n<li><a href=\"#findings\">Findings</a></li>\n\
             <li><a href=\"#lives\">Lives of certificates</a></li>\n\
             <li><a href=\"#trust\">Who trusts whom</a></li>\n\
             <li><a href=\"#looked\">What was looked at</a></li>\n",
        )?;
        if !self.report.findings.is_empty() {
            self.put("<li><a href=\"#rules\">Rules</a></li>\n")?;
        }
        self.put("</ul></nav>\n</header>\n<main>\n")
    }

    fn counts(&mut self) -> io::Result<()> {
        let report = self.report;
        let waived = report.findings.iter().filter(|it| it.waived.is_some());
        let known = report
            .findings
            .iter()
            .filter(|it| it.known && it.waived.is_none());
        let counts = [
            ("error", report.count(Severity::Error), "error"),
            ("warning", report.count(Severity::Warning), "warning"),
            ("info", report.count(Severity::Info), "info"),
        ];
        self.put("<ul class=\"counts\">\n")?;
        for (class, number, word) in counts {
            let class = if number == 0 { "good" } else { class };
            let plural = if number == 1 { "" } else { "s" };
            self.put(&format!(
                "<li class=\"{class}\"><b>{number}</b> {word}{plural}</li>\n"
            ))?;
        }
        for (number, words) in [
            (waived.count(), "waived"),
            (known.count(), "in the baseline"),
            (report.unread.len(), "not read"),
        ] {
            if number > 0 {
                self.put(&format!("<li><b>{number}</b> {words}</li>\n"))?;
            }
        }
        self.put(&format!(
            "<li><b>{}</b> files</li>\n</ul>\n",
            report.stores.len()
        ))
    }

    fn not_looked_at(&mut self) -> io::Result<()> {
        let report = self.report;
        self.put(&format!(
            "<section aria-labelledby=\"looked\">\n<h2 id=\"looked\">What was looked at</h2>\n\
             <p>{} files.</p>\n",
            report.stores.len()
        ))?;
        let unread = report
            .unread
            .iter()
            .map(|it| (&*it.path, it.reason.as_str()));
        self.list("Not read", unread.collect())?;
        let unchecked = report.unchecked.iter().map(|it| (&*it.path, &*it.reason));
        self.list("Not checked to the end", unchecked.collect())?;
        self.put("</section>\n")
    }

    fn list(&mut self, title: &str, paths: Vec<(&str, &str)>) -> io::Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let open = if paths.len() <= FEW { " open" } else { "" };
        self.put(&format!(
            "<details{open}><summary>{title}: {}</summary><ul>\n",
            paths.len()
        ))?;
        for (path, reason) in paths {
            self.put(&format!(
                "<li><code>{}</code>: {}</li>\n",
                text(path),
                text(reason)
            ))?;
        }
        self.put("</ul></details>\n")
    }

    fn put(&mut self, markup: &str) -> io::Result<()> {
        self.sink.write_all(markup.as_bytes())
    }
}

/// A stranger's text: seen as it is, and nothing else.
fn text(text: &str) -> String {
    Xml(&visible(text)).to_string()
}

/// A message or an explanation of ours: what stands in backquotes is code.
fn prose(message: &str) -> String {
    let parts = text(message);
    let parts: Vec<&str> = parts.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // One stands alone: it is part of a name.
        return parts.join("`");
    }
    let code = |(at, part): (usize, &&str)| match at % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(code).collect()
}

/// A distinguished name, which may be broken between its parts.
fn distinguished_name(name: &str) -> String {
    text(name).replace(',', ",<wbr>")
}

/// A path, which may be broken behind its separators and not amid a name that has room.
fn whole_names(path: &str) -> String {
    let shown = text(path);
    let names: Vec<String> = shown
        .split_inclusive('/')
        .map(|name| match name.contains('-') && name.len() <= SHORT {
            true => format!("<span class=\"whole\">{name}</span>"),
            false => name.to_owned(),
        })
        .collect();
    names.join("<wbr>")
}

/// What a content security policy calls a script.
fn hash(script: &str) -> String {
    let digest = Fingerprint::of(script.as_bytes());
    format!("sha256-{}", Base64::encode_string(digest.as_bytes()))
}

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Lists of so many are open from the beginning.
const FEW: usize = 10;
/// A name of so many characters fits into a column, on a phone too.
const SHORT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_backquotes_is_code_and_a_lone_one_stays() {
        assert_eq!(
            prose("the password is `a<b`, `c`"),
            "the password is <code>a&lt;b</code>, <code>c</code>"
        );
        assert_eq!(prose("CN=a`b expired"), "CN=a`b expired");
        assert_eq!(distinguished_name("CN=a,O=b&c"), "CN=a,<wbr>O=b&amp;c");
    }

    #[test]
    fn a_path_is_broken_behind_its_separators_and_not_at_a_hyphen() {
        assert_eq!(
            whole_names("a/gateway-1/b<c"),
            "a/<wbr><span class=\"whole\">gateway-1/</span><wbr>b&lt;c"
        );
        let long = format!("{}-", "a".repeat(SHORT));
        assert_eq!(whole_names(&long), long);
    }
}
