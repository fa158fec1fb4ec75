//! What the product takes for keys that nobody wrote, and which keys are other names of others.
//!
//! Sources: `default.json`, `infer.json` and `key-mappings.json` of product-apim and carbon-kernel at the
//! tags of 3.0.0 to 4.7.0, and of the features in carbon-apimgt and carbon-analytics-common; where a
//! template has a default of its own, the template.

use std::borrow::Cow;

use super::{
    release::{ALL, Span},
    stores,
};
use crate::wso2::Product;

/// What a release takes for a key that is not written.
pub(super) fn default(key: &str, product: Product) -> Option<Cow<'static, str>> {
    let row = DEFAULTS
        .iter()
        .rfind(|(known, (major, minor), _)| *known == key && product.at_least(*major, *minor));
    match row {
        Some((.., text)) => Some(Cow::Borrowed(*text)),
        None => stores::default(key, product).map(Cow::Owned),
    }
}

/// Keys that the product takes for another one (`key-mappings.json`).
pub(super) fn mapped_to(key: &str) -> impl Iterator<Item = &'static str> {
    let rows = MAPPED.iter().filter(move |(_, to)| *to == key);
    rows.map(|(from, _)| *from)
}

/// Where one key has a value, another has one too, unless it is written.
pub(super) struct Implication {
    pub(super) when: Cow<'static, str>,
    pub(super) is: &'static str,
    pub(super) then: Cow<'static, str>,
    pub(super) releases: Span,
}

/// What other keys imply for a key (`infer.json`).
pub(super) fn implications(key: &str) -> Vec<Implication> {
    let fixed = IMPLIED.iter().filter(|row| row.3 == key);
    let fixed = fixed.map(|(when, is, releases, _, then)| Implication {
        when: Cow::Borrowed(*when),
        is,
        then: Cow::Borrowed(*then),
        releases: *releases,
    });
    let database = key
        .strip_suffix(".url")
        .filter(|table| table.starts_with("database."));
    let databases = database.into_iter().flat_map(|table| {
        DATABASES.iter().map(move |(is, url)| Implication {
            when: Cow::Owned(format!("{table}.type")),
            is,
            then: Cow::Owned(url.replace("{}", table)),
            releases: ALL,
        })
    });
    fixed.chain(databases).collect()
}

