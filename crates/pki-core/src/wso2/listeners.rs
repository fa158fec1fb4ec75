use super::{Channel, Product, Role, connections};

/// A port of a node on which TLS is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// The port, before the node's offset.
    pub port: u16,
    /// What answers there.
    pub channel: Channel,
    /// True if nothing of the distributed deployment needs it, so that it may be switched off.
    pub optional: bool,
}

/// The TLS ports of a node of a role: those that somebody calls ([`connections`]), in the order of their
/// numbers, and the broker's, which is there by default though nobody calls it unless JMS was moved to
/// TLS.
pub fn listeners(product: Product, role: Role) -> Vec<Listener> {
    let mut found: Vec<Listener> = Vec::new();
    for row in connections(product) {
        if row.to == role && found.iter().all(|listener| listener.port != row.port) {
            found.push(Listener {
                port: row.port,
                channel: row.channel,
                optional: false,
            });
        }
    }
    // The broker runs where throttling is decided, and from 4.0 on where the event hub is.
    if matches!(role, Role::ControlPlane | Role::TrafficManager) {
        found.push(Listener {
            port: BROKER,
            channel: Channel::Broker,
            optional: true,
        });
    }
    found.sort_by_key(|listener| listener.port);
    found
}

/// `broker.xml`, `transports/amqp/sslConnection`.
const BROKER: u16 = 8672;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_listens_where_others_call_it() {
        let ports = |product, role| {
            let listeners = listeners(product, role);
            listeners.iter().map(|it| it.port).collect::<Vec<_>>()
        };
        let (old, new) = (Product::of(2, 6), Product::of(4, 7));
        assert_eq!(ports(old, Role::KeyManager), [9443, 10397]);
        assert_eq!(ports(old, Role::Gateway), [8099, 8243, 9443]);
        assert_eq!(ports(old, Role::TrafficManager), [8672, 9443, 9711]);
        assert_eq!(ports(old, Role::Publisher), [9443]);
        assert_eq!(ports(new, Role::Gateway), [8021, 8099, 8243, 9443]);
        assert_eq!(ports(new, Role::ControlPlane), [8672, 9443, 9711]);
        assert_eq!(ports(new, Role::KeyManager), [9443]);
    }
}
