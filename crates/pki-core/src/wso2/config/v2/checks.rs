//! What a node is and how it checks: release, hosts, offset, names, TLS versions, encryption.

use super::{
    reader::{Reader, When},
    store_rows::{CARBON, DATA_BRIDGE},
};
use crate::wso2::{
    Product,
    config::{
        Client, Document, HomeConfig, HomeFiles, Leaf, NameCheck, NameChecks, Place, Protocols,
        Setting, StoreConsumer, Unknown, glob,
    },
};

/// The release: `carbon.xml`, or what the packer wrote beside the start script.
pub(super) fn product(
    reader: &Reader,
    files: &HomeFiles,
    told: Option<Product>,
) -> Setting<Product> {
    let read = |text: &str| {
        let product = text.parse::<Product>();
        product.map_err(|error| Unknown::Invalid(error.to_string()))
    };
    let written = reader.leaf(CARBON, "Server/Version");
    let written = written.map(|(document, leaf)| {
        let text = leaf.text().split('-').next().unwrap_or_default();
        Setting::written(read(text), Place::of(document, leaf))
    });
    if let Some(setting) = &written
        && setting.value.is_ok()
    {
        return setting.clone();
    }
    // `WSO2 API Manager v2.6.0`
    let packed = files.get(VERSION).and_then(|bytes| {
        let text = String::from_utf8_lossy(bytes.expose()).into_owned();
        let first = text.lines().next()?;
        read(first.rsplit_once(" v")?.1.trim()).ok()
    });
    match (packed, told) {
        (Some(product), _) => Setting::written(Ok(product), Place::of_file(VERSION)),
        (None, Some(product)) => Setting::default_of_release(product),
        (None, None) => written.unwrap_or_else(Setting::absent),
    }
}

/// The hosts by which the node knows itself.
pub(super) fn hosts(reader: &Reader) -> Vec<Setting<String>> {
    let written = ["Server/HostName", "Server/MgtHostName"]
        .iter()
        .filter_map(|key| reader.leaf(CARBON, key));
    let named = written.filter(|(_, leaf)| !leaf.text().is_empty());
    named
        .map(|(document, leaf)| reader.string(document, leaf))
        .collect()
}

/// What is added to every port: a start script's, else `carbon.xml`'s.
pub(super) fn offset(reader: &Reader) -> Setting<u16> {
    let script = reader.files("bin/*").find_map(|document| {
        let leaf = document.leaf("-DportOffset")?;
        Some((document, leaf))
    });
    match script.or_else(|| reader.leaf(CARBON, "Server/Ports/Offset")) {
        None => Setting::default_of_release(0),
        Some((document, leaf)) => Setting {
            value: reader.string(document, leaf).value.and_then(|text| {
                let number = text.parse();
                let reason = "the offset is no number up to 65535";
                number.map_err(|_| Unknown::Invalid(reason.to_owned()))
            }),
            place: Some(Place::of(document, leaf)),
        },
    }
}

/// How the runtime encrypts what it stores. Without the property: `CryptoUtil`, `RSA` of BouncyCastle,
/// which has no padding.
pub(super) fn transformation(reader: &Reader) -> Setting<String> {
    let script = reader.files("bin/*").find_map(|document| {
        let leaf = document.leaf("-Dorg.wso2.CipherTransformation")?;
        Some((document, leaf))
    });
    let properties = "repository/conf/carbon.properties";
    let set = script.or_else(|| reader.leaf(properties, "org.wso2.CipherTransformation"));
    match set {
        Some((document, leaf)) => reader.string(document, leaf),
        None => Setting::default_of_release("RSA".to_owned()),
    }
}

/// Fills in how names are checked and which TLS versions are taken.
pub(super) fn fill(reader: &Reader, config: &mut HomeConfig) {
    for (file, key, client, read) in NAME_CHECKS {
        for (document, leaf) in reader.all(file, key) {
            config.name_checks.push(NameChecks {
                client: *client,
                check: Setting {
                    value: reader.string(document, leaf).value.map(|text| read(&text)),
                    place: Some(Place::of(document, leaf)),
                },
            });
        }
    }
    for (file, key, consumer, on) in PROTOCOLS {
        for (document, leaf) in reader.all(file, key) {
            config.protocols.push(Protocols {
                consumer: *consumer,
                versions: Setting {
                    value: reader
                        .string(document, leaf)
                        .value
                        .map(|text| versions(&text)),
                    place: Some(Place::of(document, leaf)),
                },
                state: reader.state(document, leaf.parent(), on),
            });
        }
    }
}

