//! `deployment.toml`: 3.0 and later.
//!
//! The product makes its XML of this file at each start, over the defaults of the release. So most of what
//! a home says is not written in it: the tables here say what is read where nothing is.

mod defaults;
mod release;
mod resolve;
mod stores;

use resolve::Resolver;

use super::{
    EditError, Edited, Generation, HomeConfig, Syntax, Wanted,
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
    if let Some(deployment) = &deployment {
        let resolver = Resolver::new(deployment, releases);
        config.role = release::role(&resolver, files);
        config.stores = stores::stores(&resolver);
    }
    config.documents.extend(deployment);
    config
}

pub(super) fn edited(config: &HomeConfig, wanted: &Wanted) -> Result<Vec<Edited>, EditError> {
    let _ = (config, wanted);
    Ok(Vec::new())
}

const DEPLOYMENT: &str = "repository/conf/deployment.toml";
/// Made at each start; it tells the release.
const CARBON: &str = "repository/conf/carbon.xml";
