//! XML configuration: 2.x.
//!
//! What the product reads is in tables: which file and element names a store ([`stores`]), another server
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
mod stores;

pub(super) use edit::edited;
use reader::Reader;

use super::{Generation, HomeConfig, HomeFiles, account};
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
    account::account(&mut config, ignored::reason);
    config
}
