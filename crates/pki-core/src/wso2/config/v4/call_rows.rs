//! The table of keys that hold a URL.
//!
//! Sources: `api-manager.xml.j2` and `org.wso2.carbon.apimgt.core.default.json` of carbon-apimgt, the role
//! templates of product-apim 3.0.0 to 4.7.0, the distributed deployment pages of the documentation, the
//! Helm charts.

use super::{
    calls::{Otherwise, Reading, Row},
    release::{ALL, Span},
};
use crate::wso2::{
    Role,
    Role::{ControlPlane, Gateway, KeyManager, Publisher, Store, TrafficManager},
    config::{CallTarget, Client},
};

/// In the order in which a key is looked for.
pub(super) const ROWS: [&[Row]; 3] = [SEPARATE_ROLES, CONTROL_PLANE, OTHERS];

const fn row(
    key: &'static str,
    releases: Span,
    to: CallTarget,
    openers: &'static [Role],
    client: Client,
    switches: &'static [&'static str],
    otherwise: Otherwise,
) -> Row {
    Row {
        key,
        releases,
        to,
        openers,
        client,
        reading: Reading::Urls,
        switches,
        otherwise,
    }
}

const fn brokers(
    key: &'static str,
    releases: Span,
    to: CallTarget,
    openers: &'static [Role],
    tls: &'static str,
    switches: &'static [&'static str],
    otherwise: Otherwise,
) -> Row {
    Row {
        key,
        releases,
        to,
        openers,
        client: Client::Jms,
        reading: Reading::Brokers(tls),
        switches,
        otherwise,
    }
}

const OLD: Span = ((3, 0), (3, 2));
const IN_3_2: Span = ((3, 2), (3, 2));
const NEW: Span = ((4, 0), (4, 7));

const GATEWAYS: CallTarget = CallTarget::Role(Gateway);
const KEY_MANAGERS: CallTarget = CallTarget::Role(KeyManager);
const PORTAL: CallTarget = CallTarget::Role(Store);
const THROTTLING: CallTarget = CallTarget::Role(TrafficManager);
const HUB: CallTarget = CallTarget::Role(ControlPlane);
/// From 4.0 on the control plane does what no other node does.
const KEY_MANAGERS_OR_HUB: CallTarget = CallTarget::AnyOf(&[KeyManager, ControlPlane]);
const THROTTLING_OR_HUB: CallTarget = CallTarget::AnyOf(&[TrafficManager, ControlPlane]);
/// The template of 4.7 names the traffic manager, the Helm chart the control plane.
const NOTIFIED: CallTarget = CallTarget::AnyOf(&[ControlPlane, TrafficManager]);
const REVOKING: CallTarget = CallTarget::AnyOf(&[Gateway, KeyManager, ControlPlane]);
const LOGIN: CallTarget = CallTarget::AnyOf(&[ControlPlane, KeyManager]);

const ANALYTICS: CallTarget = CallTarget::External("analytics");

const EVERY: &[Role] = &Role::ALL;
const PORTALS: &[Role] = &[Publisher, Store];
const ALL_BUT_THROTTLING: &[Role] = &[Gateway, KeyManager, Publisher, Store];
const AROUND_THE_HUB: &[Role] = &[Gateway, KeyManager, TrafficManager];

const BLOCKING: &[&str] = &["apim.throttling.enable_decision_connection"];
const DEPLOYING: &[&str] = &["apim.throttling.enable_policy_deploy"];
const PUBLISHING: &[&str] = &["apim.throttling.enable_data_publishing"];
const EVENTS: &[&str] = &["apim.event_hub.enable"];
const USAGE: &[&str] = &["apim.analytics.enable"];
const WORKFLOW: &[&str] = &["apim.workflow.enable"];

const THROTTLING_TLS: &str = "apim.throttling.jms.ssl";
const HUB_TLS: &str = "apim.event_hub.jms.ssl";
const OWN_BROKER: &str = "tcp://${carbon.local.ip}:${jms.port}";
const OWN_RECEIVER: &str = "tcp://${carbon.local.ip}:${receiver.url.port}";
const OWN_AUTHENTICATOR: &str = "ssl://${carbon.local.ip}:${auth.url.port}";

use Client::{Browser, DataAgent, Kernel};
use Otherwise::{Default, Nothing, Other, Text};

