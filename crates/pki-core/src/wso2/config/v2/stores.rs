//! Which elements name a store.

use super::{
    reader::{Reader, When, path},
    store_rows::{
        API_MANAGER, CARBON, CATALINA, DATA_BRIDGE, IDENTITY, PORTALS, ROWS, SHIPPED,
        SHIPPED_ROOTS, THRIFT_SERVER,
    },
};
use crate::wso2::{
    Product, SECURITY_FOLDER, Slot,
    config::{BlockId, Document, Leaf, Setting, State, StoreConsumer, StoreUse, Unknown, glob},
};

/// An element, or a file, that names a store.
#[derive(Debug)]
pub(super) struct Row {
    /// A pattern of files.
    pub(super) file: &'static str,
    /// A pattern of the blocks that hold the values.
    pub(super) block: &'static str,
    pub(super) fields: &'static Fields,
    pub(super) slot: Slot,
    pub(super) consumer: StoreConsumer,
    pub(super) on: &'static [When],
    pub(super) whose: Whose,
}

/// What leads from a block to its values; empty where there is no such value.
#[derive(Debug)]
pub(in crate::wso2::config) struct Fields {
    pub(in crate::wso2::config) location: &'static str,
    pub(in crate::wso2::config) kind: &'static str,
    pub(in crate::wso2::config) password: &'static str,
    pub(in crate::wso2::config) alias: &'static str,
    /// Where there is none, the part takes the store's password for the key too.
    pub(in crate::wso2::config) key_password: &'static str,
    pub(in crate::wso2::config) secrets: Secrets,
}

/// Whether a part takes encrypted secrets for its passwords (`svns:secretAlias`). It asks for each by a name
/// that is made of where the password stands, so no other alias will do (`SecretResolver`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wso2::config) enum Secrets {
    /// `Carbon.Security.KeyStore.Password` (`ServerConfiguration.isProtectedToken`).
    Carbon,
    /// It does not.
    None,
    /// `Server.Service.Connector.keystorePass` (`ServerManager.resolveSecuredConfig`); a connector has one
    /// alias.
    Tomcat,
}

/// Whose a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The node's, in its slot; a truststore where it is the file that the JVM trusts, else the clients of
    /// one port have one of their own.
    Node,
    /// The node's where it is the file of Carbon's primary.
    NodeIfPrimary,
    /// The node's where it stands for all servers, or is the file that they have; else somebody made a
    /// profile of his own for some servers.
    Profile,
    /// Never the node's.
    Own,
}

/// An element that names a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    pub(super) row: &'static Row,
    pub(super) document: &'a Document,
    pub(super) block: BlockId,
}

/// Every store that the files name.
pub(super) fn stores(reader: &Reader) -> Vec<StoreUse> {
    let uses = uses(&reader.documents);
    let shared = Shared::of(&uses);
    let named = uses.iter().map(|it| it.row.store(reader, it, &shared));
    let mut stores: Vec<StoreUse> = named.collect();
    data_bridge_without_keystore(reader, &mut stores);
    key_validation(reader, &mut stores);
    stores
}

/// An element that is to name a store of the node's.
#[derive(Debug)]
pub(in crate::wso2::config) struct Named {
    pub(in crate::wso2::config) file: &'static str,
    /// What leads to it, without a pattern.
    pub(in crate::wso2::config) block: String,
    pub(in crate::wso2::config) fields: &'static Fields,
    pub(in crate::wso2::config) slot: Slot,
    pub(in crate::wso2::config) consumer: StoreConsumer,
    /// What the product's own file has before a path of the home.
    pub(in crate::wso2::config) root: &'static str,
}

/// The elements that name a node's stores in the files of a release, as the product ships them.
pub(in crate::wso2::config) fn named(product: Product) -> Vec<Named> {
    let rows = ROWS.iter().filter(|row| {
        let whose = matches!(row.whose, Whose::Node | Whose::Profile);
        // Commented out, or for clients with certificates, as it is shipped.
        let shipped = !matches!(
            (row.consumer, row.slot),
            (StoreConsumer::Other("data agent" | "login pages"), _)
                | (StoreConsumer::Tomcat, Slot::Truststore)
        );
        let known = row.consumer != StoreConsumer::Internal || product.at_least(2, 5);
        whose && shipped && known
    });
    rows.map(|row| {
        let shipped = SHIPPED.iter().find(|(pattern, _)| *pattern == row.file);
        let block = SHIPPED_ROOTS
            .iter()
            .fold(row.block.to_owned(), |block, (pattern, name)| {
                block.replace(pattern, name)
            });
        Named {
            file: shipped.map_or(row.file, |(_, file)| file),
            block,
            fields: row.fields,
            slot: row.slot,
            consumer: row.consumer,
            root: row.root(),
        }
    })
    .collect()
}

