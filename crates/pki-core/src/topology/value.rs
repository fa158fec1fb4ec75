//! What a single value of the topology can mean. Each of these notes what is wrong with it.

use std::{
    fmt::Display,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use toml_edit::Value;

use super::{
    Host, HostError, ProblemKind, Span, SpanError,
    host::Wild,
    names,
    reader::{Content, Field, Reader},
    suggest::nearest,
};
use crate::{key::KeyAlgorithm, secret::Source, x509::Fingerprint};

impl<'t> Field<'t> {
    /// A text that is not empty.
    pub(crate) fn text(&self, r: &mut Reader<'_>) -> Option<&'t str> {
        match self.content {
            Content::Value(Value::String(text)) if text.value().is_empty() => {
                self.note(r, ProblemKind::Empty);
                None
            }
            Content::Value(Value::String(text)) => Some(text.value()),
            _ => self.wrong_type(r, "a string"),
        }
    }

    pub(super) fn flag(&self, r: &mut Reader<'_>) -> Option<bool> {
        match self.content {
            Content::Value(Value::Boolean(flag)) => Some(*flag.value()),
            _ => self.wrong_type(r, "true or false"),
        }
    }

    pub(crate) fn number(&self, r: &mut Reader<'_>, greatest: u16) -> Option<u16> {
        let Content::Value(Value::Integer(number)) = self.content else {
            return self.wrong_type(r, "an integer");
        };
        let found = *number.value();
        match u16::try_from(found) {
            Ok(number) if number <= greatest => Some(number),
            _ => {
                let greatest = i64::from(greatest);
                let least = 0;
                let kind = ProblemKind::OutOfRange {
                    found,
                    least,
                    greatest,
                };
                self.note(r, kind);
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, r: &mut Reader<'_>, words: &[(&str, T)]) -> Option<T> {
        let found = self.text(r)?;
        let value = words.iter().find(|(word, _)| *word == found);
        if value.is_none() {
            self.unknown_value(r, found, words.iter().map(|(word, _)| *word));
        }
        value.map(|(_, value)| *value)
    }

    pub(crate) fn unknown_value<W: Display>(
        &self,
        r: &mut Reader<'_>,
        found: &str,
        expected: impl IntoIterator<Item = W>,
    ) {
        let expected: Vec<String> = expected.into_iter().map(|word| word.to_string()).collect();
        let suggestion = nearest(found, expected.iter().map(String::as_str)).map(str::to_owned);
        let found = found.to_owned();
        let kind = ProblemKind::UnknownValue {
            found,
            expected,
            suggestion,
        };
        self.note(r, kind);
    }

    pub(super) fn algorithm(&self, r: &mut Reader<'_>) -> Option<KeyAlgorithm> {
        self.word(
            r,
            &KeyAlgorithm::ALL.map(|algorithm| (algorithm.name(), algorithm)),
        )
    }

    /// A length of time, which may be none.
    pub(crate) fn span(&self, r: &mut Reader<'_>) -> Option<Span> {
        let found = self.text(r)?;
        self.parsed(r, found, |found, reason| ProblemKind::InvalidSpan {
            found,
            reason,
        })
    }

    /// A length of time that is more than none.
    pub(super) fn validity(&self, r: &mut Reader<'_>) -> Option<Span> {
        let span = self.span(r)?;
        if span.is_zero() {
            let kind = ProblemKind::InvalidSpan {
                found: span.to_string(),
                reason: SpanError::Zero,
            };
            self.note(r, kind);
            return None;
        }
        Some(span)
    }

    /// A password source. The text is never repeated. A file that is not one of the workspace's own
    /// becomes a path that begins at the topology's folder.
    pub(super) fn source(&self, r: &mut Reader<'_>) -> Option<Source> {
        let found = self.text(r)?;
        let source = self.parsed(r, found, |_, reason| ProblemKind::InvalidSource(reason))?;
        Some(match source {
            Source::File(path)
                if super::generated_secret(&Source::File(path.clone())).is_none() =>
            {
                Source::File(r.resolve(&path))
            }
            source => source,
        })
    }

    pub(crate) fn fingerprint(&self, r: &mut Reader<'_>) -> Option<Fingerprint> {
        let found = self.text(r)?;
        self.parsed(r, found, |_, _| ProblemKind::InvalidFingerprint)
    }

    pub(super) fn address(&self, r: &mut Reader<'_>) -> Option<IpAddr> {
        let found = self.text(r)?;
        self.parsed(r, found, |found, _| ProblemKind::InvalidIp { found })
    }

    /// A path, which begins at the topology's folder where it is relative.
    pub(super) fn path(&self, r: &mut Reader<'_>) -> Option<PathBuf> {
        let found = self.text(r)?;
        if found.contains('\0') {
            self.note(
                r,
                ProblemKind::InvalidFileName {
                    found: found.to_owned(),
                },
            );
            return None;
        }
        Some(r.resolve(Path::new(found)))
    }

    pub(super) fn host(&self, r: &mut Reader<'_>, wild: Wild) -> Option<Host> {
        let found = self.text(r)?;
        match Host::parse(found, r.domain(), wild) {
            Ok(host) => Some(host),
            Err(reason) => {
                let found = found.to_owned();
                self.note(r, ProblemKind::InvalidHost { found, reason });
                None
            }
        }
    }

    /// A DNS name that nothing completes.
    pub(super) fn host_name(&self, r: &mut Reader<'_>) -> Option<String> {
        let found = self.text(r)?;
        let reason = match Host::parse(found, None, Wild::Refused) {
            Ok(Host::Dns(name)) => return Some(name),
            Ok(Host::Ip(_)) => HostError::Address,
            Err(reason) => reason,
        };
        let found = found.to_owned();
        self.note(r, ProblemKind::InvalidHost { found, reason });
        None
    }

    /// A list of hosts in which none stands twice.
    pub(super) fn hosts(&self, r: &mut Reader<'_>, wild: Wild) -> Vec<Host> {
        let mut hosts: Vec<Host> = Vec::new();
        for element in self.elements(r) {
            let Some(host) = element.host(r, wild) else {
                continue;
            };
            if hosts.contains(&host) {
                let found = host.to_string();
                element.note(r, ProblemKind::Repeated { found });
            } else {
                hosts.push(host);
            }
        }
        hosts
    }

    pub(super) fn alias(&self, r: &mut Reader<'_>) -> Option<String> {
        let found = self.text(r)?.to_owned();
        if names::is_alias(&found) {
            return Some(found);
        }
        self.note(r, ProblemKind::InvalidAlias { found });
        None
    }

    pub(super) fn file_name(&self, r: &mut Reader<'_>) -> Option<String> {
        let found = self.text(r)?.to_owned();
        if names::is_file_name(&found) {
            return Some(found);
        }
        self.note(r, ProblemKind::InvalidFileName { found });
        None
    }

    fn parsed<T: FromStr>(
        &self,
        r: &mut Reader<'_>,
        found: &str,
        kind: impl FnOnce(String, T::Err) -> ProblemKind,
    ) -> Option<T> {
        match found.parse() {
            Ok(value) => Some(value),
            Err(reason) => {
                self.note(r, kind(found.to_owned(), reason));
                None
            }
        }
    }
}