/// 3.0 to 3.2.
#[rustfmt::skip]
const SEPARATE_ROLES: &[Row] = &[
    row("apim.gateway.environment.service_url", OLD, GATEWAYS, &[KeyManager, Publisher], Kernel, &[], Nothing),
    row("apim.gateway.environment.http_endpoint", OLD, GATEWAYS, PORTALS, Browser, &[], Nothing),
    row("apim.gateway.environment.https_endpoint", OLD, GATEWAYS, PORTALS, Browser, &[], Nothing),
    row("apim.gateway.environment.ws_endpoint", OLD, GATEWAYS, PORTALS, Browser, &[], Nothing),
    row("apim.gateway.environment.wss_endpoint", OLD, GATEWAYS, PORTALS, Browser, &[], Nothing),
    row("apim.key_manager.service_url", OLD, KEY_MANAGERS, &[Gateway, Publisher, Store, TrafficManager], Kernel, &[], Default),
    row("apim.auth_manager.service_url", IN_3_2, KEY_MANAGERS, PORTALS, Kernel, &[], Nothing),
    row("apim.throttling.service_url", OLD, THROTTLING, &[Gateway, Publisher], Kernel, DEPLOYING, Default),
    brokers("apim.throttling.throttle_decision_endpoints", OLD, THROTTLING, &[Gateway], THROTTLING_TLS, BLOCKING, Text(OWN_BROKER)),
    row("apim.throttling.url_group.traffic_manager_urls", OLD, THROTTLING, &[Gateway, KeyManager, Publisher], DataAgent, PUBLISHING, Other("apim.throttling.receiver_url", OWN_RECEIVER)),
    row("apim.throttling.url_group.traffic_manager_auth_urls", OLD, THROTTLING, &[Gateway, KeyManager, Publisher], DataAgent, PUBLISHING, Other("apim.throttling.receiver_auth_url", OWN_AUTHENTICATOR)),
    row("apim.throttling.receiver_url", OLD, THROTTLING, &[Gateway, KeyManager, Publisher], DataAgent, PUBLISHING, Nothing),
    row("apim.throttling.receiver_auth_url", OLD, THROTTLING, &[Gateway, KeyManager, Publisher], DataAgent, PUBLISHING, Nothing),
    row("apim.event_hub.service_url", IN_3_2, THROTTLING, ALL_BUT_THROTTLING, Kernel, EVENTS, Default),
    brokers("apim.event_hub.event_listening_endpoints", IN_3_2, THROTTLING, ALL_BUT_THROTTLING, HUB_TLS, EVENTS, Other("apim.throttling.throttle_decision_endpoints", OWN_BROKER)),
    brokers("apim.throttling.event_duplicate_url", IN_3_2, THROTTLING, &[TrafficManager], THROTTLING_TLS, &[], Nothing),
    row("event_listener.properties.notification_endpoint", OLD, THROTTLING, &[KeyManager], Kernel, &[], Nothing),
    row("apim.oauth_config.revoke_endpoint", OLD, GATEWAYS, &[KeyManager, Store], Kernel, &[], Default),
    row("apim.idp.server_url", OLD, KEY_MANAGERS, PORTALS, Kernel, &[], Nothing),
    row("apim.idp.*", OLD, KEY_MANAGERS, PORTALS, Browser, &[], Nothing),
    row("apim.devportal.url", OLD, PORTAL, &[Publisher], Browser, &[], Default),
    row("oauth.endpoints.oauth2_jwks_url", OLD, KEY_MANAGERS, ALL_BUT_THROTTLING, Kernel, &[], Nothing),
    row("oauth.endpoints.*", OLD, KEY_MANAGERS, PORTALS, Browser, &[], Nothing),
    row("apim.jwt.issuer.jwks.url", OLD, KEY_MANAGERS, &[Gateway], Kernel, &[], Nothing),
    row("apim.workflow.callback_endpoint", OLD, CallTarget::Role(Publisher), &[], Browser, WORKFLOW, Nothing),
    row("apim.workflow.token_endpoint", OLD, KEY_MANAGERS, PORTALS, Kernel, WORKFLOW, Nothing),
    row("apim.workflow.client_registration_endpoint", OLD, KEY_MANAGERS, PORTALS, Kernel, WORKFLOW, Nothing),
];