/// A key, the release from which on it has a default, and the default. The last row that holds counts.
#[rustfmt::skip]
const DEFAULTS: &[(&str, (u8, u8), &str)] = &[
    ("apim.ai.enable", (4, 4), "true"),
    ("apim.ai.endpoint", (4, 4), "https://dev-tools.wso2.com/apim-ai-service"),
    ("apim.ai.endpoint", (4, 5), "https://dev-tools.wso2.com/apim-ai-service/v2"),
    ("apim.analytics.enable", (3, 0), "false"),
    ("apim.event_hub.enable", (3, 2), "true"),
    ("apim.event_hub.password", (3, 2), "$ref{apim.throttling.password}"),
    ("apim.event_hub.service_url", (3, 2), "$ref{apim.throttling.service_url}"),
    ("apim.key_manager.password", (3, 0), "${admin.password}"),
    ("apim.key_manager.service_url", (3, 0), "https://localhost:${mgt.transport.https.port}${carbon.context}services/"),
    ("apim.oauth_config.revoke_endpoint", (3, 0), "https://localhost:${https.nio.port}/revoke"),
    ("apim.oauth_config.revoke_endpoint", (4, 0), "https://localhost:${mgt.transport.https.port}/oauth2/revoke"),
    ("apim.devportal.url", (3, 0), "https://localhost:${mgt.transport.https.port}/devportal"),
    ("apim.proxy_config.enable", (4, 1), "false"),
    ("apim.throttling.enable_blacklist_condition", (3, 0), "true"),
    ("apim.throttling.enable_data_publishing", (3, 0), "true"),
    ("apim.throttling.enable_decision_connection", (3, 0), "true"),
    ("apim.throttling.enable_policy_deploy", (3, 0), "true"),
    ("apim.throttling.jms.password", (3, 0), "$ref{apim.throttling.password}"),
    ("apim.throttling.password", (3, 0), "$ref{super_admin.password}"),
    ("apim.throttling.service_url", (3, 0), "https://localhost:${mgt.transport.https.port}${carbon.context}services/"),
    ("apim.token.revocation.enable_persistent_notifier", (3, 0), "false"),
    ("apim.transaction_counter.enable", (4, 2), "false"),
    ("apim.webhooks.https.enable", (4, 0), "true"),
    ("apim.workflow.enable", (3, 0), "false"),
    ("apim.wss.enable", (3, 1), "true"),
    ("apim.wss.ssl_enabled_protocols", (3, 1), "TLSv1.1,TLSv1.2"),
    ("broker.transport.amqp.enabled", (3, 1), "true"),
    ("broker.transport.amqp.ssl_connection.enabled", (3, 1), "true"),
    ("broker.transport.amqp.ssl_connection.ssl_enabled_protocols", (3, 1), "TLSv1"),
    ("entitlement.thrift.enable", (3, 0), "false"),
    ("keystore.primary.alias", (3, 0), "wso2carbon"),
    ("keystore.primary.file_name", (3, 0), "wso2carbon.jks"),
    ("keystore.primary.key_password", (3, 0), "wso2carbon"),
    ("keystore.primary.password", (3, 0), "wso2carbon"),
    ("keystore.primary.type", (3, 0), "JKS"),
    ("qpid.management.ssl", (4, 0), "false"),
    ("server.offset", (3, 0), "0"),
    ("system.parameter.org.wso2.CipherTransformation", (3, 0), "RSA/ECB/OAEPwithSHA1andMGF1Padding"),
    ("system.parameter.org.wso2.CipherTransformation", (4, 7), "AES/GCM/NoPadding"),
    ("transport.binary.receiver.enable", (3, 0), "true"),
    ("transport.binary.receiver.sslEnabledProtocols", (3, 0), "TLSv1,TLSv1.1,TLSv1.2"),
    ("transport.https.properties.port", (3, 0), "9443"),
    ("transport.https.sslHostConfig.properties.protocols", (3, 0), "+TLSv1,+TLSv1.1,+TLSv1.2"),
    ("transport.netty.http.sender.secured_enable", (4, 1), "true"),
    ("transport.passthru_https.listener.enable", (3, 0), "true"),
    ("transport.passthru_https.listener.parameters.HttpsProtocols", (3, 1), "TLSv1,TLSv1.1,TLSv1.2"),
    ("transport.passthru_https.listener.parameters.HttpsProtocols", (4, 7), "TLSv1,TLSv1.1,TLSv1.2,TLSv1.3"),
    ("transport.passthru_https.listener.parameters.port", (3, 0), "8243"),
    ("transport.passthru_https.listener.ssl_profile.file_path", (3, 0), "repository/resources/security/listenerprofiles.xml"),
    ("transport.passthru_https.sender.enable", (3, 0), "true"),
    ("transport.passthru_https.sender.parameters.HostnameVerifier", (3, 1), "DefaultAndLocalhost"),
    ("transport.passthru_https.sender.parameters.HttpsProtocols", (3, 1), "TLSv1,TLSv1.1,TLSv1.2"),
    ("transport.passthru_https.sender.parameters.HttpsProtocols", (4, 7), "TLSv1,TLSv1.1,TLSv1.2,TLSv1.3"),
    ("transport.passthru_https.sender.ssl_profile.file_path", (3, 0), "repository/resources/security/sslprofiles.xml"),
    ("transport.wss.sender.enable", (3, 0), "true"),
    ("transport.wss.sender.parameters.ws.client.enable.hostname.verification", (4, 3), "true"),
    ("truststore.file_name", (3, 0), "client-truststore.jks"),
    ("truststore.password", (3, 0), "wso2carbon"),
    ("truststore.type", (3, 0), "JKS"),
];

/// What is written, and what the product takes it for. `….keystore.file_name` of these tables is mapped
/// too, but to keys that no template reads.
#[rustfmt::skip]
const MAPPED: &[(&str, &str)] = &[
    ("apim.notification.password", "output_adapter.email.password"),
    ("transport.http.listener.keystore.key_password", "transport.passthru_https.listener.key_store.key_password"),
    ("transport.http.listener.keystore.password", "transport.passthru_https.listener.key_store.password"),
    ("transport.http.listener.keystore.type", "transport.passthru_https.listener.key_store.type"),
    ("transport.http.listener.secured_port", "transport.passthru_https.listener.parameters.port"),
    ("transport.http.listener.truststore.password", "transport.passthru_https.listener.trust_store.password"),
    ("transport.http.listener.truststore.type", "transport.passthru_https.listener.trust_store.type"),
    ("transport.http.sender.keystore.key_password", "transport.passthru_https.sender.key_store.key_password"),
    ("transport.http.sender.keystore.password", "transport.passthru_https.sender.key_store.password"),
    ("transport.http.sender.keystore.type", "transport.passthru_https.sender.key_store.type"),
    ("transport.http.sender.truststore.password", "transport.passthru_https.sender.trust_store.password"),
    ("transport.http.sender.truststore.type", "transport.passthru_https.sender.trust_store.type"),
    ("transport.receiver.ssl_enabled_protocols", "transport.binary.receiver.sslEnabledProtocols"),
    ("user_store.connection_name", "user_store.properties.ConnectionName"),
    ("user_store.connection_password", "user_store.properties.ConnectionPassword"),
    ("user_store.connection_url", "user_store.properties.ConnectionURL"),
];

