//! XML configuration: 2.x.
//!
//! What the product reads is in tables: which file and element names a store ([`store_rows`]), another server
//! ([`call_rows`]), a database or a password ([`sources`]), what is about the node itself ([`checks`]) and
//! what only looks so ([`ignored`]). What is not in a home's files is not there: an element that a release
//! does not have, one that is commented out, a file that the profile optimiser removed.

mod brokers;
mod call_rows;
mod calls;
mod checks;
mod edit;
mod ignored;
mod reader;
mod sources;
mod store_rows;
mod stores;

pub(super) use edit::{edited, secret_aliases, takes_beside};
pub(super) use ignored::reason;
use reader::Reader;
pub(super) use stores::{Named, named};

use super::{Generation, HomeConfig, HomeFiles, Setting, account, glob};
use crate::wso2::Product;

/// `product` is the release, where the caller knows it and the files do not tell.
pub(super) fn read(files: &HomeFiles, product: Option<Product>) -> HomeConfig {
    let mut config = HomeConfig::empty(Generation::Xml);
    let mut reader = Reader::new(files, &mut config.unread);
    config.product = checks::product(&reader, files, product);
    reader.product = config.product.known().copied();
    config.offset = checks::offset(&reader);
    reader.offset = config.offset.known().copied();
    config.hosts = checks::hosts(&reader);
    config.calls = calls::calls(&reader);
    config.stores = stores::stores(&reader);
    config
        .stores
        .extend(brokers::stores(&reader, &config.calls));
    config.sources = sources::sources(&reader);
    config.credentials = sources::credentials(&reader, &config.calls);
    config.transformation = checks::transformation(&reader);
    checks::fill(&reader, &mut config);
    config.documents = reader.documents;
    account::account(&mut config, reason);
    config
}

/// The release, as the generated or written `carbon.xml` and the start script's folder tell it; else what the
/// caller says.
pub(super) fn release(files: &HomeFiles, told: Option<Product>) -> Setting<Product> {
    let carbon = files.get(store_rows::CARBON).map(|content| {
        let file = (store_rows::CARBON.to_owned(), content.clone());
        HomeFiles::from([file])
    });
    // What is wrong with a file that is made at each start is of no concern.
    let reader = Reader::new(&carbon.unwrap_or_default(), &mut Vec::new());
    checks::product(&reader, files, told)
}

/// Reads what the homes of every release have beside their configuration: start scripts and secondary user
/// stores.
pub(super) fn beside(files: &HomeFiles, config: &mut HomeConfig) {
    let beside = files.iter().filter(|(file, _)| {
        glob::matches("bin/*", file) || glob::matches(sources::USER_STORES, file)
    });
    let beside = beside
        .map(|(file, content)| (file.clone(), content.clone()))
        .collect();
    let reader = Reader::new(&beside, &mut config.unread);
    let offset = checks::offset(&reader);
    // A system property of the start script counts before the file.
    if offset.place.is_some() {
        config.offset = offset;
    }
    config.sources.extend(sources::sources(&reader));
    config
        .credentials
        .extend(sources::credentials(&reader, &[]));
    checks::fill(&reader, config);
    config.documents.extend(reader.documents);
}