/// 4.0 to 4.7.
#[rustfmt::skip]
const CONTROL_PLANE: &[Row] = &[
    row("apim.gateway.environment.service_url", NEW, GATEWAYS, &[ControlPlane], Kernel, &[], Nothing),
    row("apim.gateway.environment.http_endpoint", NEW, GATEWAYS, &[ControlPlane], Browser, &[], Nothing),
    row("apim.gateway.environment.https_endpoint", NEW, GATEWAYS, &[ControlPlane], Browser, &[], Nothing),
    row("apim.gateway.environment.ws_endpoint", NEW, GATEWAYS, &[ControlPlane], Browser, &[], Nothing),
    row("apim.gateway.environment.wss_endpoint", NEW, GATEWAYS, &[ControlPlane], Browser, &[], Nothing),
    row("apim.gateway.environment.websub_event_receiver_http_endpoint", NEW, GATEWAYS, &[ControlPlane], Browser, &[], Nothing),
    row("apim.gateway.environment.websub_event_receiver_https_endpoint", NEW, GATEWAYS, &[ControlPlane], Browser, &[], Nothing),
    row("apim.key_manager.service_url", NEW, KEY_MANAGERS_OR_HUB, &[ControlPlane, Gateway, TrafficManager], Kernel, &[], Default),
    row("apim.auth_manager.service_url", NEW, KEY_MANAGERS_OR_HUB, &[ControlPlane], Kernel, &[], Nothing),
    row("apim.throttling.service_url", NEW, THROTTLING_OR_HUB, &[ControlPlane, Gateway], Kernel, DEPLOYING, Default),
    brokers("apim.throttling.throttle_decision_endpoints", NEW, THROTTLING_OR_HUB, &[Gateway], THROTTLING_TLS, BLOCKING, Text(OWN_BROKER)),
    row("apim.throttling.url_group.traffic_manager_urls", NEW, THROTTLING_OR_HUB, &[ControlPlane, Gateway], DataAgent, PUBLISHING, Other("apim.throttling.receiver_url", OWN_RECEIVER)),
    row("apim.throttling.url_group.traffic_manager_auth_urls", NEW, THROTTLING_OR_HUB, &[ControlPlane, Gateway], DataAgent, PUBLISHING, Other("apim.throttling.receiver_auth_url", OWN_AUTHENTICATOR)),
    row("apim.throttling.receiver_url", NEW, THROTTLING_OR_HUB, &[ControlPlane, Gateway], DataAgent, PUBLISHING, Nothing),
    row("apim.throttling.receiver_auth_url", NEW, THROTTLING_OR_HUB, &[ControlPlane, Gateway], DataAgent, PUBLISHING, Nothing),
    row("apim.event_hub.service_url", NEW, HUB, AROUND_THE_HUB, Kernel, EVENTS, Default),
    brokers("apim.event_hub.event_listening_endpoints", NEW, HUB, AROUND_THE_HUB, HUB_TLS, EVENTS, Other("apim.throttling.throttle_decision_endpoints", OWN_BROKER)),
    brokers("apim.event_hub.event_duplicate_url", NEW, HUB, &[ControlPlane], THROTTLING_TLS, &[], Nothing),
    brokers("apim.throttling.event_duplicate_url", NEW, THROTTLING_OR_HUB, &[ControlPlane, TrafficManager], THROTTLING_TLS, &[], Nothing),
    row("apim.event_hub.publish.url_group.urls", NEW, HUB, &[ControlPlane], DataAgent, EVENTS, Other("apim.throttling.url_group.traffic_manager_urls", OWN_RECEIVER)),
    row("apim.event_hub.publish.url_group.auth_urls", NEW, HUB, &[ControlPlane], DataAgent, EVENTS, Other("apim.throttling.url_group.traffic_manager_auth_urls", OWN_AUTHENTICATOR)),
    row("event_listener.properties.notification_endpoint", NEW, NOTIFIED, &[ControlPlane, KeyManager], Kernel, &[], Nothing),
    row("apim.oauth_config.revoke_endpoint", NEW, REVOKING, &[ControlPlane], Kernel, &[], Default),
    row("apim.idp.server_url", NEW, LOGIN, &[ControlPlane], Kernel, &[], Nothing),
    row("apim.idp.*", NEW, LOGIN, &[ControlPlane], Browser, &[], Nothing),
    row("apim.devportal.url", NEW, HUB, &[ControlPlane], Browser, &[], Default),
    row("apim.publisher.url", NEW, HUB, &[ControlPlane], Browser, &[], Nothing),
    row("oauth.endpoints.oauth2_jwks_url", NEW, KEY_MANAGERS_OR_HUB, &[Gateway], Kernel, &[], Nothing),
    row("oauth.endpoints.*", NEW, KEY_MANAGERS_OR_HUB, &[ControlPlane, KeyManager], Browser, &[], Nothing),
    row("apim.jwt.issuer.jwks.url", NEW, KEY_MANAGERS_OR_HUB, &[Gateway], Kernel, &[], Nothing),
    row("apim.transaction_counter.service_url", NEW, HUB, &[Gateway], Kernel, &["apim.transaction_counter.enable"], Nothing),
    row("apim.workflow.callback_endpoint", NEW, HUB, &[], Browser, WORKFLOW, Nothing),
    row("apim.workflow.token_endpoint", NEW, KEY_MANAGERS_OR_HUB, &[ControlPlane], Kernel, WORKFLOW, Nothing),
    row("apim.workflow.client_registration_endpoint", NEW, KEY_MANAGERS_OR_HUB, &[ControlPlane], Kernel, WORKFLOW, Nothing),
];

