//! What keys are to say for a store: each part of it as text.

use zeroize::Zeroizing;

use super::stores::{self, FOLDER, Row};
use crate::wso2::{
    Slot,
    config::{Leaf, Shown, WantedStore, Written, edit::toml_string},
};

/// A value to write.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) text: Zeroizing<String>,
    pub(super) is_secret: bool,
}

impl Value {
    pub(super) fn plain(text: &str) -> Self {
        Self {
            text: Zeroizing::new(text.to_owned()),
            is_secret: false,
        }
    }

    pub(super) fn secret(written: &Written) -> Self {
        match written {
            Written::Plain(password) => Self {
                text: Zeroizing::new(password.expose().to_owned()),
                is_secret: true,
            },
            Written::Environment(name) => Self::plain(&format!("$env{{{name}}}")),
            Written::Secret { alias, .. } => Self::plain(&format!("$secret{{{alias}}}")),
        }
    }

    pub(super) fn shown(&self) -> Shown {
        match self.is_secret {
            true => Shown::Hidden,
            false => Shown::Text(self.text.to_string()),
        }
    }
}

/// A part of what names a store.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Alias,
    Kind,
    Location,
    Password,
}

impl Part {
    /// What it is to say, as it was written.
    pub(super) fn value(self, leaf: &Leaf, is_name: bool, store: &WantedStore) -> Option<Value> {
        Some(match self {
            Self::Location if is_name => Value::plain(&store.file),
            Self::Location => {
                let absolute =
                    leaf.text().starts_with("${carbon.home}") || leaf.text().starts_with('/');
                let home = match absolute {
                    true => "${carbon.home}/",
                    false => "",
                };
                Value::plain(&format!("{home}{FOLDER}{}", store.file))
            }
            Self::Kind => Value::plain(store.format.java_name()),
            Self::Password => Value::secret(&store.password),
            Self::Alias => Value::plain(store.alias.as_ref()?),
        })
    }
}

/// The keys of a row, and what each names.
pub(super) fn parts(row: &Row) -> impl Iterator<Item = (&'static str, Part)> {
    let keys = row.keys;
    let parts = [
        (Some(keys.location), Part::Location),
        (keys.kind, Part::Kind),
        (Some(keys.password), Part::Password),
        (keys.alias, Part::Alias),
        (keys.key_password, Part::Password),
    ];
    parts
        .into_iter()
        .filter_map(|(last, part)| Some((last?, part)))
}

/// The keys that tell Tomcat its store, in their table.
pub(in crate::wso2::config) fn tomcat(store: &WantedStore) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    let row = stores::tomcat();
    out.push_str(&format!("[{}]\n", row.table));
    for (last, part) in parts(row) {
        let value = match part {
            Part::Alias => store.alias.as_deref().map(Value::plain),
            Part::Kind => Some(Value::plain(store.format.java_name())),
            Part::Location => {
                let path = format!("${{carbon.home}}/{FOLDER}{}", store.file);
                Some(Value::plain(&path))
            }
            Part::Password => Some(Value::secret(&store.password)),
        };
        if let Some(value) = value {
            out.push_str(last);
            out.push_str(" = ");
            out.push_str(&toml_string(&value.text));
            out.push('\n');
        }
    }
    out
}

/// What the table of a slot is to say.
pub(super) fn main_values(slot: Slot, store: &WantedStore) -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("file_name", Value::plain(&store.file)),
        ("type", Value::plain(store.format.java_name())),
        ("password", Value::secret(&store.password)),
    ];
    if slot != Slot::Truststore {
        let alias = store.alias.as_ref();
        values.extend(alias.map(|alias| ("alias", Value::plain(alias))));
        values.push(("key_password", Value::secret(&store.password)));
    }
    values
}

pub(super) fn main_table(slot: Slot) -> &'static str {
    match slot {
        Slot::Internal => "keystore.internal",
        Slot::Primary => "keystore.primary",
        Slot::Tls => "keystore.tls",
        Slot::Truststore => "truststore",
    }
}
