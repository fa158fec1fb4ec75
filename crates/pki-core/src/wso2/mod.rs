//! The product as tables: releases, roles, ports, who connects to whom, which file plays which part, and
//! the keys that everybody owns. The only module that may contain the product's strings.
//!
//! Each table names its source. Where releases differ, [`Product`] decides.
//!
//! ```
//! use pki_core::{
//!     keystore::Format,
//!     wso2::{Opener, Product, Role, Slot, connections, known_keys},
//! };
//!
//! let product: Product = "2.6.0".parse()?;
//! assert!(Role::Publisher.exists_in(product));
//! assert_eq!(Slot::Truststore.file_name(Format::Jks), "client-truststore.jks");
//!
//! // Whom does a gateway call, and which setting says so?
//! for row in connections(product) {
//!     if row.from == Opener::Role(Role::Gateway) {
//!         println!("{:?}:{} ({})", row.to, row.port, row.setting);
//!     }
//! }
//! // The keys that everybody owns.
//! assert!(known_keys().any(|known| known.shipped_in.contains("2.6")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clients;
pub mod config;
mod connections;
mod key_id;
mod known_keys;
mod listeners;
mod password;
mod product;
mod reload;
mod role;
mod slot;
pub mod vault;

pub use clients::{ClientStack, Naming, client_stacks};
pub use connections::{Channel, Connection, Opener, Target, connections};
pub use key_id::{is_key_id, key_id};
pub use known_keys::{
    IDENTITY_SERVER_DEFAULT, KnownKey, KnownKeyClass, known_certificate, known_key, known_keys,
};
pub use listeners::{Listener, listeners};
pub use password::{
    PASSWORD_MINIMUM, breaks_configuration, default_passwords, is_default_credential,
    is_encryption_key,
};
pub use product::{InvalidProduct, Product};
pub use reload::{ReloadRow, reloads};
pub use role::{Role, UnknownRole};
pub use slot::{
    CONF_FOLDER, ENCRYPTION_KEY_ALIAS, ENCRYPTION_KEY_VARIABLE, GATEWAY_CERTIFICATE_ALIAS,
    PID_FILE, SECURITY_FOLDER, Slot,
};
