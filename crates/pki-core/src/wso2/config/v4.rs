//! `deployment.toml`: 3.0 and later.

use super::{
    EditError, Edited, Generation, HomeConfig, Syntax, Wanted,
    home::{HomeFiles, document},
};
use crate::wso2::Product;

pub(super) fn read(files: &HomeFiles, _product: Option<Product>) -> HomeConfig {
    let mut config = HomeConfig::empty(Generation::Toml);
    let read = document(
        files,
        "repository/conf/deployment.toml",
        Syntax::Toml,
        &mut config.unread,
    );
    config.documents.extend(read);
    config
}

/// The files that have to change so that the home says what is wanted. None is made yet.
pub(super) fn edited(_config: &HomeConfig, _wanted: &Wanted) -> Result<Vec<Edited>, EditError> {
    Ok(Vec::new())
}
