use std::path::{Path, PathBuf};

use super::{FileCopy, Lines, SecretCopy, distinct, quoted};
use crate::{
    keystore::Format,
    observe::{Cluster, StoreLead},
    secret::Password,
    wso2::{
        Product, Slot,
        config::{Setting, StoreUse, Unknown},
        known_certificate,
    },
    x509::Fingerprint,
};

/// Writes everything about keys and stores, and tells which files go beside the topology.
pub(super) fn write(
    cluster: &Cluster<'_>,
    product: Product,
    lines: &mut Lines,
) -> (Vec<FileCopy>, Vec<SecretCopy>) {
    let mut drafting = Drafting {
        cluster,
        product,
        lines,
        copies: Vec::new(),
        secrets: Vec::new(),
    };
    drafting.authority();
    drafting.shared(Slot::Primary);
    drafting.shared(Slot::Internal);
    drafting.encryption();
    drafting.stores();
    (drafting.copies, drafting.secrets)
}

struct Drafting<'d> {
    cluster: &'d Cluster<'d>,
    product: Product,
    lines: &'d mut Lines,
    copies: Vec<FileCopy>,
    secrets: Vec<SecretCopy>,
}

/// What the first node has in a slot; what all nodes share is the same on the others.
type Found<'a> = (&'a StoreUse, &'a StoreLead);

