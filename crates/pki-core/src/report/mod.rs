//! Results as people and programs read them: values become bytes in a sink. Nothing is decided and
//! nothing is printed here.
//!
//! | for | module |
//! | --- | --- |
//! | people: lines that fit a terminal | [`text`] |
//! | programs: JSON whose form is frozen | [`json::v1`] |
//! | spreadsheets | [`csv`] |
//! | code scanning and editors | [`sarif`] |
//! | what shows test results | [`junit`] |
//! | monitoring | [`prometheus`] |
//! | pull requests and tickets | [`markdown`] |
//! | a browser: one page that needs nothing else | [`html`] |
//!
//! ```
//! use std::{path::Path, time::Duration};
//! use pki_core::{
//!     disk::Workspace,
//!     observe::{Inventory, KnownPasswords},
//!     plan::{Plan, Scope},
//!     report::{json, text},
//!     topology::Topology,
//!     verify::verify,
//! };
//! use time::macros::datetime;
//!
//! let toml = r#"
//!     product = "2.6.0"
//!     domain  = "apim.example.com"
//!     roles   = { gateway = { nodes = { gateway-1 = "gw1" } } }
//! "#;
//! let topology = Topology::from_toml(toml, Path::new("."))?;
//! let workspace = Workspace::open("no/such/folder")?.share(Duration::ZERO)?;
//! let found = Inventory::read(workspace.view(), &topology, &KnownPasswords::default())?;
//! let now = datetime!(2026-11-23 12:00 UTC);
//!
//! // For people: a plan, in lines of at most 100 columns.
//! let plan = Plan::new(&topology, &found, &Scope::all(), now)?;
//! let mut lines = Vec::new();
//! text::plan(&plan, text::Layout::new().width(Some(100)), &mut lines)?;
//! assert!(String::from_utf8(lines)?.contains("nodes/gateway-1"));
//!
//! // For programs: what verification found.
//! let mut document = Vec::new();
//! json::v1::verify(&verify(&topology, &found, now), &mut document)?;
//! let document: serde_json::Value = serde_json::from_slice(&document)?;
//! assert_eq!(document["schema"], "apim-pki/verify/v1");
//! assert_eq!(document["problems"][0]["problem"], "file-missing");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod csv;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod prometheus;
pub mod sarif;
mod secrets;
pub mod text;
mod xml;

pub use secrets::{ChangedSecrets, SecretsOfHome};
