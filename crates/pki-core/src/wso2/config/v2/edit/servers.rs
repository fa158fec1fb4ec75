//! Other servers in URLs, and stores among the options of brokers.

use super::{
    changes::{Editor, addition},
    located, plain,
};
use crate::wso2::{
    Slot,
    config::{
        Client, Document, EditError, Element, HomeConfig, Leaf, Place, Shown, Wanted, beside, url,
        v2::{brokers, calls::THRIFT_HOST, reader::path, stores::Shared},
    },
};

impl<'a> Editor<'a> {
    /// Stores among the options of brokers' URLs.
    pub(super) fn broker_stores(
        &mut self,
        config: &'a HomeConfig,
        shared: &Shared,
        wanted: &Wanted,
    ) -> Result<(), EditError> {
        for call in config
            .calls
            .iter()
            .filter(|call| call.client == Client::Jms)
        {
            let place = call.setting.place.as_ref();
            let Some((document, leaf)) = place.and_then(|place| config.at(place)) else {
                continue;
            };
            let unknown = |_: &str| url::Meaning::Unknown;
            let brokers = url::amqp(leaf.text(), &unknown).map(|url| url.brokers);
            for broker in brokers.unwrap_or_default() {
                for (slot, location, password) in brokers::OPTIONS {
                    let (Some(store), Some(range)) =
                        (wanted.stores.get(slot), broker.option(location))
                    else {
                        continue;
                    };
                    let old = &leaf.text()[range.clone()];
                    if *slot == Slot::Truststore && Some(path(old)) != shared.jvm {
                        continue;
                    }
                    let new = located(old, &store.file, "");
                    refuse_url_marks(document, leaf, &new)?;
                    self.put(document, leaf, range, &new, false);
                    if let Some(range) = broker.option(password) {
                        let password = plain(&store.password);
                        refuse_url_marks(document, leaf, password)?;
                        self.put(document, leaf, range, password, false);
                    }
                }
            }
        }
        Ok(())
    }

    /// Other servers in URLs. The gateway's token APIs follow the setting of the key manager.
    pub(super) fn authorities(
        &mut self,
        config: &'a HomeConfig,
        wanted: &Wanted,
    ) -> Result<(), EditError> {
        for it in &wanted.authorities {
            let Some(call) = config.calls.get(it.call) else {
                continue;
            };
            let place = call.setting.place.as_ref();
            let (Some(endpoint), Some((document, leaf))) = (
                call.endpoints.get(it.endpoint),
                place.and_then(|place| config.at(place)),
            ) else {
                continue;
            };
            let old = leaf.text().get(endpoint.authority.clone());
            if old.is_none_or(|old| old.contains("{uri.var.")) {
                continue;
            }
            let is_thrift = call.key == THRIFT_HOST;
            let (host, port) = match it.authority.rsplit_once(':') {
                Some((host, port)) if is_thrift => (host.trim_matches(['[', ']']), Some(port)),
                _ => (it.authority.as_str(), None),
            };
            self.put(document, leaf, endpoint.authority.clone(), host, false);
            if let Some(port) = port.filter(|it| it.parse().ok() != endpoint.port) {
                self.thrift_port(document, leaf, port);
            }
        }
        Ok(())
    }

    /// Servers beside those that are named.
    pub(super) fn beside(
        &mut self,
        config: &'a HomeConfig,
        wanted: &Wanted,
    ) -> Result<(), EditError> {
        for it in &wanted.beside {
            let call = config.calls.get(it.call);
            let place = call.and_then(|call| Some((call, call.setting.place.as_ref()?)));
            let Some((call, place)) = place else { continue };
            let Some((document, leaf)) = config.at(place) else {
                continue;
            };
            let inserted = beside::beside(leaf.text(), call, &it.servers);
            let inserted = inserted.ok_or_else(|| EditError::NoPlace {
                place: place.clone(),
                reason: "no other server can be named there".to_owned(),
            })?;
            for (at, text) in inserted {
                self.put(document, leaf, at..at, &text, false);
            }
        }
        Ok(())
    }

    fn thrift_port(&mut self, document: &'a Document, host: &'a Leaf, port: &str) {
        const PORT: &str = "ThriftClientPort";
        let (Some(block), Some(beside)) = (host.parent(), document.element_of(host)) else {
            return;
        };
        match document.within(block, PORT) {
            Some(leaf) => self.set(document, leaf, port),
            None => {
                let after = Shown::Text(port.to_owned());
                let change = addition(document, document.end_of(beside), block, PORT, after);
                let work = self.work(document);
                work.edits
                    .add_element(document, beside, &Element::new(PORT, port));
                work.changes.push(change);
            }
        }
    }
}

/// What means something in the URL of a broker.
fn refuse_url_marks(document: &Document, leaf: &Leaf, value: &str) -> Result<(), EditError> {
    let mark = value.chars().find(|c| {
        matches!(
            c,
            '\'' | '"' | '%' | '&' | ',' | ';' | '?' | '#' | '\\' | '<' | '>' | '{' | '}'
        ) || c.is_whitespace()
            || !c.is_ascii()
    });
    match mark {
        Some(_) => Err(EditError::NoPlace {
            place: Place::of(document, leaf),
            reason: "a file or password has a character that the URL of a broker cannot hold"
                .to_owned(),
        }),
        None => Ok(()),
    }
}
