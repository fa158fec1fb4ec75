//! What somebody has to set, and to carry to a node, who does not let a tool write there.

use std::collections::BTreeMap;

use tar::{Builder, EntryType, Header};

use super::{
    InstallRefusal, PasswordStyle, Promised,
    wanted::{Passwords, promised, wanted},
};
use crate::{
    disk::Sha256,
    observe::{Inventory, Layout},
    secret::Bytes,
    topology::{Node, Topology},
    wso2::{
        Role, SECURITY_FOLDER,
        config::{Snippet, SnippetError, SnippetForm, Wanted, shipped_secret_aliases},
    },
};

/// What has to be set for a node's stores, as text to be pasted.
///
/// Passwords are in it where they are written as they are ([`PasswordStyle::Plain`]), and nowhere else: what
/// takes no reference has a placeholder. `found` is asked for these passwords, and for the stores that
/// [`SnippetForm::Kubernetes`] holds; everything else is written without a workspace.
///
/// # Errors
///
/// [`InstallRefusal::Snippet`] if the release has no use for the form; [`InstallRefusal::NotIssued`] or
/// [`InstallRefusal::NoPassword`] if the workspace has not what is asked for;
/// [`InstallRefusal::NotInTopology`].
pub fn snippet(
    topology: &Topology,
    node: &Node,
    form: SnippetForm,
    style: PasswordStyle,
    found: Option<&Inventory>,
) -> Result<Bytes, InstallRefusal> {
    let role = role(topology, node)?;
    let wanted = shown(topology, style, found)?;
    let files = match (form, found) {
        (SnippetForm::Kubernetes, Some(found)) => stores(topology, node, found)?,
        _ => BTreeMap::new(),
    };
    let snippet = of(topology, node, role, &wanted, &files);
    snippet.write(form).map_err(InstallRefusal::Snippet)
}

/// Packs a node's stores, what has to be set for them in each form that the release has a use for, a list of
/// checksums and a page that says what to do, into a tar archive below one folder. The same files give the
/// same bytes, and all of them are for their owner alone.
///
/// # Errors
///
/// As [`snippet`]; [`InstallRefusal::Archive`].
pub fn bundle(
    topology: &Topology,
    node: &Node,
    style: PasswordStyle,
    found: &Inventory,
) -> Result<Bytes, InstallRefusal> {
    let role = role(topology, node)?;
    let stores = stores(topology, node, found)?;
    let wanted = shown(topology, style, Some(found))?;
    let snippet = of(topology, node, role, &wanted, &stores);

    let mut files = BTreeMap::new();
    // The release's own form says what Tomcat takes too.
    let forms = SnippetForm::ALL.into_iter();
    for form in forms.filter(|form| *form != SnippetForm::Tomcat) {
        match snippet.write(form) {
            Ok(text) => {
                files.insert(format!("snippets/{}", form.file_name()), text);
            }
            // What the release has no use for is not there.
            Err(SnippetError::NotFor { .. }) => {}
            Err(error) => return Err(InstallRefusal::Snippet(error)),
        }
    }
    let readme = readme(topology, node, role, style);
    files.insert("README".to_owned(), Bytes::from(readme.as_bytes()));
    for (file, content) in stores {
        files.insert(format!("{SECURITY_FOLDER}/{file}"), content);
    }
    let sums: String = files
        .iter()
        .map(|(file, content)| format!("{}  {file}\n", Sha256::of(content.expose())))
        .collect();
    files.insert("SHA256SUMS".to_owned(), Bytes::from(sums.as_bytes()));
    archive(&node.name, &files)
}

fn role(topology: &Topology, node: &Node) -> Result<Role, InstallRefusal> {
    let group = topology.group_of(node);
    let role = group.map(|group| group.role);
    role.ok_or_else(|| InstallRefusal::NotInTopology {
        node: node.name.clone(),
    })
}

/// What the configuration is to say, with no password that is not wanted in it.
fn shown(
    topology: &Topology,
    style: PasswordStyle,
    found: Option<&Inventory>,
) -> Result<Wanted, InstallRefusal> {
    let passwords = match (style, found) {
        (PasswordStyle::Plain, Some(found)) => Passwords::Known(found),
        _ => Passwords::Placeholders,
    };
    wanted(topology, style, passwords)
}

