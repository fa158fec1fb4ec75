//! How names are checked, which TLS versions are taken, and how what is stored is encrypted.

use super::resolve::Resolver;
use crate::{
    secret::Password,
    wso2::config::{Client, NameCheck, NameChecks, Protocols, Setting, StoreConsumer, Unknown},
};

/// The hosts by which the node knows itself.
pub(super) fn hosts(resolver: &Resolver<'_>) -> Vec<Setting<String>> {
    let written = HOSTS.iter().filter(|key| resolver.is_written(key));
    written.map(|key| resolver.string(key)).collect()
}

/// What is added to every port.
pub(super) fn offset(resolver: &Resolver<'_>) -> Setting<u16> {
    let text = resolver.string("server.offset");
    Setting {
        value: text.value.and_then(|text| {
            let number = text.trim().parse();
            number.map_err(|_| Unknown::Invalid("the offset is no number up to 65535".to_owned()))
        }),
        place: text.place,
    }
}

/// Where `deployment.toml` or its release sets how clients check host names.
pub(super) fn name_checks(resolver: &Resolver<'_>) -> Vec<NameChecks> {
    let check = |(client, key, read): &(Client, &str, Reading)| {
        let setting = resolver.string(key);
        if setting.value == Err(Unknown::Absent) {
            return None;
        }
        Some(NameChecks {
            client: *client,
            check: Setting {
                value: setting.value.map(|text| read(&text)),
                place: setting.place,
            },
        })
    };
    NAME_CHECKS.iter().filter_map(check).collect()
}

/// The TLS versions of each listener and sender.
pub(super) fn protocols(resolver: &Resolver<'_>) -> Vec<Protocols> {
    let written = |(consumer, key, switches): &(StoreConsumer, &str, &[&str])| {
        let leaves = resolver.leaves(key);
        let versions = match leaves {
            [first, _, ..] => {
                let values: Result<Vec<String>, Unknown> = leaves
                    .iter()
                    .map(|leaf| resolver.leaf(leaf).value)
                    .collect();
                Setting {
                    value: values,
                    place: resolver.leaf(first).place,
                }
            }
            _ => {
                let text = resolver.string(key);
                if text.value == Err(Unknown::Absent) {
                    return None;
                }
                Setting {
                    value: text.value.map(|text| versions(&text)),
                    place: text.place,
                }
            }
        };
        Some(Protocols {
            consumer: *consumer,
            versions,
            state: resolver.state(switches),
        })
    };
    PROTOCOLS.iter().filter_map(written).collect()
}

/// How the runtime encrypts what it stores.
pub(super) fn transformation(resolver: &Resolver<'_>) -> Setting<String> {
    resolver.string("system.parameter.org.wso2.CipherTransformation")
}

/// `[encryption] key`: where it is not written and the release encrypts with one, the start script makes
/// one for this node alone.
pub(super) fn encryption_key(resolver: &Resolver<'_>) -> Setting<Password> {
    resolver.password("encryption.key")
}

/// Versions as Tomcat and Synapse list them: `+TLSv1.1,+TLSv1.2`, `TLSv1.1,TLSv1.2`.
fn versions(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim);
    let taken = words.filter(|word| !word.is_empty() && !word.starts_with('-'));
    taken
        .map(|word| word.trim_start_matches('+').to_owned())
        .collect()
}

/// What a value of a key means.
type Reading = fn(&str) -> NameCheck;

/// `[server]` of `carbon.xml.j2`.
const HOSTS: &[&str] = &["server.hostname", "server.mgt_console_hostname"];

/// Whose check a key sets, and what its values mean. What is below `system.parameter` becomes a system property.
#[rustfmt::skip]
const NAME_CHECKS: &[(Client, &str, Reading)] = &[
    (Client::Synapse, "transport.passthru_https.sender.parameters.HostnameVerifier", NameCheck::of_verifier),
    (Client::Websocket, "transport.wss.sender.parameters.ws.client.enable.hostname.verification", NameCheck::of_enabling),
    (Client::Kernel, "system.parameter.httpclient.hostnameVerifier", NameCheck::of_verifier),
    (Client::Kernel, "system.parameter.org.wso2.ignoreHostnameVerification", NameCheck::of_disabling),
    (Client::Other("SAML"), "system.parameter.org.opensaml.httpclient.https.disableHostnameVerification", NameCheck::of_disabling),
];

/// Whose versions a key holds, and what switches it on.
#[rustfmt::skip]
const PROTOCOLS: &[(StoreConsumer, &str, &[&str])] = &[
    (StoreConsumer::Tomcat, "transport.https.sslHostConfig.properties.protocols", &[]),
    (StoreConsumer::SynapseListener, "transport.passthru_https.listener.parameters.HttpsProtocols", &["transport.passthru_https.listener.enable"]),
    (StoreConsumer::SynapseSender, "transport.passthru_https.sender.parameters.HttpsProtocols", &["transport.passthru_https.sender.enable"]),
    (StoreConsumer::WebsocketListener, "apim.wss.ssl_enabled_protocols", &["apim.wss.enable"]),
    (StoreConsumer::Broker, "broker.transport.amqp.ssl_connection.ssl_enabled_protocols", &["broker.transport.amqp.enabled", "broker.transport.amqp.ssl_connection.enabled"]),
    (StoreConsumer::DataBridge, "transport.binary.receiver.sslEnabledProtocols", &["transport.binary.receiver.enable"]),
];
