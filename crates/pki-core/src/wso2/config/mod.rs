//! What the configuration files of a product home say about keys, trust and connections: bytes in, values
//! with their places out. Nothing is read from a disk here, and nothing is judged.
//!
//! | need | type |
//! | --- | --- |
//! | one configuration file as a list of values, whatever its syntax | [`Document`], [`Leaf`] |
//! | a value that the product uses, where it stands, or why it cannot be known | [`Setting`], [`Unknown`] |
//! | a keystore or truststore that the product opens | [`StoreUse`] |
//! | a URL that a node opens | [`Call`], [`Endpoint`] |
//! | a database or directory | [`DataSource`] |
//! | all that a home says | [`HomeConfig`] |
//! | which release and role it is, where nothing says so | [`shipping_release`], [`HomeConfig::told_role`], [`Told`] |
//! | which store answers on a port, whom a client trusts | [`HomeConfig::listener`], [`HomeConfig::truststore`] |
//! | what a home's configuration is to say instead | [`Wanted`], [`HomeConfig::edited`] |
//! | other values in the places of values, every other byte as it was | [`Edits`], [`Document::edited`] |
//!
//! Two generations of configuration give the same values: XML files (2.x) and `deployment.toml` (3.0 and
//! later), from which the product makes its XML at each start.
//!
//! ```
//! use pki_core::wso2::config::{Document, Syntax};
//!
//! let xml = b"<Server>\r\n  <Ports><Offset>2</Offset></Ports>\r\n</Server>";
//! let document = Document::read("repository/conf/carbon.xml", Syntax::Xml, xml)?;
//! let offset = document.leaf("Server/Ports/Offset").ok_or("no offset")?;
//! assert_eq!((offset.text(), offset.line, offset.column), ("2", 2, 18));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod beside;
mod database;
mod document;
mod edit;
mod glob;
mod home;
mod insert;
mod json;
mod model;
mod properties;
mod reach;
mod script;
mod setting;
mod snippet;
mod told;
mod toml;
// Both generations come to use all of it.
#[allow(dead_code)]
mod url;
mod v2;
mod v4;
mod wanted;
mod xml;

pub use document::{BlockId, Document, DocumentError, Leaf, Syntax};
pub use edit::Edits;
use edit::Element;
pub(in crate::wso2) use edit::toml_key;
pub(crate) use edit::toml_string;
pub use home::{CONFIGURATION_FILES, DEPLOYMENT_TOML, HOME_MARKS, HomeFiles};
pub use model::{
    Call, CallTarget, Client, Credential, DataSource, Endpoint, Generation, HomeConfig, Host,
    Mention, NameCheck, NameChecks, Protocols, Scheme, Several, State, StoreConsumer, StoreUse,
    Unread,
};
pub use setting::{Place, Setting, Unknown};
pub use snippet::{Snippet, SnippetError, SnippetForm, placeholder, shipped_secret_aliases};
pub use told::{RoleUntold, Told, shipping_release};
pub use wanted::{
    EditError, Edited, Shown, ValueChange, Wanted, WantedAuthority, WantedBeside, WantedStore,
    Written,
};
