use super::{Product, Role};

/// One kind of TLS connection between roles: who opens it, to whom, under which name.
///
/// Channels that are plain by default (5672, 9611) present no certificate and are no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// Who opens it.
    pub from: Opener,
    /// The role that answers.
    pub to: Role,
    /// The port, before the target's offset.
    pub port: u16,
    /// Which name of the target the opener uses.
    pub target: Target,
    /// What answers on that port.
    pub channel: Channel,
    /// True if the opener's client can check the name. Under the shipped start scripts most do not
    /// (`AllowAll`); a deployment must not depend on that, so those count as checking. Thrift and the
    /// data agent never check.
    pub checks_name: bool,
    /// The setting that names the target, as the product writes it.
    pub setting: &'static str,
}

/// Who opens a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Opener {
    /// People and programs outside the cluster.
    Clients,
    /// Every node of the target's role, to its twins.
    Twin,
    /// Every node of the target's role, to itself.
    Itself,
    /// Every node of a role.
    Role(Role),
}

/// Which name of the target an opener uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// `localhost`.
    Localhost,
    /// The gateway that the group names as its manager; else as [`Target::Service`].
    Manager,
    /// Each node by its own host.
    Nodes,
    /// The group's public names; where it has none, as [`Target::Service`].
    Public,
    /// The group's balancer; where it has none, each node by its own host.
    Service,
}

/// What answers on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// The message broker's TLS port: the node's TLS key. No row of [`connections`]: JMS is plain by default.
    Broker,
    /// The data bridge's TLS port: the node's TLS key.
    DataBridge,
    /// HTTPS: the node's TLS key.
    Https,
    /// Thrift key validation of a 2.x key manager: the *primary* key (`carbon.xml`,
    /// `Security/KeyStore`), by trust alone.
    Thrift,
}

impl Channel {
    /// True if the primary's certificate is presented, not the TLS one.
    pub const fn presents_primary(self) -> bool {
        matches!(self, Self::Thrift)
    }

    /// True if a balancer may stand before it.
    pub const fn may_be_balanced(self) -> bool {
        matches!(self, Self::Https)
    }
}

/// The connections of a distributed deployment of a release, whatever roles it has.
///
/// Sources: the configuration files of 2.6.0 and 4.7.0 and the distributed deployment pages of the
/// product's documentation. 3.x has the roles of 2.x and is configured like 4.x: its rows are those of
/// 2.x without Thrift.
pub fn connections(product: Product) -> Vec<Connection> {
    if product.at_least(4, 0) {
        CONTROL_PLANE.to_vec()
    } else {
        SEPARATE_ROLES
            .iter()
            .filter(|row| row.channel != Channel::Thrift || product.has_thrift_key_validation())
            .copied()
            .collect()
    }
}

const MANAGEMENT: u16 = 9443;
const GATEWAY: u16 = 8243;
const WEBSOCKET: u16 = 8099;
const WEBHOOK: u16 = 8021;
const DATA_BRIDGE: u16 = 9711;
const THRIFT: u16 = 10397;

use Role::{ControlPlane, Gateway, KeyManager, Publisher, Store, TrafficManager};

const fn https(
    from: Role,
    to: Role,
    port: u16,
    target: Target,
    setting: &'static str,
) -> Connection {
    Connection {
        from: Opener::Role(from),
        to,
        port,
        target,
        channel: Channel::Https,
        checks_name: true,
        setting,
    }
}

const fn clients(to: Role, port: u16, setting: &'static str) -> Connection {
    Connection {
        from: Opener::Clients,
        to,
        port,
        target: Target::Public,
        channel: Channel::Https,
        checks_name: true,
        setting,
    }
}

const fn thrift(from: Role, setting: &'static str) -> Connection {
    Connection {
        from: Opener::Role(from),
        to: KeyManager,
        port: THRIFT,
        target: Target::Nodes,
        channel: Channel::Thrift,
        checks_name: false,
        setting,
    }
}

const fn data_bridge(from: Opener, to: Role, setting: &'static str) -> Connection {
    Connection {
        from,
        to,
        port: DATA_BRIDGE,
        target: Target::Nodes,
        channel: Channel::DataBridge,
        checks_name: false,
        setting,
    }
}

const fn itself(to: Role, setting: &'static str) -> Connection {
    Connection {
        from: Opener::Itself,
        to,
        port: MANAGEMENT,
        target: Target::Localhost,
        channel: Channel::Https,
        checks_name: true,
        setting,
    }
}

