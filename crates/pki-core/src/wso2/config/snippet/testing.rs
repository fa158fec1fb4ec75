//! A node's stores, for tests.

use std::collections::BTreeMap;

use super::{Snippet, SnippetError, SnippetForm};
use crate::{
    keystore::Format,
    secret::{Bytes, Password},
    wso2::{
        Product, Role, Slot,
        config::{Wanted, WantedStore, Written},
    },
};

/// How passwords are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Environment,
    Plain,
    Secret,
}

/// The snippet of a gateway; `internal` is the file of the internal keystore.
pub(super) fn snippet(
    form: SnippetForm,
    product: Product,
    style: Style,
    internal: &str,
) -> Result<String, SnippetError> {
    let store = |slot: Slot, file: &str| WantedStore {
        file: file.to_owned(),
        format: Format::Jks,
        password: written(style, slot.password_variable(), slot.secret_alias()),
        alias: (slot != Slot::Truststore).then(|| "wso2carbon".to_owned()),
    };
    let mut wanted = Wanted {
        stores: BTreeMap::from([
            (Slot::Primary, store(Slot::Primary, "wso2carbon.jks")),
            (Slot::Internal, store(Slot::Primary, "wso2carbon.jks")),
            (Slot::Tls, store(Slot::Tls, "tls.jks")),
            (
                Slot::Truststore,
                store(Slot::Truststore, "client-truststore.jks"),
            ),
        ]),
        encryption_key: product
            .has_encryption_key()
            .then(|| written(style, "WSO2_ENCRYPTION_KEY", "encryption_key")),
        ..Wanted::default()
    };
    if internal != "wso2carbon.jks" {
        wanted
            .stores
            .insert(Slot::Internal, store(Slot::Internal, internal));
    }
    let files = [
        "wso2carbon.jks",
        "internal.jks",
        "tls.jks",
        "client-truststore.jks",
    ];
    let files = files.map(|file| (file.to_owned(), Bytes::from(file.as_bytes())));
    let snippet = Snippet {
        node: "gateway-1",
        role: Role::Gateway,
        product,
        wanted: &wanted,
        files: &BTreeMap::from(files),
    };
    let bytes = snippet.write(form)?;
    Ok(String::from_utf8(bytes.expose().to_vec()).unwrap())
}

fn written(style: Style, variable: &str, alias: &str) -> Written {
    match style {
        Style::Environment => Written::Environment(variable.to_owned()),
        Style::Plain => Written::Plain(Password::new("S3cret \"<&")),
        Style::Secret => Written::Secret {
            alias: alias.to_owned(),
            otherwise: super::placeholder(variable),
        },
    }
}
