//! `deployment.toml`: 3.0 and later.
//!
//! The product makes its XML of this file at each start, over the defaults of the release. So most of what
//! a home says is not written in it: the tables here say what is read where nothing is.

mod account;
mod call_rows;
mod calls;
mod checks;
mod defaults;
mod edit;
mod files;
mod release;
mod resolve;
mod sources;
mod stores;
mod values;

pub(super) use edit::edited;

use resolve::Resolver;

use super::{
    Generation, HomeConfig, Syntax,
    home::{HomeFiles, document},
};
use crate::wso2::Product;

pub(super) fn read(files: &HomeFiles, product: Option<Product>) -> HomeConfig {
    let mut config = HomeConfig::empty(Generation::Toml);
    let deployment = document(files, DEPLOYMENT, Syntax::Toml, &mut config.unread);
    let carbon = document(files, CARBON, Syntax::Xml, &mut config.unread);
    let (product, releases) =
        release::release(files, carbon.as_ref(), deployment.as_ref(), product);
    config.product = product;
    let resolver = deployment
        .as_ref()
        .map(|document| Resolver::new(document, releases));
    if let Some(resolver) = &resolver {
        fill(&mut config, files, resolver);
    }
    files::read(&mut config, files, resolver.as_ref());
    if let Some(deployment) = deployment {
        config.documents.insert(0, deployment);
    }
    account::account(&mut config);
    config
}

fn fill(config: &mut HomeConfig, files: &HomeFiles, resolver: &Resolver<'_>) {
    config.role = release::role(resolver, files);
    config.hosts = checks::hosts(resolver);
    config.offset = checks::offset(resolver);
    config.stores = stores::stores(resolver);
    config.calls = calls::calls(resolver, config.offset.known().copied());
    config.sources = sources::sources(resolver);
    config.credentials = sources::credentials(resolver);
    config.name_checks = checks::name_checks(resolver);
    config.protocols = checks::protocols(resolver);
    config.transformation = checks::transformation(resolver);
    config.encryption_key = checks::encryption_key(resolver);
}

const DEPLOYMENT: &str = "repository/conf/deployment.toml";
/// Made at each start; it tells the release.
const CARBON: &str = "repository/conf/carbon.xml";