/// The elements that name a store, in the order of the rows.
pub(super) fn uses(documents: &[Document]) -> Vec<Use<'_>> {
    let mut uses = Vec::new();
    for row in ROWS {
        let files = documents.iter();
        for document in files.filter(|document| glob::matches(row.file, document.file())) {
            let blocks = document.blocks_like(row.block);
            let named = blocks.filter(|block| row.names_a_store(document, *block));
            uses.extend(named.map(|block| Use {
                row,
                document,
                block,
            }));
        }
    }
    uses
}

/// True if some file that a pattern of the rows names has this path.
pub(super) fn is_read(file: &str) -> bool {
    ROWS.iter().any(|row| glob::matches(row.file, file))
}

/// The files that several parts share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) primary: Option<String>,
    pub(super) internal: Option<String>,
    pub(super) jvm: Option<String>,
    sender: Vec<String>,
}

impl Shared {
    pub(super) fn of(uses: &[Use<'_>]) -> Self {
        let of = |consumer, slot| {
            let mut uses = uses.iter();
            uses.find(|it| (it.row.consumer, it.row.slot) == (consumer, slot))
                .and_then(Use::location)
        };
        let sender =
            [Slot::Tls, Slot::Truststore].map(|slot| of(StoreConsumer::SynapseSender, slot));
        Self {
            primary: of(StoreConsumer::Primary, Slot::Primary),
            internal: of(StoreConsumer::Internal, Slot::Internal),
            jvm: of(StoreConsumer::Jvm, Slot::Truststore),
            sender: sender.into_iter().flatten().collect(),
        }
    }
}

impl<'a> Use<'a> {
    /// The path that is written, from the home or absolute.
    pub(super) fn location(&self) -> Option<String> {
        let (_, leaf) = self.location_leaf()?;
        let path = self.row.in_home(path(leaf.text()));
        Some(path).filter(|path| !path.is_empty())
    }

    /// Where the path is written.
    pub(super) fn location_leaf(&self) -> Option<(&'a Document, &'a Leaf)> {
        let leaf = self.document.within(self.block, self.row.fields.location)?;
        Some((self.document, leaf))
    }

    /// The alias of the secret that stands for a password; `None` where none can.
    pub(super) fn secret_alias(&self, field: &str) -> Option<String> {
        let block = self.document.block_key(self.block);
        self.row.fields.secret_alias(block, field)
    }

    /// True if an alias at the element of a password is that password's: the attributes of a connector have
    /// one element.
    pub(super) fn owns_alias(&self, field: &str) -> bool {
        !field.starts_with('@') || self.secret_alias(field).is_some()
    }

    /// True if the store is none of the node's.
    pub(super) fn is_foreign(&self, shared: &Shared) -> bool {
        let location = self.location();
        match self.row.whose {
            Whose::Own => true,
            Whose::NodeIfPrimary => location != shared.primary,
            Whose::Node if self.row.slot == Slot::Truststore => location != shared.jvm,
            Whose::Node => false,
            Whose::Profile => {
                let profile = self.document.parent(self.block);
                let servers = profile.and_then(|it| self.document.within(it, "servers"));
                let all = servers.is_some_and(|leaf| leaf.text() == "*");
                !all && !location.is_some_and(|it| shared.sender.contains(&it))
            }
        }
    }
}

impl Fields {
    /// The alias of the secret that stands for a password of a block; `None` where none can.
    pub(in crate::wso2::config) fn secret_alias(&self, block: &str, field: &str) -> Option<String> {
        match self.secrets {
            Secrets::Carbon => {
                let steps = block.strip_prefix("Server/")?.replace('/', ".");
                Some(format!("Carbon.{steps}.{field}"))
            }
            Secrets::Tomcat if field == self.password => {
                let attribute = field.trim_start_matches('@');
                Some(format!("Server.Service.Connector.{attribute}"))
            }
            Secrets::Tomcat | Secrets::None => None,
        }
    }
}

impl Row {
    pub(super) fn slot(&self) -> Slot {
        self.slot
    }