impl<'d> Drafting<'d> {
    fn slot(&self, slot: Slot) -> Option<Found<'d>> {
        let mut members = self.cluster.members().iter();
        members.find_map(|member| {
            let found = member.home.slot(slot)?;
            found.1.content().is_some().then_some(found)
        })
    }

    /// `[ca]` is nothing that homes tell.
    fn authority(&mut self) {
        self.lines.blank();
        self.lines.comment(
            "the first run makes a CA, since no home holds the key of one. To go on with yours: [ca] with \
             certificate = \"….pem\", key_file = \"….key\"",
        );
    }

    /// `[primary]` and `[internal]`: the current key, unless everybody has it.
    fn shared(&mut self, slot: Slot) {
        let Some((reference, lead)) = self.slot(slot) else {
            return;
        };
        let certificate = lead.chain(reference).and_then(|chain| chain.first());
        let (Some(certificate), Some(path)) = (certificate, lead.path()) else {
            return;
        };
        let primary = self.cluster.members().iter();
        let mut primary = primary.filter_map(|member| member.home.certificate(Slot::Primary));
        if slot == Slot::Internal && primary.next() == Some(certificate) {
            return;
        }
        if let Some(known) = known_certificate(certificate) {
            if slot == Slot::Primary {
                self.lines.blank();
                self.lines.put("[primary]");
                self.primary_alias();
            }
            self.lines.comment(&format!(
                "the current {slot} key, in {}, is the default key {}, which everybody owns: a new one is \
                 made. What the old one encrypted must be encrypted anew",
                path.display(),
                known.id
            ));
            return;
        }
        self.lines.blank();
        self.lines.put(&format!("[{slot}]"));
        if slot == Slot::Primary {
            self.primary_alias();
        }
        self.lines.comment(&format!(
            "a copy of {}: an installation replaces that file",
            path.display()
        ));
        let to = self.copy(path, lead.digest());
        self.lines.put(&format!("keystore = {}", quoted(&to)));
        let password = self.password(slot, (reference, lead));
        self.lines
            .put(&format!("keystore_password = {}", quoted(&password)));
        if slot == Slot::Primary {
            let sha256 = certificate.fingerprint();
            self.lines.put(&format!("sha256 = \"{sha256}\""));
        }
        self.others(slot, certificate.fingerprint());
    }

    fn primary_alias(&mut self) {
        if let Some(alias) = self.other_alias(Slot::Primary) {
            self.lines.put(&format!("alias = {}", quoted(&alias)));
        }
    }

    /// Nodes that have another key there: that is a fault, and told.
    fn others(&mut self, slot: Slot, expected: Fingerprint) {
        let members = self.cluster.members().iter();
        let others = members.filter(|member| {
            let found = member.home.certificate(slot);
            found.is_some_and(|it| it.fingerprint() != expected)
        });
        let names: Vec<&str> = others.map(|member| member.name.as_str()).collect();
        if !names.is_empty() {
            self.lines.comment(&format!(
                "ATTENTION: another {slot} key is on {}: what those encrypted this one does not open",
                names.join(", ")
            ));
        }
    }

    /// `[encryption]`: the key that serves, which is never replaced.
    fn encryption(&mut self) {
        let mut members = self.cluster.members().iter();
        let mut set = members.by_ref().filter_map(|member| {
            let setting = &member.home.config.encryption_key;
            let is_there = setting.value != Err(Unknown::Absent);
            (self.product.has_encryption_key() && is_there).then_some((member, setting))
        });
        let Some((first, setting)) = set.next() else {
            return;
        };
        let others = set.filter(|(_, it)| it.value != setting.value);
        let others: Vec<&str> = others.map(|(it, _)| it.name.as_str()).collect();
        self.lines.blank();
        self.lines.put("[encryption]");
        if !others.is_empty() {
            self.lines.comment(&format!(
                "ATTENTION: another key than on {} is on {}: what those encrypted this one does not open",
                first.name,
                others.join(", ")
            ));
        }
        let known = setting.known();
        let source = self.secret("encryption", "the key that serves", setting, known);
        self.lines.put(&format!("key = {}", quoted(&source)));
    }

    /// The source of a store's password.
    fn password(&mut self, slot: Slot, (reference, lead): Found<'_>) -> String {
        // Encrypted ones are known where a key of the homes opens them.
        let known = match lead {
            StoreLead::Open { store, .. } => Some(&store.password),
            _ => reference.password.known(),
        };
        let file = format!("{slot}.password");
        self.secret(&file, "its password", &reference.password, known)
    }

    /// The source of a secret, told with where it stands: a file beside the topology where it is known.
    fn secret(
        &mut self,
        file: &str,
        what: &str,
        setting: &Setting<Password>,
        known: Option<&Password>,
    ) -> String {
        let place = match &setting.place {
            Some(place) => format!("{}, line {}", place.file, place.line),
            None => "no file: it is the default of the release".to_owned(),
        };
        let Some(content) = known else {
            self.lines.comment(&format!(
                "{what} stands in {place}, and cannot be known here: name a source of it"
            ));
            return "prompt".to_owned();
        };
        self.lines
            .comment(&format!("{what}, as it stands in {place}"));
        let to = PathBuf::from(CURRENT).join(file);
        let source = format!("file:{}", to.display());
        self.secrets.push(SecretCopy {
            to,
            content: content.clone(),
        });
        source
    }

    /// `[stores]`: names, formats, aliases, the vendor's truststore.
    fn stores(&mut self) {
        let format = self.format(Slot::Primary).unwrap_or(Format::Jks);
        let own = self.own_settings(format);
        self.lines.blank();
        self.lines.put("[stores]");
        self.lines.put(&format!("format = \"{}\"", format.name()));
        self.lines
            .put("password = \"file:secrets/stores\"   # made by the first run");
        let has_header = own.iter().any(|(slot, _)| *slot == Slot::Truststore);
        if !has_header && let Some(vendor) = self.vendor() {
            self.lines.put(&format!("truststore = {vendor}"));
        }
        for (slot, settings) in own {
            self.lines.blank();
            self.lines.put(&format!("[stores.{slot}]"));
            let usual = Slot::Truststore.alias(self.product);
            for (key, value) in settings {
                if slot == Slot::Truststore && key == "alias" {
                    self.lines.comment(&format!(
                        "of the anchor: `{usual}` is one of before, which stays trusted"
                    ));
                }
                self.lines.put(&format!("{key} = {}", quoted(&value)));
            }
            // Under a header of its own the vendor's file is called so.
            if slot == Slot::Truststore
                && let Some(vendor) = self.vendor()
            {
                self.lines.put(&format!("vendor = {vendor}"));
            }
        }
    }

    /// What slots have that is not what a topology takes for granted.
    fn own_settings(&self, common: Format) -> Vec<(Slot, Vec<(&'static str, String)>)> {
        let primary = self.name(Slot::Primary);
        let mut taken: Vec<String> = Vec::new();
        let mut own = Vec::new();
        for slot in Slot::ALL {
            if slot == Slot::Internal && !self.has_internal() {
                continue;
            }
            // Where one file serves for several, only the primary keeps name, format and alias.
            let name = self.name(slot);
            let shares = slot != Slot::Primary && name == primary;
            let format = self.format(slot).filter(|it| !shares && *it != common);
            let usual = slot.file_name(format.unwrap_or(common));
            let name = name.filter(|name| {
                !shares && *name != usual && !taken.contains(&name.to_ascii_lowercase())
            });
            taken.push(name.as_ref().unwrap_or(&usual).to_ascii_lowercase());
            let alias = match slot {
                Slot::Primary => None,
                Slot::Truststore => self.anchor(),
                slot => self.other_alias(slot).filter(|_| !shares),
            };
            let format = format.map(|format| format.name().to_owned());
            let settings = [("file", name), ("format", format), ("alias", alias)];
            let settings: Vec<(&str, String)> = settings
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect();
            if !settings.is_empty() {
                own.push((slot, settings));
            }
        }
        own
    }

    /// The truststore of the first node, whose CAs all nodes go on trusting.
    fn vendor(&mut self) -> Option<String> {
        let Some(found) = self.slot(Slot::Truststore) else {
            self.lines
                .comment("no truststore of a home could be read: public CAs will be missing");
            return None;
        };
        let (path, digest) = (found.1.path()?, found.1.digest()?);
        let members = self.cluster.members().iter();
        let others = members.filter(|member| {
            let found = member.home.slot(Slot::Truststore);
            found.and_then(|(_, lead)| lead.digest()) != Some(digest)
        });
        let names: Vec<&str> = others.map(|member| member.name.as_str()).collect();
        self.lines.comment(&format!(
            "a copy of {}: its CAs stay, default certificates go",
            path.display()
        ));
        if !names.is_empty() {
            self.lines.comment(&format!(
                "ATTENTION: another truststore is on {}: what it trusts besides goes into trust = […]",
                names.join(", ")
            ));
        }
        let file = quoted(&self.copy(path, Some(digest)));
        // JKS is read without a password, the pin tells that it is whole.
        let password = match self.format(Slot::Truststore) {
            Some(Format::Pkcs12) => {
                let source = self.password(Slot::Truststore, found);
                format!(", password = {}", quoted(&source))
            }
            _ => String::new(),
        };
        Some(format!(
            "{{ file = {file}{password}, sha256 = \"{digest}\" }}"
        ))
    }

    /// An alias for the anchor, where an earlier one has the usual: that one stays trusted.
    fn anchor(&self) -> Option<String> {
        let (_, lead) = self.slot(Slot::Truststore)?;
        let trusted = lead.content()?;
        let usual = Slot::Truststore.alias(self.product);
        let numbered = (2..).map(|number| format!("{usual}-{number}"));
        let mut aliases = std::iter::once(usual.to_owned()).chain(numbered);
        let free = aliases.find(|alias| trusted.get(alias).is_none())?;
        (free != usual).then_some(free)
    }

    /// The alias of a slot's key, if it is another than the usual. Tomcat's configuration often has none: then
    /// it is that of the only key.
    fn other_alias(&self, slot: Slot) -> Option<String> {
        let (reference, lead) = self.slot(slot)?;
        let alias = match &reference.alias.value {
            Ok(alias) => alias.clone(),
            Err(Unknown::Absent) => {
                let mut keys = lead.content()?.private_keys();
                let (entry, _) = keys.next()?;
                if keys.next().is_some() {
                    return None;
                }
                entry.alias.as_str().to_owned()
            }
            Err(_) => return None,
        };
        (alias != slot.alias(self.product) && is_alias(&alias)).then_some(alias)
    }

    fn has_internal(&self) -> bool {
        let internal = self.slot(Slot::Internal);
        let certificate = internal.and_then(|(it, lead)| lead.chain(it)?.first());
        let mut members = self.cluster.members().iter();
        let primary = members.find_map(|member| member.home.certificate(Slot::Primary));
        certificate.is_some_and(|it| Some(it) != primary && known_certificate(it).is_none())
    }

    fn format(&self, slot: Slot) -> Option<Format> {
        let format = match self.slot(slot)?.1 {
            StoreLead::Open { store, .. } => store.decoded.format,
            StoreLead::Sealed { content, .. } => content.as_ref()?.format,
            _ => return None,
        };
        matches!(format, Format::Jks | Format::Pkcs12).then_some(format)
    }

    /// The file's name, if all nodes have the same.
    fn name(&self, slot: Slot) -> Option<String> {
        let members = self.cluster.members().iter();
        let names = distinct(members.filter_map(|member| {
            let (_, lead) = member.home.slot(slot)?;
            Some(lead.path()?.file_name()?.to_str()?.to_owned())
        }));
        match &names[..] {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// Where a file goes, beside the topology; of two with the same name the second gets another.
    fn copy(&mut self, from: &Path, sha256: Option<Fingerprint>) -> String {
        if let Some(known) = self.copies.iter().find(|it| it.from == from) {
            return known.to.display().to_string();
        }
        let name = from
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let taken = |to: &Path| self.copies.iter().any(|it| it.to == to);
        let names =
            std::iter::once(name.clone()).chain((2..).map(|number| format!("{number}-{name}")));
        let mut places = names.map(|name| PathBuf::from(CURRENT).join(name));
        let to = places.find(|to| !taken(to)).unwrap_or_default();
        let text = to.display().to_string();
        self.copies.extend(sha256.map(|sha256| FileCopy {
            from: from.to_path_buf(),
            to,
            sha256,
        }));
        text
    }
}

/// As a topology takes it: lower-case ASCII.
fn is_alias(alias: &str) -> bool {
    alias
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
}

/// The folder of what the cluster had before.
const CURRENT: &str = "current";
