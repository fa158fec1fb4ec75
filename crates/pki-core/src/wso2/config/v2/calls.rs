//! Which values are URLs of other servers, who opens them, and who should answer.

use super::{
    call_rows::ROWS,
    reader::{Reader, When},
    store_rows::{API_MANAGER, CARBON},
};
use crate::wso2::{
    Role,
    config::{
        Call, CallTarget, Client, Document, Endpoint, Host, Leaf, Place, Scheme, Setting, Several,
        Unknown, glob,
        url::{self, Meaning},
    },
};

/// A value that is a URL, or a list of them.
#[derive(Debug)]
pub(super) struct Row {
    /// A pattern of files.
    pub(super) file: &'static str,
    /// What it is called: its key.
    pub(super) key: &'static str,
    /// A pattern of keys.
    pub(super) pattern: &'static str,
    pub(super) to: CallTarget,
    pub(super) openers: &'static [Role],
    pub(super) client: Client,
    pub(super) on: &'static [When],
}

/// Every URL of another server in the files, in the order of the rows.
pub(super) fn calls(reader: &Reader) -> Vec<Call> {
    let mut calls = Vec::new();
    for row in ROWS {
        for document in reader.files(row.file) {
            let leaves = document.leaves().iter();
            let held = leaves.filter(|leaf| glob::matches(row.pattern, &leaf.key));
            let named = held.filter(|leaf| !leaf.text().is_empty());
            calls.extend(named.map(|leaf| row.call(reader, document, leaf)));
        }
    }
    calls.extend(thrift(reader));
    calls
}

impl Row {
    fn call(&self, reader: &Reader, document: &Document, leaf: &Leaf) -> Call {
        let place = Some(Place::of(document, leaf));
        let read = url::endpoints(leaf.text(), &|name| meaning(reader, name));
        let (value, endpoints) = match read {
            Ok(endpoints) => (Ok(url::shown(leaf.text())), endpoints),
            Err(unknown) => (Err(unknown), Vec::new()),
        };
        Call {
            key: self.key,
            setting: Setting { value, place },
            endpoints,
            to: self.to,
            openers: self.openers,
            several: match self.client {
                Client::DataAgent => Several::Groups,
                Client::Jms => Several::Brokers,
                _ => Several::One,
            },
            client: self.client,
            state: reader.state(document, leaf.parent(), self.on),
        }
    }
}

/// What a placeholder stands for; in the gateway's token APIs the key manager (`ext/SynapsePropertiesHandler`
/// sets it from `APIKeyValidator/ServerURL`).
fn meaning(reader: &Reader, name: &str) -> Meaning {
    let key_manager = || key_manager(reader).map_or(Meaning::Unknown, Meaning::Text);
    match name {
        "uri.var.hostname" => key_manager(),
        "uri.var.portnum" => {
            let port = key_manager_endpoint(reader).and_then(|endpoint| endpoint.port);
            port.map_or(Meaning::Unknown, |port| Meaning::Text(port.to_string()))
        }
        name => reader.meaning(name),
    }
}

/// The host at which the gateway asks for tokens: `localhost` where the key manager's is the node's own
/// (`APIManagerConfiguration.addKeyManagerConfigsAsSystemProperties`).
fn key_manager(reader: &Reader) -> Option<String> {
    let own = reader.leaf(CARBON, "Server/HostName");
    let own = own.map(|(_, leaf)| leaf.text().to_lowercase());
    match key_manager_endpoint(reader)?.host {
        Host::Own(_) => Some("localhost".to_owned()),
        Host::Named(host) if Some(&host) == own.as_ref() => Some("localhost".to_owned()),
        Host::Named(host) | Host::Loopback(host) => Some(host),
        Host::Unknown(_) => None,
    }
}

fn key_manager_endpoint(reader: &Reader) -> Option<Endpoint> {
    let (_, leaf) = reader.leaf(API_MANAGER, "APIManager/APIKeyValidator/ServerURL")?;
    let read = url::endpoints(leaf.text(), &|name| reader.meaning(name)).ok()?;
    read.into_iter().next()
}

/// Thrift key validation: a host and, beside it, a port.
fn thrift(reader: &Reader) -> Option<Call> {
    let (document, leaf) = reader.leaf(API_MANAGER, THRIFT_HOST)?;
    let port = document.leaf("APIManager/APIKeyValidator/ThriftClientPort");
    let usual = || {
        reader
            .offset
            .and_then(|offset| THRIFT_PORT.checked_add(offset))
    };
    let port = match port {
        Some(port) => port.text().parse().ok(),
        None => usual(),
    };
    // A host is a URL without a scheme.
    let url = format!("tcp://{}", leaf.text());
    let read = url::endpoints(&url, &|name| reader.meaning(name));
    let (value, endpoints) = match read {
        Ok(read) => {
            let endpoints = read.into_iter().map(|endpoint| Endpoint {
                scheme: Scheme::Thrift,
                port,
                authority: 0..leaf.text().len(),
                ..endpoint
            });
            (Ok(leaf.text().to_owned()), endpoints.collect())
        }
        Err(_) => {
            let invalid = Unknown::Invalid("it is no host".to_owned());
            (Err(invalid), Vec::new())
        }
    };
    Some(Call {
        key: THRIFT_HOST,
        setting: Setting {
            value,
            place: Some(Place::of(document, leaf)),
        },
        endpoints,
        to: CallTarget::Role(Role::KeyManager),
        openers: &[Role::Store, Role::Gateway],
        several: Several::One,
        client: Client::Thrift,
        state: reader.state(document, leaf.parent(), THRIFT_CLIENT),
    })
}

pub(super) const THRIFT_HOST: &str = "APIManager/APIKeyValidator/ThriftServerHost";
/// Without `ThriftClientPort`; the opener's own offset is added.
const THRIFT_PORT: u16 = 10397;
const THRIFT_CLIENT: &[When] = &[When::Own("KeyValidatorClientType", "ThriftClient", false)];