    pub(super) fn consumer(&self) -> StoreConsumer {
        self.consumer
    }

    /// A portal names a file of the folder of stores by its name, or that folder as if the home were the root.
    fn in_home(&self, path: String) -> String {
        let below = format!("/{SECURITY_FOLDER}/");
        match self.file == PORTALS {
            true if path.starts_with(&below) => path.trim_start_matches('/').to_owned(),
            true if !path.is_empty() && !path.contains('/') => format!("{SECURITY_FOLDER}/{path}"),
            _ => path,
        }
    }

    /// What a path of the home begins with, where it was none before. The cipher tool and Carbon need it so.
    pub(super) fn root(&self) -> &'static str {
        match [CARBON, CATALINA, DATA_BRIDGE, IDENTITY].contains(&self.file) {
            true => "${carbon.home}/",
            false => "",
        }
    }

    /// An element that is empty names none.
    fn names_a_store(&self, document: &Document, block: BlockId) -> bool {
        [self.fields.location, self.fields.password]
            .iter()
            .filter_map(|field| document.within(block, field))
            .any(|leaf| !leaf.text().is_empty())
    }

    fn store(&self, reader: &Reader, named: &Use<'_>, shared: &Shared) -> StoreUse {
        let Use {
            document, block, ..
        } = *named;
        let leaf = |field: &str| match field {
            "" => None,
            field => document.within(block, field),
        };
        let text =
            |field| leaf(field).map_or_else(Setting::absent, |leaf| reader.string(document, leaf));
        let password = |field| {
            leaf(field).map_or_else(Setting::absent, |leaf| reader.password(document, leaf))
        };
        let store_password = password(self.fields.password);
        let key_password = match (self.slot, leaf(self.fields.key_password)) {
            (Slot::Truststore, _) => Setting::absent(),
            (_, None) => store_password.clone(),
            (_, Some(_)) => password(self.fields.key_password),
        };
        let location = leaf(self.fields.location);
        let kind = text(self.fields.kind);
        let location =
            location.map_or_else(Setting::absent, |leaf| reader.location(document, leaf));
        StoreUse {
            consumer: self.consumer,
            slot: self.slot,
            location: Setting {
                value: location.value.map(|path| self.in_home(path)),
                place: location.place,
            },
            kind: match kind.value {
                Err(Unknown::Absent) => Setting::default_of_release("JKS".to_owned()),
                _ => kind,
            },
            password: store_password,
            alias: text(self.fields.alias),
            key_password,
            state: reader.state(document, Some(block), self.on),
            foreign: named.is_foreign(shared),
        }
    }
}

/// The data bridge serves Carbon's primary where its own file names no keystore (`DataBridgeServerUtil`).
fn data_bridge_without_keystore(reader: &Reader, stores: &mut Vec<StoreUse>) {
    let is_there = reader.files(DATA_BRIDGE).next().is_some();
    let named = stores
        .iter()
        .any(|it| it.consumer == StoreConsumer::DataBridge);
    if is_there && !named {
        serve_primary(stores, StoreConsumer::DataBridge, State::On);
    }
}

/// Thrift key validation serves Carbon's primary, with the store's password for the key, and any key.
fn key_validation(reader: &Reader, stores: &mut Vec<StoreUse>) {
    let file = reader.files(API_MANAGER).next();
    if let Some(document) = file {
        let state = reader.state(document, None, THRIFT_SERVER);
        serve_primary(stores, StoreConsumer::KeyValidation, state);
    }
}

fn serve_primary(stores: &mut Vec<StoreUse>, consumer: StoreConsumer, state: State) {
    let primary = stores
        .iter()
        .find(|it| it.consumer == StoreConsumer::Primary);
    if let Some(primary) = primary.cloned() {
        stores.push(StoreUse {
            consumer,
            alias: Setting::absent(),
            key_password: primary.password.clone(),
            state,
            ..primary
        });
    }
}
