//! Which keys of `deployment.toml` hold a URL, who opens it, and who should answer.

use super::{
    call_rows::ROWS,
    release::{Releases, Span},
    resolve::Resolver,
};
use crate::wso2::{
    Role,
    config::{
        Call, CallTarget, Client, Endpoint, Leaf, Place, Scheme, Setting, Several, Unknown,
        url::{self, Meaning},
    },
};

/// A key that holds a URL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The key, in an array of tables or not; with `*` at its end every key that begins so.
    pub(super) key: &'static str,
    pub(super) releases: Span,
    pub(super) to: CallTarget,
    pub(super) openers: &'static [Role],
    pub(super) client: Client,
    pub(super) reading: Reading,
    /// What must be true for it to be opened.
    pub(super) switches: &'static [&'static str],
    /// What is taken where it is not written.
    pub(super) otherwise: Otherwise,
}

/// How the value names servers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// URLs.
    Urls,
    /// `tcp://host:port` of a broker, over TLS where the key is true.
    Brokers(&'static str),
}

/// What is taken where a key is not written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Otherwise {
    /// Nothing is opened.
    Nothing,
    /// What the release says.
    Default,
    /// The values of another key, and where that is not written either, a text.
    Other(&'static str, &'static str),
    /// A text.
    Text(&'static str),
}

/// Every URL that `deployment.toml` holds, and those that its release takes where nothing is written.
pub(super) fn calls(resolver: &Resolver<'_>, offset: Option<u16>) -> Vec<Call> {
    let reader = Reader { resolver, offset };
    let rows = rows(resolver.releases);
    let mut calls = Vec::new();
    let mut written = vec![false; rows.len()];
    for leaf in resolver.document.leaves() {
        let row = rows.iter().position(|row| row.holds(&leaf.key));
        if let Some(at) = row {
            calls.extend(reader.written(rows[at], leaf));
            written[at] = true;
        }
    }
    for (row, written) in rows.iter().zip(written) {
        if !written {
            calls.extend(reader.unwritten(row));
        }
    }
    calls
}

/// The rows of the newest release that the home may be of: roles differ, and a node has one.
fn rows(releases: Releases) -> Vec<&'static Row> {
    let newest = Releases {
        oldest: releases.newest,
        ..releases
    };
    let rows = ROWS.iter().flat_map(|rows| rows.iter());
    rows.filter(|row| newest.meet(row.releases)).collect()
}

impl Row {
    /// As the role templates and the documentation write several.
    fn several(&self) -> Several {
        match (self.reading, self.client) {
            (Reading::Brokers(_), _) if self.key.ends_with("_endpoints") => Several::Elements,
            (_, Client::DataAgent) if self.key.contains(".url_group.") => Several::Tables,
            (Reading::Brokers(_), _) | (_, Client::DataAgent | Client::Jms) => Several::Unknown,
            _ => Several::One,
        }
    }

    fn holds(&self, key: &str) -> bool {
        match self.key.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => key == self.key,
        }
    }
}

struct Reader<'a> {
    resolver: &'a Resolver<'a>,
    offset: Option<u16>,
}

