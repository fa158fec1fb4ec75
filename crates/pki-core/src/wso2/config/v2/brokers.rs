//! The stores that URLs of brokers name among their options.

use std::ops::Range;

use super::{
    reader::{Reader, path},
    sources,
};
use crate::{
    secret::Password,
    wso2::{
        Slot,
        config::{Call, Client, Document, Leaf, Setting, State, StoreConsumer, StoreUse, url},
    },
};

/// The stores of the AMQP client. Without options the JVM's serve; a truststore alone serves as keystore
/// too, which nobody asks for (`AMQConnectionDelegate_8_0`).
pub(super) fn stores(reader: &Reader, calls: &[Call]) -> Vec<StoreUse> {
    let mut stores: Vec<StoreUse> = Vec::new();
    for call in calls.iter().filter(|call| call.client == Client::Jms) {
        let Some((document, leaf)) = call.setting.place.as_ref().and_then(|it| reader.at(it))
        else {
            continue;
        };
        let brokers = url::amqp(leaf.text(), &|name| reader.meaning(name));
        for broker in brokers.map(|url| url.brokers).unwrap_or_default() {
            for (slot, location, password) in OPTIONS {
                let Some(range) = broker.option(location).filter(|it| !it.is_empty()) else {
                    continue;
                };
                let password = broker.option(password);
                let store = store(reader, document, leaf, (range, password));
                let state = call.state.clone();
                let new = StoreUse {
                    slot: *slot,
                    state,
                    ..store
                };
                // Each broker of a list repeats its options.
                let same = |it: &StoreUse| {
                    (it.slot, &it.location, &it.password)
                        == (new.slot, &new.location, &new.password)
                };
                if !stores.iter().any(same) {
                    stores.push(new);
                }
            }
        }
    }
    stores
}

fn store(
    reader: &Reader,
    document: &Document,
    leaf: &Leaf,
    (location, password): (Range<usize>, Option<Range<usize>>),
) -> StoreUse {
    let part = |range: Range<usize>| sources::part(reader, document, leaf, &leaf.text()[range]);
    let password = match password.map(part) {
        None => Setting::absent(),
        Some(Setting { value, place }) => Setting {
            value: value.map(Password::new),
            place,
        },
    };
    let location = part(location);
    StoreUse {
        consumer: StoreConsumer::JmsClient,
        slot: Slot::Truststore,
        location: Setting {
            value: location.value.map(|text| path(&text)),
            place: location.place,
        },
        kind: Setting::default_of_release("JKS".to_owned()),
        key_password: password.clone(),
        password,
        alias: Setting::absent(),
        state: State::On,
        foreign: false,
    }
}

/// Slot, and the options for the file and its password.
pub(super) const OPTIONS: &[(Slot, &str, &str)] = &[
    (Slot::Truststore, "trust_store", "trust_store_password"),
    (Slot::Tls, "key_store", "key_store_password"),
];
