use super::{Action, Draft, Note, Place, Reason, Verb, Work};
use crate::{disk::RelPath, keystore::Format, observe::Layout};

/// Files that have another name now, and folders of nodes that left.
pub(super) fn plan(draft: &mut Draft<'_>) {
    renamed_files(draft);
    left_folders(draft);
}

/// A store that the topology no longer names goes once its successor is there. Anything that is no store
/// is left alone: somebody put it there.
fn renamed_files(draft: &mut Draft<'_>) {
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
            if draft.found.open_store(&path).is_none() {
                draft.notes.push(Note::Unknown { path });
                continue;
            }
            draft.actions.push(Action {
                node: Layout::node_of(&path).map(|(node, _)| node.to_owned()),
                file: path,
                verb: Verb::Retire,
                reason: Reason::Renamed,
                detail: vec!["to `generations/`".to_owned()],
                work: Work::Retire,
            });
        }
    }
}

fn left_folders(draft: &mut Draft<'_>) {
    let topology = draft.topology;
    let left: Vec<String> = draft
        .found
        .node_folders()
        .into_iter()
        .filter(|folder| {
            topology.node(folder).is_none()
                && !topology
                    .externals
                    .iter()
                    .any(|external| external.shared_primary && external.name == **folder)
        })
        .map(str::to_owned)
        .collect();
    for node in left {
        if !draft.scope.prune {
            draft.notes.push(Note::FolderLeft { node });
            continue;
        }
        draft.actions.push(Action {
            file: Layout::node(&node),
            node: Some(node),
            verb: Verb::Retire,
            reason: Reason::NodeGone,
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
        for kept in self.found.replaced(path) {
            if let Ok(path) = RelPath::new(kept) {
                places.push(Place {
                    path,
                    state: "an earlier version".to_owned(),
                });
            }
        }
        places
    }
}