impl Reader<'_> {
    /// The calls of a leaf: of what it refers to, if it does nothing else. A value of a group of keys that
    /// names no server is no call, nor is `${carbon.protocol}://…`.
    fn written(&self, row: &Row, leaf: &Leaf) -> Vec<Call> {
        let group = row.key.ends_with('*') || row.to == CallTarget::Itself;
        let targets = self.resolver.targets(leaf).into_iter();
        targets
            .filter(|leaf| !leaf.text().is_empty() && (!group || is_url(leaf.text())))
            .map(|leaf| self.leaf(row, leaf))
            .collect()
    }

    fn unwritten(&self, row: &Row) -> Vec<Call> {
        match row.otherwise {
            Otherwise::Nothing => Vec::new(),
            Otherwise::Text(text) => vec![self.text(row, text, None)],
            Otherwise::Other(key, text) => {
                let mut leaves = self.resolver.document.all(key).peekable();
                match leaves.peek() {
                    None => vec![self.text(row, text, None)],
                    Some(_) => leaves.map(|leaf| self.leaf(row, leaf)).collect(),
                }
            }
            Otherwise::Default => {
                let setting = self.resolver.string(row.key);
                match setting.value {
                    Ok(text) => vec![self.text(row, &text, setting.place)],
                    Err(_) => vec![self.call(row, setting, Vec::new())],
                }
            }
        }
    }

    fn leaf(&self, row: &Row, leaf: &Leaf) -> Call {
        let place = Some(Place::of(self.resolver.document, leaf));
        // What the product does not follow cannot be known.
        match self.resolver.leaf(leaf).value {
            Err(unknown) if self.resolver.document.in_array_of_tables(leaf) => {
                let value = Err(unknown);
                self.call(row, Setting { value, place }, Vec::new())
            }
            _ => self.text(row, leaf.text(), place),
        }
    }

    fn text(&self, row: &Row, text: &str, place: Option<Place>) -> Call {
        let (value, endpoints) = match self.endpoints(row, text) {
            Ok(endpoints) => (Ok(url::shown(text)), endpoints),
            Err(unknown) => (Err(unknown), Vec::new()),
        };
        self.call(row, Setting { value, place }, endpoints)
    }

    fn call(&self, row: &Row, setting: Setting<String>, endpoints: Vec<Endpoint>) -> Call {
        Call {
            key: row.key,
            setting,
            endpoints,
            to: row.to,
            openers: row.openers,
            several: row.several(),
            client: row.client,
            state: self.resolver.state(row.switches),
        }
    }

    fn endpoints(&self, row: &Row, text: &str) -> Result<Vec<Endpoint>, Unknown> {
        let mut endpoints = url::endpoints(text, &|name| self.meaning(name))?;
        if let Reading::Brokers(tls) = row.reading {
            let on = |text: &str| text.eq_ignore_ascii_case("true");
            let tls = self
                .resolver
                .string(tls)
                .known()
                .is_some_and(|text| on(text))
                || text.to_ascii_lowercase().contains("ssl='true'");
            for endpoint in &mut endpoints {
                endpoint.scheme = match (tls, endpoint.scheme) {
                    (true, Scheme::Tcp | Scheme::Amqp) => Scheme::AmqpTls,
                    (false, Scheme::Tcp) => Scheme::Amqp,
                    (_, other) => other,
                };
            }
        }
        Ok(endpoints)
    }

    /// What a placeholder stands for.
    fn meaning(&self, name: &str) -> Meaning {
        if let Some(key) = name.strip_prefix("$ref{") {
            let text = self.resolver.string(key.trim_end_matches('}'));
            return text.value.map_or(Meaning::Unknown, Meaning::Text);
        }
        // Ports that the file changes.
        let port = PORTS.iter().find(|(placeholder, _)| *placeholder == name);
        let written = port.filter(|(_, key)| self.resolver.is_written(key));
        if let Some((_, key)) = written {
            let port = self.resolver.string(key).value.ok();
            let port = port.and_then(|text| text.parse::<u16>().ok());
            return match (port, self.offset) {
                (Some(port), Some(offset)) => {
                    Meaning::Text((u32::from(port) + u32::from(offset)).to_string())
                }
                _ => Meaning::Unknown,
            };
        }
        url::meaning(name, self.offset)
    }
}

/// True if a key that is not written can be written with one URL.
pub(super) fn is_one(key: &str) -> bool {
    let mut rows = ROWS.iter().flat_map(|rows| rows.iter());
    rows.any(|row| row.key == key && matches!(row.otherwise, Otherwise::Default))
}

/// True if a text begins with a scheme, in a group or not.
fn is_url(text: &str) -> bool {
    let word = text.trim_start_matches(['{', ' ']).split_once("://");
    word.is_some_and(|(word, _)| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// Placeholders that are ports, and the keys that change them.
#[rustfmt::skip]
const PORTS: &[(&str, &str)] = &[
    ("mgt.transport.https.port", "transport.https.properties.port"),
    ("mgt.transport.http.port", "transport.http.properties.port"),
    ("https.nio.port", "transport.passthru_https.listener.parameters.port"),
    ("http.nio.port", "transport.passthru_http.listener.parameters.port"),
    ("jms.port", "broker.transport.amqp.default_connection.port"),
    ("receiver.url.port", "transport.receiver.tcp_port"),
    ("auth.url.port", "transport.receiver.ssl_port"),
];
