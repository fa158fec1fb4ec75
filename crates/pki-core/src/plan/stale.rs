use super::{
    Action, Draft, Note, Place, Reason, Verb, Work,
    masters::Masters,
    node::{Certificates, State},
};
use crate::{disk::RelPath, keystore::Format, observe::Layout, x509::Certificate};

/// Files that have another name now, and folders of nodes that left.
pub(super) fn plan(draft: &mut Draft<'_>, masters: &Masters, certificates: &Certificates) {
    renamed_files(draft, masters, certificates);
    left_folders(draft);
}

/// A store that the topology no longer names goes once its successor is there. What no run wrote, and a
/// key that nothing else holds, is left alone.
fn renamed_files(draft: &mut Draft<'_>, masters: &Masters, certificates: &Certificates) {
    let topology = draft.topology;
    let names: Vec<&str> = topology
        .stores
        .iter()
        .map(|(_, settings)| settings.file.as_str())
        .collect();
    let mut folders: Vec<RelPath> = draft
        .folders()
        .iter()
        .map(|folder| Layout::node(folder))
        .collect();
    folders.push(Layout::masters());
    for folder in folders {
        let below: Vec<RelPath> = draft.found.below(&folder).cloned().collect();
        for path in below {
            if names.contains(&path.file_name()) {
                continue;
            }
            let format = draft
                .found
                .content(&path)
                .and_then(|content| Format::detect(content.expose()));
            if !matches!(format, Some(Format::Jks | Format::Pkcs12)) {
                continue;
            }
            match draft.succeeded(&path, masters, certificates) {
                Successor::None => draft.notes.push(Note::Unknown { path }),
                Successor::Later => {}
                Successor::There => draft.actions.push(Action {
                    node: Layout::node_of(&path).map(|(node, _)| node.to_owned()),
                    file: path,
                    verb: Verb::Retire,
                    reason: Reason::Renamed,
                    detail: vec!["to `generations/`".to_owned()],
                    work: Work::Retire,
                }),
            }
        }
    }
}

/// What follows a store under a name that the topology does not have.
enum Successor {
    /// A run that is for its node.
    Later,
    /// Nothing: it is none of the tool's, or holds a key that no other store holds.
    None,
    /// A store that is there, or that this plan writes.
    There,
}

impl Draft<'_> {
    fn succeeded(
        &self,
        path: &RelPath,
        masters: &Masters,
        certificates: &Certificates,
    ) -> Successor {
        let written_here = !self.found.has_record() || self.found.recorded(path).is_some();
        let (Some(store), true) = (self.found.open_store(path), written_here) else {
            return Successor::None;
        };
        let internal = masters.internal.iter();
        let shared: Vec<&Certificate> = std::iter::once(&masters.primary)
            .chain(internal)
            .filter_map(|master| master.certificate.as_ref())
            .collect();
        let mut own = store
            .private_keys()
            .filter_map(|(_, chain)| chain.first())
            .filter(|certificate| !shared.contains(certificate))
            .peekable();
        if own.peek().is_none() {
            return Successor::There;
        }
        let Some((node, _)) = Layout::node_of(path) else {
            return Successor::None;
        };
        let tls = Layout::node_file(node, &self.topology.stores.tls.file);
        let is_there = self.found.content(&tls).is_some()
            || self.actions.iter().any(|action| action.file == tls);
        let known = |certificate: &Certificate| match certificates.nodes.get(node) {
            _ if self.topology.tls_shared => true,
            Some(State::Kept(kept)) => kept == certificate,
            Some(State::New { before }) => before.as_ref() == Some(certificate),
            None => false,
        };
        match (own.all(known), is_there) {
            (true, true) => Successor::There,
            (true, false) => Successor::Later,
            (false, _) => Successor::None,
        }
    }
}

fn left_folders(draft: &mut Draft<'_>) {
    for folder in draft.found.left_folders(draft.topology) {
        if !draft.scope.prune {
            draft.notes.push(Note::FolderLeft { folder });
            continue;
        }
        draft.actions.push(Action {
            node: folder.as_str().strip_prefix("nodes/").map(str::to_owned),
            file: folder,
            verb: Verb::Retire,
            reason: Reason::FolderLeft,
            detail: vec![
                "to `generations/`; its certificate stays valid until it expires".to_owned(),
            ],
            work: Work::RetireFolder,
        });
    }
}

impl Draft<'_> {
    /// Places where a copy may be, and those where earlier versions are kept.
    pub(super) fn with_generations(&self, mut places: Vec<Place>, path: &RelPath) -> Vec<Place> {
        places.extend(self.found.replaced(path).into_iter().map(|path| Place {
            path,
            state: "an earlier version".to_owned(),
        }));
        places
    }
}
