use std::{collections::BTreeMap, sync::Arc};

use super::{Document, Generation, HomeConfig, Syntax, Unread, v2, v4};
use crate::{secret::Bytes, wso2::Product};

/// The files of a home that its configuration is read from, by their path below it, with `/`.
pub type HomeFiles = BTreeMap<String, Bytes>;

/// Where a home has its configuration: exact paths, and `folder/*.ending` for all files of a folder.
pub const CONFIGURATION_FILES: &[&str] = &[
    "bin/*.sh",
    "bin/*.bat",
    "bin/version.txt",
    "repository/conf/*.toml",
    "repository/conf/*.xml",
    "repository/conf/*.properties",
    "repository/conf/sec.policy",
    "repository/conf/advanced/*.xml",
    "repository/conf/axis2/*.xml",
    "repository/conf/data-bridge/*.xml",
    "repository/conf/datasources/*.xml",
    "repository/conf/email/*.xml",
    "repository/conf/identity/*.xml",
    "repository/conf/identity/*.properties",
    "repository/conf/security/*.properties",
    "repository/conf/tomcat/*.xml",
    "repository/deployment/server/jaggeryapps/*/site/conf/site.json",
    "repository/deployment/server/synapse-configs/default/api/*.xml",
    "repository/deployment/server/synapse-configs/default/inbound-endpoints/*.xml",
    "repository/deployment/server/userstores/*.xml",
    "repository/resources/security/*.xml",
];

/// Files of which every home has one: the kernel's own, or the one that it is made of.
pub const HOME_MARKS: &[&str] = &["repository/conf/carbon.xml", DEPLOYMENT_TOML];

/// The file that a home from 3.0 on is made of.
pub const DEPLOYMENT_TOML: &str = "repository/conf/deployment.toml";

impl HomeConfig {
    /// Reads the configuration of a home.
    ///
    /// `product` is the release, where the caller knows it (a topology) and the files do not tell.
    pub fn read(files: &HomeFiles, product: Option<Product>) -> Self {
        match generation(files) {
            Generation::Toml => v4::read(files, product),
            Generation::Xml => v2::read(files, product),
        }
    }
}

/// A `deployment.toml` decides: what it generates lies beside it.
fn generation(files: &HomeFiles) -> Generation {
    match files.contains_key(DEPLOYMENT_TOML) {
        true => Generation::Toml,
        false => Generation::Xml,
    }
}

/// Reads a file, or notes why that cannot be done.
pub(super) fn document(
    files: &HomeFiles,
    file: &str,
    syntax: Syntax,
    unread: &mut Vec<Unread>,
) -> Option<Document> {
    let bytes = files.get(file)?;
    match Document::read(file, syntax, bytes.expose()) {
        Ok(document) => Some(document),
        Err(reason) => {
            unread.push(Unread {
                file: Arc::from(file),
                reason,
            });
            None
        }
    }
}