/// A key, its value, the releases, and the key and value that follow.
#[rustfmt::skip]
const IMPLIED: &[(&str, &str, Span, &str, &str)] = &[
    ("server.enable_traffic_management", "false", ((4, 0), (4, 7)), "broker.transport.amqp.enabled", "false"),
    ("server.enable_traffic_management", "false", ((4, 0), (4, 7)), "transport.binary.receiver.enable", "false"),
    (ROLE, "api-devportal", OLD, DECISION, "false"),
    (ROLE, "api-devportal", OLD, POLICY, "false"),
    (ROLE, "api-devportal", OLD, PUBLISHING, "false"),
    (ROLE, "api-devportal", OLD, WSS, "false"),
    (ROLE, "api-devportal-deprecated", NEW, DECISION, "false"),
    (ROLE, "api-devportal-deprecated", NEW, POLICY, "false"),
    (ROLE, "api-devportal-deprecated", NEW, PUBLISHING, "false"),
    (ROLE, "api-devportal-deprecated", NEW, WSS, "false"),
    (ROLE, "api-key-manager", OLD, DECISION, "false"),
    (ROLE, "api-key-manager", OLD, POLICY, "false"),
    (ROLE, "api-key-manager", OLD, PUBLISHING, "false"),
    (ROLE, "api-key-manager", OLD, WSS, "false"),
    (ROLE, "api-key-manager-deprecated", NEW, DECISION, "false"),
    (ROLE, "api-key-manager-deprecated", NEW, POLICY, "false"),
    (ROLE, "api-key-manager-deprecated", NEW, PUBLISHING, "false"),
    (ROLE, "api-key-manager-deprecated", NEW, WSS, "false"),
    (ROLE, "api-publisher", OLD, DECISION, "false"),
    (ROLE, "api-publisher", OLD, WSS, "false"),
    (ROLE, "api-publisher-deprecated", NEW, DECISION, "false"),
    (ROLE, "api-publisher-deprecated", NEW, WSS, "false"),
    (ROLE, "api-store", OLD, DECISION, "false"),
    (ROLE, "api-store", OLD, POLICY, "false"),
    (ROLE, "api-store", OLD, PUBLISHING, "false"),
    (ROLE, "api-store", OLD, WSS, "false"),
    (ROLE, "control-plane", NEW, DECISION, "false"),
    (ROLE, "control-plane", NEW, PUBLISHING, "false"),
    (ROLE, "control-plane", NEW, WSS, "false"),
    (ROLE, "gateway-worker", ALL, POLICY, "false"),
    (ROLE, "traffic-manager", ((3, 2), (4, 7)), DECISION, "false"),
    (ROLE, "traffic-manager", ((3, 2), (4, 7)), POLICY, "false"),
    (ROLE, "traffic-manager", ((3, 2), (4, 7)), PUBLISHING, "false"),
    ("transport.receiver.type", "thrift", ALL, "transport.binary.receiver.enable", "false"),
];

const OLD: Span = ((3, 0), (3, 2));
const NEW: Span = ((4, 0), (4, 7));
const ROLE: &str = "server.server_role";
const DECISION: &str = "apim.throttling.enable_decision_connection";
const POLICY: &str = "apim.throttling.enable_policy_deploy";
const PUBLISHING: &str = "apim.throttling.enable_data_publishing";
const WSS: &str = "transport.wss.sender.enable";

/// The type of a database, and the URL that it makes of the table's other values.
#[rustfmt::skip]
const DATABASES: &[(&str, &str)] = &[
    ("db2", "jdbc:db2://$ref{{}.hostname}:$ref{{}.port}/$ref{{}.name}"),
    ("mariadb", "jdbc:mariadb://$ref{{}.hostname}:$ref{{}.port}/$ref{{}.name}"),
    ("mssql", "jdbc:sqlserver://$ref{{}.hostname}:$ref{{}.port};databaseName=$ref{{}.name};SendStringParametersAsUnicode=false"),
    ("mysql", "jdbc:mysql://$ref{{}.hostname}:$ref{{}.port}/$ref{{}.name}"),
    ("oracle", "jdbc:oracle:thin:@$ref{{}.hostname}:$ref{{}.port}/$ref{{}.sid}"),
    ("postgre", "jdbc:postgresql://$ref{{}.hostname}:$ref{{}.port}/$ref{{}.name}"),
];