/// Publisher, store and key manager apart: 2.0 to 3.2. Settings are elements of `api-manager.xml`.
#[rustfmt::skip]
const SEPARATE_ROLES: &[Connection] = &[
    https(KeyManager, Gateway, MANAGEMENT, Target::Manager, "APIGateway/Environments/Environment/ServerURL"),
    data_bridge(Opener::Role(KeyManager), TrafficManager, "TokenRevocationNotifier, TrafficManager/AuthUrlGroup"),
    // If the key manager's host is the gateway's own address, its token call goes to localhost, with
    // name check (`addKeyManagerConfigsAsSystemProperties`).
    itself(KeyManager, "APIKeyValidator/ServerURL"),
    https(Publisher, KeyManager, MANAGEMENT, Target::Service, "AuthManager/ServerURL"),
    https(Publisher, Gateway, MANAGEMENT, Target::Manager, "APIGateway/Environments/Environment/ServerURL"),
    https(Publisher, Gateway, GATEWAY, Target::Public, "APIGateway/Environments/Environment/GatewayEndpoint"),
    https(Publisher, Gateway, WEBSOCKET, Target::Public, "APIGateway/Environments/Environment/GatewayWSEndpoint"),
    https(Publisher, TrafficManager, MANAGEMENT, Target::Service, "ThrottlingConfigurations/PolicyDeployer/ServiceURL"),
    https(Publisher, Store, MANAGEMENT, Target::Service, "APIStore/ServerURL"),
    itself(Publisher, "portal login"),
    https(Store, KeyManager, MANAGEMENT, Target::Service, "APIKeyValidator/ServerURL"),
    thrift(Store, "APIKeyValidator/ThriftServerHost"),
    https(Store, Gateway, GATEWAY, Target::Public, "OAuthConfigurations/RevokeAPIURL"),
    https(Store, Gateway, WEBSOCKET, Target::Public, "APIGateway/Environments/Environment/GatewayWSEndpoint"),
    itself(Store, "portal login"),
    https(Gateway, KeyManager, MANAGEMENT, Target::Service, "APIKeyValidator/ServerURL, _TokenAPI_.xml, _RevokeAPI_.xml"),
    thrift(Gateway, "APIKeyValidator/ThriftServerHost"),
    https(Gateway, TrafficManager, MANAGEMENT, Target::Service, "ThrottlingConfigurations/BlockCondition/ServiceURL"),
    data_bridge(Opener::Role(Gateway), TrafficManager, "ThrottlingConfigurations/TrafficManager/AuthUrlGroup"),
    clients(Publisher, MANAGEMENT, "the publisher's portal"),
    clients(Store, MANAGEMENT, "the store's portal"),
    clients(Gateway, GATEWAY, "APIGateway/Environments/Environment/GatewayEndpoint"),
    clients(Gateway, WEBSOCKET, "APIGateway/Environments/Environment/GatewayWSEndpoint"),
];

/// A control plane: 4.0 to 4.7. Settings are keys of `deployment.toml`.
#[rustfmt::skip]
const CONTROL_PLANE: &[Connection] = &[
    https(ControlPlane, Gateway, MANAGEMENT, Target::Manager, "apim.gateway.environment.service_url"),
    https(ControlPlane, Gateway, GATEWAY, Target::Public, "apim.gateway.environment.https_endpoint, apim.oauth_config.revoke_endpoint"),
    https(ControlPlane, Gateway, WEBSOCKET, Target::Public, "apim.gateway.environment.wss_endpoint"),
    https(ControlPlane, Gateway, WEBHOOK, Target::Public, "apim.gateway.environment.websub_event_receiver_https_endpoint"),
    https(ControlPlane, KeyManager, MANAGEMENT, Target::Service, "apim.key_manager.service_url"),
    https(ControlPlane, ControlPlane, MANAGEMENT, Target::Public, "apim.idp.server_url, apim.devportal.url"),
    https(ControlPlane, TrafficManager, MANAGEMENT, Target::Service, "apim.throttling.service_url"),
    data_bridge(Opener::Role(ControlPlane), TrafficManager, "apim.throttling.url_group.traffic_manager_auth_urls"),
    data_bridge(Opener::Twin, ControlPlane, "apim.event_hub.publish.url_group.auth_urls"),
    // The portals' login calls back to itself with Java's own client, which always checks the name
    // (api-manager#1718).
    itself(ControlPlane, "portal login"),
    itself(KeyManager, "oauth.endpoints"),
    https(KeyManager, ControlPlane, MANAGEMENT, Target::Service, "event_listener.notification_endpoint, apim.event_hub.service_url"),
    https(TrafficManager, ControlPlane, MANAGEMENT, Target::Service, "apim.event_hub.service_url"),
    https(TrafficManager, KeyManager, MANAGEMENT, Target::Service, "apim.key_manager.service_url"),
    https(Gateway, ControlPlane, MANAGEMENT, Target::Service, "apim.event_hub.service_url"),
    https(Gateway, KeyManager, MANAGEMENT, Target::Service, "apim.key_manager.service_url, oauth.endpoints.oauth2_jwks_url"),
    https(Gateway, TrafficManager, MANAGEMENT, Target::Service, "apim.throttling.service_url"),
    data_bridge(Opener::Role(Gateway), TrafficManager, "apim.throttling.url_group.traffic_manager_auth_urls"),
    clients(ControlPlane, MANAGEMENT, "the portals"),
    clients(Gateway, GATEWAY, "apim.gateway.environment.https_endpoint"),
    clients(Gateway, WEBSOCKET, "apim.gateway.environment.wss_endpoint"),
    clients(Gateway, WEBHOOK, "apim.gateway.environment.websub_event_receiver_https_endpoint"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_between_roles_that_the_release_has() {
        for product in [Product::of(2, 6), Product::of(3, 2), Product::of(4, 7)] {
            for row in connections(product) {
                assert!(row.to.exists_in(product), "{row:?}");
                if let Opener::Role(role) = row.from {
                    assert!(role.exists_in(product), "{row:?}");
                }
            }
        }
    }

    #[test]
    fn only_the_thrift_port_of_2_x_presents_the_primary() {
        let primary = |product| {
            connections(product)
                .into_iter()
                .filter(|row| row.channel.presents_primary())
                .map(|row| row.port)
                .collect::<Vec<_>>()
        };
        assert_eq!(primary(Product::of(2, 6)), [10397, 10397]);
        assert!(primary(Product::of(3, 2)).is_empty());
        assert!(primary(Product::of(4, 7)).is_empty());
    }
}
