//! The product as tables: releases, roles, ports, who connects to whom, which file plays which part, and
//! the keys that everybody owns. The only module that may contain the product's strings.
//!
//! Each table names its source. Where releases differ, [`Product`] decides.

mod connections;
mod known_keys;
mod password;
mod product;
mod role;
mod slot;

pub use connections::{Channel, Connection, Opener, Target, connections};
pub use known_keys::{KnownKey, KnownKeyClass, known_certificate, known_key, known_keys};
pub use password::{PASSWORD_MINIMUM, breaks_configuration, is_encryption_key};
pub use product::{InvalidProduct, Product};
pub use role::{Role, UnknownRole};
pub use slot::{GATEWAY_CERTIFICATE_ALIAS, Slot};
