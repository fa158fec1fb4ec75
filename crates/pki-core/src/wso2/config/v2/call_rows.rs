//! The URLs of the product's files. Sources: `api-manager.xml` and its neighbours as 2.6.0 ships them, the
//! product's page on distributed deployment, and the code that reads them.

use super::{
    calls::Row,
    reader::When,
    store_rows::{API_MANAGER, CARBON},
};
use crate::wso2::{
    Role::{self, Gateway, KeyManager, Publisher, Store, TrafficManager},
    config::{
        CallTarget::{self, AnyOf, External, Itself},
        Client::{self, Browser, DataAgent, Jms, Kernel, Other, Synapse},
    },
};

const fn to(role: Role) -> CallTarget {
    CallTarget::Role(role)
}

const fn row(
    key: &'static str,
    openers: &'static [Role],
    to: CallTarget,
    client: Client,
    on: &'static [When],
) -> Row {
    row_of(API_MANAGER, key, openers, to, client, on)
}

const fn row_of(
    file: &'static str,
    key: &'static str,
    openers: &'static [Role],
    to: CallTarget,
    client: Client,
    on: &'static [When],
) -> Row {
    Row {
        file,
        key,
        pattern: key,
        to,
        openers,
        client,
        on,
    }
}

/// A row whose key is one of several.
const fn like(pattern: &'static str, row: Row) -> Row {
    Row { pattern, ..row }
}

const ALL: &[Role] = &[KeyManager, Publisher, Store, TrafficManager, Gateway];
const PORTALS: &[Role] = &[Publisher, Store];
const ANALYTICS: CallTarget = External("analytics");
const WORKFLOW: CallTarget = External("workflow engine");
const ALWAYS: &[When] = &[];

