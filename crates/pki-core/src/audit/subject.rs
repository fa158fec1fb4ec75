//! What rules look at. A rule sees values alone: nothing here reads a file or a clock.

use std::{cell::OnceCell, sync::Arc};

use super::{
    CertificateFacts, Context, Finding, KeyFacts, Looked, Purpose, Soon, Waiver,
    trust::{self, AnchorInUse, Trust},
};
use crate::{
    edit::{self, Fault},
    keystore::{Alias, Content, Decoded, Entry, Format},
    observe::{Cluster, Member, Opened, Party, VaultHome},
    verify::{self, ProblemKind},
    wso2::{
        Slot,
        config::{CallTarget, Endpoint, HomeConfig, Place},
        known_certificate,
        vault::Vault,
    },
    x509::Certificate,
};

/// A file, whatever is in it.
#[derive(Debug)]
pub(crate) struct File<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its permission bits.
    pub(crate) mode: u32,
    /// What its content looks like.
    pub(crate) format: Option<Format>,
    /// True if there is a private key in it, sealed or not.
    pub(crate) holds_keys: bool,
    /// True for a file of the topology's workspace.
    pub(crate) in_workspace: bool,
}

/// What is in a store.
#[derive(Debug)]
pub(crate) struct Store<'a> {
    /// What the run knows.
    pub(crate) context: &'a Context<'a>,
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// When the end of its certificates is near.
    pub(crate) soon: Soon,
    /// What is in it, or why that cannot be told.
    pub(crate) opened: Result<&'a Opened, &'a str>,
    /// What [`edit::check`] says of it.
    pub(crate) faults: &'a [edit::Finding],
    /// A password that everybody knows and that opens it.
    pub(crate) default_password: Option<&'static str>,
}

impl<'a> Store<'a> {
    /// What was read of it, if anything.
    pub(crate) fn decoded(&self) -> Option<&'a Decoded> {
        self.opened.ok().map(|opened| &opened.decoded)
    }

    /// The entries, none if nothing could be read.
    pub(crate) fn entries(&self) -> &'a [Entry] {
        self.decoded()
            .map_or(&[], |decoded| decoded.keystore.entries())
    }

    /// Private keys with their chains.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&'a Alias, &'a [Certificate])> + use<'a> {
        self.entries()
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::PrivateKey { chain, .. } => Some((&entry.alias, chain.as_slice())),
                _ => None,
            })
    }

    /// Certificates that are trusted, whether Java sees them or not.
    pub(crate) fn trusted(&self) -> impl Iterator<Item = (&'a Alias, &'a Certificate)> + use<'a> {
        self.entries()
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::TrustedCertificate { certificate, .. } => {
                    Some((&entry.alias, certificate))
                }
                _ => None,
            })
    }

    /// What is wrong with entries, as `edit` judges them: the entry and the fault.
    pub(crate) fn faults(&self) -> impl Iterator<Item = (Option<&'a Alias>, &'a Fault)> + use<'a> {
        self.faults
            .iter()
            .map(|found| (found.alias.as_ref(), &found.fault))
    }

    /// The certificate at a place of an entry's chain.
    pub(crate) fn certificate(&self, alias: Option<&Alias>, at: usize) -> Option<&'a Certificate> {
        let mut entries = self.entries().iter();
        let entry = entries.find(|entry| Some(&entry.alias) == alias)?;
        entry.certificates().get(at)
    }

    /// What [`verify`] says of the keys that all nodes share: none in another store.
    pub(crate) fn shared_key_problems(
        &self,
    ) -> impl Iterator<Item = (&'a Alias, &'a Certificate, verify::Severity, ProblemKind)> {
        let now = self.context.now;
        let shared = self.purpose.is_shared_key();
        let keys = self.keys().filter(move |_| shared);
        keys.filter_map(|(alias, chain)| Some((alias, chain.first()?)))
            // A default key has to go, whatever else it is.
            .filter(|(_, certificate)| known_certificate(certificate).is_none())
            .flat_map(move |(alias, certificate)| {
                let problems = verify::shared_key(certificate, now).into_iter();
                problems.map(move |(severity, kind)| (alias, certificate, severity, kind))
            })
    }

    /// True if it is a keystore, not a file of bare certificates and keys.
    pub(crate) fn is_keystore(&self) -> bool {
        self.decoded().is_some_and(|decoded| {
            !matches!(decoded.format, Format::Pem | Format::Der | Format::Pkcs7)
        })
    }
}

