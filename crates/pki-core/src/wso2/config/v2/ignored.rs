//! What looks like a store, a password or a URL and is none.

use crate::wso2::config::{Document, Leaf, account, glob};

/// Why a value is of no concern; `None` if no table knows it.
pub(in crate::wso2::config) fn reason(document: &Document, leaf: &Leaf) -> Option<&'static str> {
    let row = ROWS.iter().find(|(file, key, _)| {
        glob::matches(file, document.file()) && glob::matches(key, &leaf.key)
    });
    if let Some((_, _, why)) = row {
        return Some(why);
    }
    if leaf.text().is_empty() {
        return Some("it is empty");
    }
    account::is_vocabulary(leaf).then_some("it names a claim or a vocabulary, which nobody opens")
}

const AXIS2: &str = "repository/conf/axis2/*.xml";
const IDENTITY: &str = "repository/conf/**identity.xml";
const USERS: &str = "repository/conf/user-mgt.xml";

const MAIL: &str = "it is the text of a mail to people";
const RULE: &str = "it is a rule about passwords of people";
const BROWSER: &str = "browsers are sent back to it; the product does not open it";
const SELF: &str = "it tells others where the node is";
const VAULT: &str = "it is an entry of the secret repository, which is read as a whole";
const XML_SCHEMA: &str = "it names a message pattern of WSDL, which nobody opens";

/// A pattern of files, a pattern of keys, and what a value there is.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str)] = &[
    ("repository/conf/email/*.xml", "**", MAIL),
    ("repository/conf/security/cipher-text.properties", "**", VAULT),
    ("repository/conf/security/cipher-tool.properties", "**", "it tells the cipher tool which values to encrypt"),
    ("repository/conf/security/secret-conf.properties", "**", "it tells where the secret repository and its key are"),
    ("repository/conf/security/Owasp.CsrfGuard**", "**", "it is about requests of browsers"),
    ("repository/conf/claim-config.xml", "**", "it names claims, which nobody opens"),
    ("repository/conf/identity/sso-idp-config.xml", "**", BROWSER),
    (AXIS2, "**messageReceiver/@mep", XML_SCHEMA),
    (AXIS2, "**property[backendServerURL]/@value", SELF),
    (AXIS2, "**property[mgtConsoleURL]/@value", SELF),
    (AXIS2, "axisconfig*/parameter[password]", "it is for the web administration of Axis2, which the product does not have"),
    ("repository/conf/carbon.xml", "Server/FeatureRepository/RepositoryURL", "people choose features from it; the product does not open it by itself"),
    (IDENTITY, "**GrantTypeName", "it is the name of a way to get a token"),
    (IDENTITY, "**GrantTypeHandlerImplClass", "it is the name of a class"),
    (IDENTITY, "**ConsumerDialectURI", "it names a claim dialect, which nobody opens"),
    (IDENTITY, "**IDTokenIssuerID", "it is a name in tokens, which nobody opens"),
    (IDENTITY, "**AskPassword*", RULE),
    (IDENTITY, "**EnableAskPassword*", RULE),
    (IDENTITY, "**PasswordProvisioningUI", BROWSER),
    (USERS, "**Property[Password*]", RULE),
    (USERS, "**Property[StoreSaltedPassword]", RULE),
    ("repository/deployment/server/userstores/*.xml", "**Property[Password*]", RULE),
    ("repository/deployment/server/userstores/*.xml", "**Property[StoreSaltedPassword]", RULE),
    ("repository/conf/registry*.xml", "wso2registry/remoteInstance/cacheId", "it is the name of a cache, which nobody opens"),
    ("repository/conf/jndi.properties", "connectionfactory.QueueConnectionFactory", "it is an example; nothing in the product looks it up"),
    ("repository/deployment/server/synapse-configs/default/api/*.xml", "**", "it is where an API is served from; its publisher chose it"),
    ("bin/*", "-Djavax.net.ssl.*", "it has no effect: Carbon sets it from its own configuration"),
    ("repository/conf/log4j.properties", "log4j.appender.*.password", "it is written twice, or for an appender that nothing in the product sets up"),
    ("repository/conf/cloud-services-desc.xml", "**/link", BROWSER),
    ("repository/conf/tomcat/tomcat-users.xml", "**", "it is a user of Tomcat itself, whom the product does not ask"),
    ("repository/**", "**/@schemaLocation", "it names a schema, which nobody opens"),
    ("repository/**", "**/@name", "it is the name of what stands beside it"),
];