impl Reader {
    /// The values of a key in some files, patterns both, that are not empty.
    fn all<'a>(
        &'a self,
        files: &'a str,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a Document, &'a Leaf)> {
        self.files(files).flat_map(move |document| {
            let leaves = document.leaves().iter();
            leaves
                .filter(|leaf| glob::matches(key, &leaf.key) && !leaf.text().is_empty())
                .map(move |leaf| (document, leaf))
        })
    }
}

/// `TLSv1.1,TLSv1.2`, as Tomcat and Synapse list them.
fn versions(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

type Reading = fn(&str) -> NameCheck;

const VERSION: &str = "bin/version.txt";
const AXIS2: &str = "repository/conf/axis2/axis2.xml";
const BROKER: &str = "repository/conf/broker.xml";

/// Files, keys, whose check it is, what the value means. The start scripts of 2.0 and 2.1 set
/// `ignoreHostnameVerification`, those from 2.2 on `httpclient.hostnameVerifier`.
#[rustfmt::skip]
const NAME_CHECKS: &[(&str, &str, Client, Reading)] = &[
    ("bin/*", "-Dhttpclient.hostnameVerifier", Client::Kernel, NameCheck::of_verifier),
    ("bin/*", "-Dorg.wso2.ignoreHostnameVerification", Client::Kernel, NameCheck::of_disabling),
    ("bin/*", "-Dorg.opensaml.httpclient.https.disableHostnameVerification", Client::Other("SAML"), NameCheck::of_disabling),
    (AXIS2, "axisconfig*/transportSender[https]/parameter[HostnameVerifier]", Client::Synapse, NameCheck::of_verifier),
    (AXIS2, "axisconfig*/transportSender[wss]/parameter[ws.client.enable.hostname.verification]", Client::Websocket, NameCheck::of_enabling),
    ("repository/conf/identity/EndpointConfig.properties", "hostname.verification.enabled", Client::Other("login pages"), NameCheck::of_enabling),
];

const BROKER_AMQP: &[When] = &[
    When::Own("@enabled", "true", true),
    When::Same("broker/transports/amqp/@enabled", "true", true),
];
const BROKER_MQTT: &[When] = &[
    When::Own("@enabled", "true", true),
    When::Same("broker/transports/mqtt/@enabled", "true", true),
];

/// Files, keys, whose versions they are, what switches it on.
#[rustfmt::skip]
const PROTOCOLS: &[(&str, &str, StoreConsumer, &[When])] = &[
    ("repository/conf/tomcat/catalina-server.xml", "Server/Service*/Connector*/@sslEnabledProtocols", StoreConsumer::Tomcat, &[When::Own("@SSLEnabled", "true", true)]),
    (AXIS2, "axisconfig*/transportReceiver[https]/parameter[HttpsProtocols]", StoreConsumer::SynapseListener, &[]),
    (AXIS2, "axisconfig*/transportSender[https]/parameter[HttpsProtocols]", StoreConsumer::SynapseSender, &[]),
    (BROKER, "broker/transports/amqp/sslConnection/sslEnabledProtocols", StoreConsumer::Broker, BROKER_AMQP),
    (BROKER, "broker/transports/mqtt/sslConnection/sslEnabledProtocols", StoreConsumer::BrokerMqtt, BROKER_MQTT),
    (DATA_BRIDGE, "dataBridgeConfiguration/dataReceiver*/config[sslEnabledProtocols]", StoreConsumer::DataBridge, &[]),
    ("repository/deployment/server/synapse-configs/default/inbound-endpoints/*.xml", "inboundEndpoint*/parameters/parameter[wss.ssl.protocols]", StoreConsumer::WebsocketListener, &[]),
];
