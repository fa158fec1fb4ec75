//! Which store answers on a port, and which truststore a client looks into.

use super::{
    Call, CallTarget, Client, Endpoint, Generation, HomeConfig, Scheme, State, StoreConsumer,
    StoreUse,
};
use crate::wso2::{Role, Slot};

impl HomeConfig {
    /// The store whose key answers on a TLS port, given before the node's offset is added; `None` if
    /// nothing that is switched on is known to listen there.
    ///
    /// The first that is configured counts: a part of its own before the keystore that others take theirs
    /// from.
    pub fn listener(&self, port: u16) -> Option<&StoreUse> {
        let consumers = match port {
            9443 => [StoreConsumer::Tomcat, StoreConsumer::Tls],
            8243 => [
                StoreConsumer::ListenerProfile,
                StoreConsumer::SynapseListener,
            ],
            8099 => [StoreConsumer::WebsocketListener, StoreConsumer::Tls],
            8021 => [StoreConsumer::Webhook, StoreConsumer::Tls],
            // Without a keystore of its own the data bridge serves carbon.xml's.
            9711 | 7711 => [StoreConsumer::DataBridge, StoreConsumer::Primary],
            8672 => [StoreConsumer::Broker, StoreConsumer::Tls],
            8883 => [StoreConsumer::BrokerMqtt, StoreConsumer::BrokerMqtt],
            10397 => [StoreConsumer::KeyValidation, StoreConsumer::KeyValidation],
            _ => return None,
        };
        let key = |consumer| self.store(consumer, |slot| slot != Slot::Truststore);
        consumers.into_iter().find_map(key)
    }

    /// The truststore that a client of the node looks into: its own, else the JVM's.
    pub fn truststore(&self, client: Client) -> Option<&StoreUse> {
        let own: &[StoreConsumer] = match (client, self.generation) {
            // In 2.x a profile for all servers is shipped; later profiles are for some servers alone.
            (Client::Synapse, Generation::Xml) => {
                &[StoreConsumer::SenderProfile, StoreConsumer::SynapseSender]
            }
            (Client::Synapse, Generation::Toml) => &[StoreConsumer::SynapseSender],
            (Client::Websocket, _) => &[StoreConsumer::WebsocketSender],
            _ => &[],
        };
        let mut consumers = own.iter().chain([&StoreConsumer::Jvm]);
        consumers.find_map(|consumer| self.store(*consumer, |slot| slot == Slot::Truststore))
    }

    /// The first store of a part that is switched on. A profile for some servers alone does not count.
    pub fn store(&self, consumer: StoreConsumer, slot: impl Fn(Slot) -> bool) -> Option<&StoreUse> {
        let is_partial = |it: &StoreUse| it.foreign && consumer == StoreConsumer::SenderProfile;
        self.stores.iter().find(|it| {
            it.consumer == consumer && slot(it.slot) && it.state == State::On && !is_partial(it)
        })
    }
}

impl Call {
    /// The port, before any offset, that a node has for this call where the written one is a balancer's.
    pub fn usual_port(&self, endpoint: &Endpoint) -> u16 {
        match endpoint.scheme {
            Scheme::AmqpTls => 8672,
            Scheme::Ssl => 9711,
            Scheme::Thrift => 10397,
            Scheme::Wss => 8099,
            _ if self.key.contains("websub") => 8021,
            _ if self.client == Client::Synapse && self.to == CallTarget::Role(Role::Gateway) => {
                8243
            }
            _ if GATEWAY_TRAFFIC.iter().any(|key| self.key.contains(key)) => 8243,
            _ => 9443,
        }
    }
}

impl Scheme {
    /// True if a certificate is presented.
    pub const fn is_tls(self) -> bool {
        match self {
            Self::AmqpTls | Self::Https | Self::Ldaps | Self::Ssl | Self::Thrift | Self::Wss => {
                true
            }
            // Of a database its options tell.
            Self::Amqp | Self::Database | Self::Http | Self::Ldap | Self::Tcp | Self::Ws => false,
        }
    }
}

impl CallTarget {
    /// The roles of which one should answer; none for what is no part of the cluster, and for the node
    /// itself.
    pub fn roles(&self) -> &[Role] {
        match self {
            Self::AnyOf(roles) => roles,
            Self::Role(role) => std::slice::from_ref(role),
            Self::External(_) | Self::Itself => &[],
        }
    }
}

/// Settings that hold the address of the gateway's traffic, not of its management.
const GATEWAY_TRAFFIC: [&str; 4] = [
    "GatewayEndpoint",
    "RevokeAPIURL",
    "https_endpoint",
    "revoke_endpoint",
];