/// Without it the gateways count for themselves.
const THROTTLING: When = When::Same(
    "APIManager/ThrottlingConfigurations/EnableAdvanceThrottling",
    "true",
    true,
);
const ENABLED: &[When] = &[THROTTLING, When::Own("Enabled", "true", true)];
const PUBLISHING: &[When] = &[
    THROTTLING,
    When::Same(
        "APIManager/ThrottlingConfigurations/DataPublisher/Enabled",
        "true",
        true,
    ),
];
const LISTENING: &[When] = &[
    THROTTLING,
    When::Same(
        "APIManager/ThrottlingConfigurations/JMSConnectionDetails/Enabled",
        "true",
        true,
    ),
];
/// A 2.x update of 2020 lets a key manager tell of revoked tokens.
const REVOKING: &[When] = &[When::There("**TokenRevocationNotifiers/@class")];
const REVOKING_ON_DISK: &[When] = &[
    When::There("**TokenRevocationNotifiers/@class"),
    When::Same("**PersistentNotifier/@enabled", "true", true),
];
/// `Analytics` has other names from 2.6 on.
const STREAMS: &[When] = &[
    When::Own("Enabled", "true", false),
    When::From(2, 6, "DASServerURL"),
];
const DAS: &[When] = &[
    When::Own("Enabled", "true", false),
    When::Until(2, 5, "StreamProcessorServerURL"),
];
/// What is off until somebody switches it on.
const SWITCHED_ON: &[When] = &[When::Own("Enabled", "true", false)];
const SINGLE_SIGN_ON: &[When] = &[When::Own("enabled", "true", false)];
/// A database in its place needs no server.
const REMOTE_REGISTRY: &[When] = &[When::Without("dbConfig")];

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("APIManager/AuthManager/ServerURL", PORTALS, to(KeyManager), Kernel, ALWAYS),
    row("APIManager/APIGateway/Environments/Environment/ServerURL", &[KeyManager, Publisher], to(Gateway), Kernel, ALWAYS),
    row("APIManager/APIGateway/Environments/Environment/GatewayEndpoint", PORTALS, to(Gateway), Browser, ALWAYS),
    row("APIManager/APIGateway/Environments/Environment/GatewayWSEndpoint", PORTALS, to(Gateway), Browser, ALWAYS),
    row("APIManager/APIKeyValidator/ServerURL", &[Store, Gateway], to(KeyManager), Kernel, ALWAYS),
    row("APIManager/APIKeyManager/Configuration/ServerURL", PORTALS, to(KeyManager), Kernel, ALWAYS),
    row("APIManager/APIKeyManager/Configuration/TokenURL", PORTALS, AnyOf(&[Gateway, KeyManager]), Kernel, ALWAYS),
    row("APIManager/APIKeyManager/Configuration/RevokeURL", PORTALS, AnyOf(&[Gateway, KeyManager]), Kernel, ALWAYS),
    row("APIManager/OAuthConfigurations/RevokeAPIURL", &[Store], to(Gateway), Kernel, ALWAYS),
    row("APIManager/APIStore/URL", &[Publisher], to(Store), Browser, ALWAYS),
    row("APIManager/APIStore/ServerURL", &[Publisher], to(Store), Kernel, ALWAYS),
    row("APIManager/APIPublisher/URL", &[Store], to(Publisher), Browser, ALWAYS),
    like("APIManager/ExternalAPIStores/ExternalAPIStore*/Endpoint", row("APIManager/ExternalAPIStores/ExternalAPIStore/Endpoint", &[Publisher], External("store of another organisation"), Kernel, ALWAYS)),
    // 2.5 and 2.6 have the groups below `TrafficManager`; before, and in the text of the documentation, they
    // are below `DataPublisher`.
    row("APIManager/ThrottlingConfigurations/TrafficManager/ReceiverUrlGroup", &[Gateway], to(TrafficManager), DataAgent, PUBLISHING),
    row("APIManager/ThrottlingConfigurations/TrafficManager/AuthUrlGroup", &[Gateway], to(TrafficManager), DataAgent, PUBLISHING),
    row("APIManager/ThrottlingConfigurations/DataPublisher/ReceiverUrlGroup", &[Gateway], to(TrafficManager), DataAgent, PUBLISHING),
    row("APIManager/ThrottlingConfigurations/DataPublisher/AuthUrlGroup", &[Gateway], to(TrafficManager), DataAgent, PUBLISHING),
    row("APIManager/ThrottlingConfigurations/TrafficManager/ReceiverUrlGroup", &[KeyManager], to(TrafficManager), DataAgent, REVOKING),
    row("APIManager/ThrottlingConfigurations/TrafficManager/AuthUrlGroup", &[KeyManager], to(TrafficManager), DataAgent, REVOKING),
    row("APIManager/ThrottlingConfigurations/PolicyDeployer/ServiceURL", &[Publisher], to(TrafficManager), Kernel, ENABLED),
    row("APIManager/ThrottlingConfigurations/BlockCondition/ServiceURL", &[Gateway], to(TrafficManager), Kernel, ENABLED),
    row("APIManager/ThrottlingConfigurations/JMSConnectionDetails/ServiceURL", &[Gateway], to(TrafficManager), Kernel, LISTENING),
    like("APIManager/ThrottlingConfigurations/JMSConnectionDetails/JMSConnectionParameters/connectionfactory.*", row("APIManager/ThrottlingConfigurations/JMSConnectionDetails/JMSConnectionParameters/connectionfactory.TopicConnectionFactory", &[Gateway], to(TrafficManager), Jms, LISTENING)),
    like("**TokenRevocationNotifiers/PersistentNotifier/Property[hostname]", row("TokenRevocationNotifiers/PersistentNotifier/Property[hostname]", &[KeyManager], External("store of revoked tokens"), Kernel, REVOKING_ON_DISK)),
    row("APIManager/Analytics/StreamProcessorServerURL", ALL, ANALYTICS, DataAgent, STREAMS),
    row("APIManager/Analytics/StreamProcessorAuthServerURL", ALL, ANALYTICS, DataAgent, STREAMS),
    row("APIManager/Analytics/StreamProcessorRestApiURL", ALL, ANALYTICS, Kernel, STREAMS),
    row("APIManager/Analytics/DASServerURL", ALL, ANALYTICS, DataAgent, DAS),
    row("APIManager/Analytics/DASAuthServerURL", ALL, ANALYTICS, DataAgent, DAS),
    row("APIManager/Analytics/DASRestApiURL", ALL, ANALYTICS, Kernel, DAS),
    row("APIManager/WorkflowConfigurations/ServerUrl", PORTALS, WORKFLOW, Kernel, SWITCHED_ON),
    // The engine gets the first two with each task, and calls them; the third the portals call for it.
    row("APIManager/WorkflowConfigurations/WorkflowCallbackAPI", PORTALS, to(Publisher), Browser, SWITCHED_ON),
    row("APIManager/WorkflowConfigurations/TokenEndPoint", PORTALS, to(Gateway), Browser, SWITCHED_ON),
    row("APIManager/WorkflowConfigurations/DCREndPoint", PORTALS, to(KeyManager), Kernel, SWITCHED_ON),
    row_of("repository/conf/jndi.properties", "connectionfactory.TopicConnectionFactory", &[Publisher], to(TrafficManager), Jms, ALWAYS),
    // With the gateway's own sender and truststore, which looks at the name.
    like("**http/@uri-template", row_of("repository/deployment/server/synapse-configs/default/api/_*API_.xml", "api/resource/inSequence/send/endpoint/http/@uri-template", &[Gateway], to(KeyManager), Synapse, ALWAYS)),
    like("workflows.*WorkFlowServerURL", row_of("repository/deployment/server/jaggeryapps/*/site/conf/site.json", "workflows.applicationWorkFlowServerURL", &[Publisher], WORKFLOW, Kernel, ALWAYS)),
    row_of("repository/deployment/server/jaggeryapps/*/site/conf/site.json", "ssoConfiguration.identityProviderURL", PORTALS, External("identity provider"), Browser, SINGLE_SIGN_ON),
    like("identity.server.*URL", row_of("repository/conf/identity/EndpointConfig.properties", "identity.server.serviceURL", ALL, Itself, Other("login pages"), ALWAYS)),
    // Opened where somebody's login script publishes events; nothing switches it.
    row_of("repository/conf/**identity.xml", "Server/AdaptiveAuth/EventPublisher/ReceiverURL", &[KeyManager], External("stream processor"), Kernel, ALWAYS),
    row_of("repository/conf/registry*.xml", "wso2registry/remoteInstance/@url", ALL, External("registry"), Kernel, REMOTE_REGISTRY),
    row_of("repository/conf/log4j.properties", "log4j.appender.LOGEVENT.url", ALL, External("log server"), DataAgent, &[When::Lists("log4j.rootLogger", "LOGEVENT")]),
    row_of("repository/conf/log4j.properties", "log4j.appender.DAS_AGENT.url", ALL, External("log server"), DataAgent, &[When::Lists("log4j.rootLogger", "DAS_AGENT")]),
    row_of("repository/conf/metrics.xml", "Metrics/Reporting/DAS/ReceiverURL", ALL, ANALYTICS, DataAgent, SWITCHED_ON),
    row_of(CARBON, "Server/DeploymentSynchronizer/SvnUrl", &[Gateway], External("deployment repository"), Other("Subversion"), SWITCHED_ON),
];