/// A product home, and the cluster that it is part of.
#[derive(Debug)]
pub(crate) struct Home<'a> {
    /// The cluster.
    pub(crate) cluster: &'a Cluster<'a>,
    /// Which member of it.
    pub(crate) at: usize,
    /// Its files that encrypted secrets are in.
    pub(crate) files: &'a VaultHome,
    /// Its encrypted secrets.
    pub(crate) vault: &'a Vault<'a>,
}

impl<'a> Home<'a> {
    /// The home in its deployment.
    pub(crate) fn member(&self) -> &'a Member<'a> {
        &self.cluster.members()[self.at]
    }

    /// What its configuration says.
    pub(crate) fn config(&self) -> &'a HomeConfig {
        &self.member().home.config
    }

    /// Files in it that hold the vault's password or key as they are, and are not used up at the start.
    pub(crate) fn root_files(&self) -> impl Iterator<Item = &'static str> + use<'a> {
        let files = self.files.root_files.iter().copied();
        files.filter(|name| name.contains("persist"))
    }

    /// A path below it.
    pub(crate) fn path(&self, file: &str) -> Arc<str> {
        let path = self.member().home.dir.join(file);
        path.display().to_string().into()
    }

    /// True if a call leads to another machine.
    pub(crate) fn leads_elsewhere(&self, to: &CallTarget, endpoint: &Endpoint) -> bool {
        match self.cluster.party(self.at, to, endpoint) {
            Party::Member(member) => member != self.at,
            Party::Unknown { host } => !host.is_empty(),
            _ => true,
        }
    }
}

impl Finding {
    /// Says where in the configuration it is; nothing of what no file says.
    pub(super) fn at_setting(&mut self, home: &Home<'_>, place: Option<&Place>) -> &mut Self {
        if let Some(place) = place {
            self.path = Some(home.path(&place.file));
            self.line = (place.line > 0).then_some(place.line);
            self.column = (place.column > 0).then_some(place.column);
        }
        self
    }
}

/// Everything that was looked at, side by side.
#[derive(Debug)]
pub(crate) struct Deployment<'a> {
    /// What the run knows.
    pub(crate) context: &'a Context<'a>,
    /// The stores, by path.
    pub(crate) stores: &'a [Looked],
    /// What the stores of nodes were before they were renewed.
    pub(crate) former: &'a [Looked],
    trust: OnceCell<Trust>,
    anchors: OnceCell<Vec<AnchorInUse<'a>>>,
}

impl<'a> Deployment<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        stores: &'a [Looked],
        former: &'a [Looked],
    ) -> Self {
        Self {
            context,
            stores,
            former,
            trust: OnceCell::new(),
            anchors: OnceCell::new(),
        }
    }

    /// The anchors of all truststores.
    pub(crate) fn trust(&self) -> &Trust {
        self.trust.get_or_init(|| Trust::of(self.stores))
    }

    /// Entries of truststores to which a private key's chain leads.
    pub(crate) fn anchors_in_use(&self) -> &[AnchorInUse<'a>] {
        self.anchors
            .get_or_init(|| trust::anchors_in_use(self.stores, self.trust()))
    }

    /// Every private key with the store that it is in.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&'a Looked, &'a KeyFacts)> + use<'a> {
        trust::keys(self.stores)
    }

    /// The private keys of stores for TLS that belong to a node.
    pub(crate) fn tls_keys(&self) -> impl Iterator<Item = (&'a Looked, &'a KeyFacts)> + use<'a> {
        self.keys()
            .filter(|(store, _)| store.node.is_some() && store.purpose.is(Slot::Tls))
    }
}

impl Finding {
    /// Says which store it is in.
    pub(super) fn in_store(&mut self, store: &Looked) -> &mut Self {
        self.path = Some(store.path.clone());
        self.node.clone_from(&store.node);
        self.in_workspace = store.in_workspace;
        self
    }

    /// Says which entry of which store it is about.
    pub(super) fn at(
        &mut self,
        store: &Looked,
        alias: &str,
        certificate: Option<&CertificateFacts>,
    ) -> &mut Self {
        self.in_store(store);
        self.alias = Some(alias.into());
        self.sha256 = certificate.map(|certificate| certificate.sha256);
        self.not_after = certificate.map(|certificate| certificate.not_after);
        self
    }
}

/// Who may live with what.
#[derive(Debug)]
pub(crate) struct Waivers<'a> {
    /// What the run knows.
    pub(crate) context: &'a Context<'a>,
    /// Each with how many findings it met.
    pub(crate) waivers: &'a [(Arc<Waiver>, usize)],
}
