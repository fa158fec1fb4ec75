//! What has to be set for a node's stores, for those who do not let a tool write: as text in the form that
//! they paste it into. Nothing here reads or writes a file.

mod chart;
mod playbook;
mod toml;
mod xml;

use std::{collections::BTreeMap, fmt};

use super::{EditError, Wanted, WantedStore, Written, v2};
use crate::{
    secret::{Bytes, Password},
    wso2::{Product, Role, Slot},
};

/// A node's stores, and how the configuration is to name them.
#[derive(Clone, Debug)]
pub struct Snippet<'a> {
    /// The node.
    pub node: &'a str,
    /// What it does.
    pub role: Role,
    /// The release.
    pub product: Product,
    /// The stores of all slots; one that another plays is there too.
    pub wanted: &'a Wanted,
    /// The stores themselves, by the file's name: [`SnippetForm::Kubernetes`] holds them.
    pub files: &'a BTreeMap<String, Bytes>,
}

/// Where a snippet is to be pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SnippetForm {
    /// Variables of a host, for the product's Ansible playbooks.
    Ansible,
    /// Values for the product's Helm charts.
    Helm,
    /// Secrets for the product's Helm charts: the stores, and their passwords.
    Kubernetes,
    /// What Tomcat serves on its HTTPS port, alone.
    Tomcat,
    /// `deployment.toml`: 3.0 and later.
    Toml,
    /// The XML files of 2.x.
    Xml,
}

/// Why there is no such snippet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnippetError {
    /// The configuration cannot say it.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A store's content was not given.
    #[error("the content of `{file}` is not there")]
    NoContent {
        /// Its file.
        file: String,
    },
    /// The release has no use for the form.
    #[error("there is no {form} snippet for {product}: {reason}")]
    NotFor {
        /// The form.
        form: SnippetForm,
        /// The release.
        product: Product,
        /// Why.
        reason: &'static str,
    },
    /// No store was given for a slot.
    #[error("there is no {slot} store")]
    NoStore {
        /// The slot.
        slot: Slot,
    },
}

impl Snippet<'_> {
    /// The snippet in a form. It holds passwords where [`Wanted`] has them as [`Written::Plain`].
    ///
    /// # Errors
    ///
    /// [`SnippetError`] if the release has no use for the form, or something is missing.
    pub fn write(&self, form: SnippetForm) -> Result<Bytes, SnippetError> {
        match form {
            SnippetForm::Ansible => playbook::ansible(self),
            SnippetForm::Helm => chart::values(self),
            SnippetForm::Kubernetes => chart::secrets(self),
            SnippetForm::Tomcat if self.product.is_2x() => xml::tomcat(self),
            SnippetForm::Tomcat => toml::tomcat(self),
            SnippetForm::Toml => toml::deployment(self),
            SnippetForm::Xml => xml::files(self),
        }
    }

    fn store(&self, slot: Slot) -> Result<&WantedStore, SnippetError> {
        let store = self.wanted.stores.get(&slot);
        store.ok_or(SnippetError::NoStore { slot })
    }

    /// The slots that have a file of their own: the primary often serves as internal keystore too.
    fn own_slots(&self) -> Result<Vec<(Slot, &WantedStore)>, SnippetError> {
        let primary = self.store(Slot::Primary)?;
        let mut own = Vec::new();
        for slot in Slot::ALL {
            match self.wanted.stores.get(&slot) {
                Some(store) if slot == Slot::Internal && store.file == primary.file => {}
                Some(store) => own.push((slot, store)),
                None if slot == Slot::Internal => {}
                None => return Err(SnippetError::NoStore { slot }),
            }
        }
        Ok(own)
    }

    /// True if some password is not there, nor a reference that its place resolves, in XML.
    fn has_placeholders(&self) -> bool {
        let mut stores = self.wanted.stores.values();
        stores.any(|store| !matches!(store.password, Written::Plain(_)))
    }

    fn not_for(&self, form: SnippetForm, reason: &'static str) -> SnippetError {
        SnippetError::NotFor {
            form,
            product: self.product,
            reason,
        }
    }
}

impl SnippetForm {
    /// All of them, by name.
    pub const ALL: [Self; 6] = [
        Self::Ansible,
        Self::Helm,
        Self::Kubernetes,
        Self::Tomcat,
        Self::Toml,
        Self::Xml,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ansible => "ansible",
            Self::Helm => "helm",
            Self::Kubernetes => "kubernetes",
            Self::Tomcat => "tomcat",
            Self::Toml => "toml",
            Self::Xml => "xml",
        }
    }

    /// The name of a file that holds it.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Ansible => "ansible-host.yml",
            Self::Helm => "helm-values.yaml",
            Self::Kubernetes => "kubernetes-secrets.yaml",
            Self::Tomcat => "tomcat.txt",
            Self::Toml => "deployment-tables.toml",
            Self::Xml => "elements.xml",
        }
    }

    /// The form of a release's own configuration.
    pub const fn of(product: Product) -> Self {
        match product.is_2x() {
            true => Self::Xml,
            false => Self::Toml,
        }
    }
}

impl fmt::Display for SnippetForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What stands for a password where the form knows no reference: easy to find, and to replace.
pub fn placeholder(name: &str) -> Password {
    Password::new(format!("@{name}@"))
}

/// The aliases of the secrets that stand for the password of a slot in the files that a release ships: in
/// `deployment.toml` one, in XML one for each password that can be one.
pub fn shipped_secret_aliases(product: Product, slot: Slot) -> Vec<String> {
    if !product.is_2x() {
        return vec![slot.secret_alias().to_owned()];
    }
    let named = v2::named(product).into_iter();
    let aliases = named.filter(|it| it.slot == slot).flat_map(|it| {
        let fields = [it.fields.password, it.fields.key_password];
        let asked = fields.into_iter().filter(|field| !field.is_empty());
        asked.filter_map(move |field| it.fields.secret_alias(&it.block, field))
    });
    aliases.collect()
}

/// A secret value where nothing resolves a reference to the environment.
fn literal(written: &Written) -> Password {
    match written {
        Written::Plain(password)
        | Written::Secret {
            otherwise: password,
            ..
        } => password.clone(),
        Written::Environment(name) => placeholder(name),
    }
}

#[cfg(test)]
mod testing;