fn of<'a>(
    topology: &Topology,
    node: &'a Node,
    role: Role,
    wanted: &'a Wanted,
    files: &'a BTreeMap<String, Bytes>,
) -> Snippet<'a> {
    Snippet {
        node: &node.name,
        role,
        product: topology.product,
        wanted,
        files,
    }
}

/// The node's stores, by the file's name.
fn stores(
    topology: &Topology,
    node: &Node,
    found: &Inventory,
) -> Result<BTreeMap<String, Bytes>, InstallRefusal> {
    let mut stores = BTreeMap::new();
    for (_, settings) in topology.stores.iter() {
        let from = Layout::node_file(&node.name, &settings.file);
        let content = found.content(&from);
        let content = content.ok_or(InstallRefusal::NotIssued { path: from })?;
        stores.insert(settings.file.clone(), content.clone());
    }
    Ok(stores)
}

/// A folder with files in it, in a tar archive (POSIX.1-1988, ustar).
fn archive(folder: &str, files: &BTreeMap<String, Bytes>) -> Result<Bytes, InstallRefusal> {
    let size: usize = files.values().map(|content| content.len() + 1024).sum();
    // Large enough that no copy of a secret stays behind where it grew.
    let mut builder = Builder::new(Vec::with_capacity(size + 4096));
    let put = |builder: &mut Builder<Vec<u8>>, path: &str, content: Option<&Bytes>| {
        let mut header = Header::new_ustar();
        let content = content.map(Bytes::expose);
        header.set_entry_type(match content {
            Some(_) => EntryType::Regular,
            None => EntryType::Directory,
        });
        header.set_mode(match content {
            Some(_) => 0o600,
            None => 0o700,
        });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(MOMENT);
        let content = content.unwrap_or_default();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content)
    };
    let failed = |path: &str| {
        let file = path.to_owned();
        move |error: std::io::Error| InstallRefusal::Archive {
            file,
            reason: error.to_string(),
        }
    };
    put(&mut builder, &format!("{folder}/"), None).map_err(failed(folder))?;
    for (file, content) in files {
        let path = format!("{folder}/{file}");
        put(&mut builder, &path, Some(content)).map_err(failed(&path))?;
    }
    builder
        .into_inner()
        .map(Bytes::from)
        .map_err(failed(folder))
}

/// Short, and of what matters alone.
fn readme(topology: &Topology, node: &Node, role: Role, style: PasswordStyle) -> String {
    let product = topology.product;
    let own = SnippetForm::of(product).file_name();
    let mut said = format!(
        "{}, {role} of {product}\n\n\
         1. Check that it arrived whole: sha256sum -c SHA256SUMS\n\
         2. Stop the server, and keep what is in its {SECURITY_FOLDER}.\n\
         3. Copy {SECURITY_FOLDER} into the product's home, as the server's user.\n\
         4. Set what snippets/{own} says. Take the other snippets instead where a chart\n   \
            or a playbook writes the configuration.\n\
         5. Start the server. Twins one after the other.\n",
        node.name
    );
    let kind = match (product.is_2x(), style) {
        (_, PasswordStyle::Plain) => {
            said.push_str("\nThe snippets hold passwords. Delete them once they are set.\n");
            return said;
        }
        (true, PasswordStyle::Environment) => "stand for passwords, written as @NAME@",
        (false, PasswordStyle::Environment) => "are variables of the server's environment",
        (true, PasswordStyle::Encrypted | PasswordStyle::Secret) => {
            "are aliases in the product's secret repository; what takes none has a @NAME@"
        }
        (false, PasswordStyle::Encrypted | PasswordStyle::Secret) => {
            "are aliases in the product's secret repository"
        }
    };
    said.push_str(&format!("\nNo password is in here. These {kind}:\n"));
    let aliases = |slot| shipped_secret_aliases(product, slot);
    for Promised { name, slot } in promised(topology, style, aliases) {
        let settings = slot.and_then(|slot| topology.stores.get(slot));
        let what = match (settings, &topology.encryption) {
            (Some(store), _) => format!("password of {}, from {}", store.file, store.password),
            (None, Some(source)) => {
                format!(
                    "the key that encrypts what is stored, the same on all nodes, from {source}"
                )
            }
            (None, None) => continue,
        };
        said.push_str(&format!("  {name}: {what}\n"));
    }
    said.push_str("file:secrets/... lies in the workspace that this came from.\n");
    said
}

/// What all files are dated: an archive has no clock. 2000-01-01, since tar warns of 1970.
const MOMENT: u64 = 946_684_800;
