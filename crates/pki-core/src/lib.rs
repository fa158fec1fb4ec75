//! Keystores, certificates and trust for clusters of WSO2 API Manager.
//!
//! | need | module |
//! | --- | --- |
//! | secret bytes, passwords, where a password comes from | [`secret`] |
//! | change a folder of files as a whole or not at all, keep what was replaced | [`disk`] |
//! | look at certificates | [`x509`] |
//! | private keys: make, hold, sign | [`key`] |
//! | read and write JKS, PKCS #12, PEM | [`keystore`] |
//! | import, merge, convert, prune, compare, mend one store | [`edit`] |
//! | make certificates | [`issue`] |
//! | judge a chain as Java does | [`path`] |
//! | roles, ports, connections, default keys of the product | [`wso2`] |
//! | what a cluster consists of, as its operator wrote it down | [`topology`] |
//! | what is there, what has to be done, doing it | [`observe`], [`plan`], [`apply`] |
//! | what live servers present, who would take it | [`observe::endpoint`], [`verify::endpoint`] |
//! | whether a deployment works | [`verify`] |
//! | a node's files put into a product home | [`install`] |
//! | what expires, what is weak, what will break | [`audit`] |
//! | results as text and JSON | [`report`] |

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod apply;
pub mod audit;
pub mod disk;
pub mod edit;
pub mod install;
pub mod issue;
pub mod key;
pub mod keystore;
pub mod observe;
mod parallel;
pub mod path;
pub mod plan;
pub mod report;
pub mod secret;
pub mod topology;
pub mod verify;
pub mod wso2;
pub mod x509;
