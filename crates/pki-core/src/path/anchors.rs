use std::collections::HashMap;

use crate::x509::{Certificate, View, name::Comparable};

/// Trust anchors, found by name: the trusted certificates of one truststore.
///
/// Certificates that cannot be read are left out: no path ends in them.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    by_subject: HashMap<Comparable, Vec<Certificate>>,
}

impl Anchors {
    /// Puts certificates in order. They may come in any.
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        let mut by_subject: HashMap<_, Vec<_>> = HashMap::new();
        for certificate in certificates {
            let Ok(view) = certificate.view() else {
                continue;
            };
            let same_name = by_subject.entry(view.subject_key.clone()).or_default();
            if !same_name.contains(&certificate) {
                same_name.push(certificate);
            }
        }
        Self { by_subject }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_subject.values().map(Vec::len).sum()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.by_subject.is_empty()
    }

    /// All of them, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.by_subject.values().flatten()
    }

    /// Those with a name.
    pub(super) fn named(&self, subject: &Comparable) -> &[Certificate] {
        self.by_subject.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The anchor that a certificate is: the same one, or one with the same name and key. A CA that was
    /// certified anew is trusted in both forms.
    pub(super) fn that_is(&self, certificate: &Certificate, view: &View) -> Option<&Certificate> {
        let same_name = self.named(&view.subject_key);
        same_name
            .iter()
            .find(|anchor| *anchor == certificate)
            .or_else(|| {
                same_name
                    .iter()
                    .find(|anchor| anchor.view().is_ok_and(|anchor| anchor.spki == view.spki))
            })
    }
}

impl FromIterator<Certificate> for Anchors {
    fn from_iter<I: IntoIterator<Item = Certificate>>(certificates: I) -> Self {
        Self::new(certificates)
    }
}