/// The same in all releases: servers that are no part of the cluster, and the node itself.
#[rustfmt::skip]
const OTHERS: &[Row] = &[
    row("apim.throttling.jms.topic_connection_factory", ALL, THROTTLING_OR_HUB, &[Gateway], Client::Jms, BLOCKING, Nothing),
    row("apim.analytics.receiver_urls", ALL, ANALYTICS, EVERY, DataAgent, USAGE, Nothing),
    row("apim.analytics.receiver_auth_urls", ALL, ANALYTICS, EVERY, DataAgent, USAGE, Nothing),
    row("apim.analytics.url_group.*", ALL, ANALYTICS, EVERY, DataAgent, USAGE, Nothing),
    row("apim.analytics.*", ALL, ANALYTICS, EVERY, Kernel, USAGE, Nothing),
    row("apim.monetization.*", ALL, ANALYTICS, EVERY, Kernel, &[], Nothing),
    row("apim.workflow.service_url", ALL, CallTarget::External("workflow engine"), EVERY, Kernel, WORKFLOW, Nothing),
    row("apim.devportal.recommendations.*", ALL, CallTarget::External("recommendations"), EVERY, Kernel, &[], Nothing),
    row("apim.token.revocation.persistent_notifier.hostname", ALL, CallTarget::External("etcd"), EVERY, Kernel, &["apim.token.revocation.enable_persistent_notifier"], Nothing),
    row("apim.ai.*", ALL, CallTarget::External("AI service"), EVERY, Kernel, &["apim.ai.enable"], Nothing),
    row("apim.ai_security.*", ALL, CallTarget::External("AI security"), EVERY, Kernel, &[], Nothing),
    row("apim.solace_config.*", ALL, CallTarget::External("Solace"), EVERY, Kernel, &[], Nothing),
    row("apim.endpoint.registry.url", ALL, CallTarget::External("endpoint registry"), EVERY, Kernel, &[], Nothing),
    row("apim.tenant_sharing.*", ALL, CallTarget::External("identity server"), EVERY, Kernel, &[], Nothing),
    row("apim.open_telemetry.*", ALL, CallTarget::External("tracing"), EVERY, Kernel, &[], Nothing),
    row("apim.open_tracer.*", ALL, CallTarget::External("tracing"), EVERY, Kernel, &[], Nothing),
    row("security_audit.base_url", ALL, CallTarget::External("API security audit"), EVERY, Kernel, &[], Nothing),
    row("recaptcha.*", ALL, CallTarget::External("reCAPTCHA"), EVERY, Kernel, &["recaptcha.enabled"], Nothing),
    row("tasks.*", ALL, CallTarget::Itself, EVERY, Kernel, &[], Nothing),
    row("admin_console.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("authentication.endpoints.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("authentication.endpoint.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("identity.endpoints.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("passive_sts.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("saml.endpoints.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("scim.endpoints.*", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
    row("server.base_path", ALL, CallTarget::Itself, EVERY, Browser, &[], Nothing),
];
