use std::{collections::BTreeMap, sync::Arc};

use time::OffsetDateTime;

use super::{Confidence, Rule, Severity, Waiver, remedy};
use crate::{
    keystore::Alias,
    x509::{Certificate, Fingerprint},
};

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Which rule.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The file, as it was named, or from the named folder on.
    pub path: Option<Arc<str>>,
    /// Line of a text file, from 1.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// `HOST:PORT` that answered.
    pub host: Option<Arc<str>>,
    /// The node whose file it is.
    pub node: Option<Arc<str>>,
    /// The entry.
    pub alias: Option<Arc<str>>,
    /// The certificate: SHA-256 of its DER.
    pub sha256: Option<Fingerprint>,
    /// The certificate's last moment.
    pub not_after: Option<OffsetDateTime>,
    /// What was found, in words that need no other field.
    pub message: Arc<str>,
    /// Who lives with it, why, and until when.
    pub waived: Option<Arc<Waiver>>,
    /// It was in the baseline.
    pub known: bool,
    /// The file is one that the topology makes.
    pub in_workspace: bool,
    /// The product home that it is about, as it was named.
    pub home: Option<Arc<str>>,
}

impl Finding {
    /// What to do, as lines that can be pasted.
    pub fn remedy(&self) -> String {
        let template = match (&self.home, self.in_workspace) {
            (Some(_), _) => self.rule.remedy_in_home,
            (None, true) => self.rule.remedy_in_workspace,
            (None, false) => None,
        };
        let template = match (&self.host, &self.path, template) {
            // A command about a file says nothing of a server whose file nobody knows.
            (Some(_), None, None) if self.rule.remedy.contains("{path}") => PROBE,
            (_, _, template) => template.unwrap_or(self.rule.remedy),
        };
        let mut values = BTreeMap::new();
        let given = [
            ("path", &self.path),
            ("alias", &self.alias),
            ("node", &self.node),
            ("host", &self.host),
            ("home", &self.home),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                values.insert(name, &**value);
            }
        }
        remedy::fill(template, &values)
    }

    /// True if it counts: nobody waived it, and it is new.
    pub fn counts(&self) -> bool {
        self.waived.is_none() && !self.known
    }

    /// Says which entry and which certificate it is about.
    pub(super) fn about(&mut self, alias: &Alias, certificate: Option<&Certificate>) -> &mut Self {
        self.alias = Some(alias.as_str().into());
        self.certificate(certificate)
    }

    /// Says which certificate it is about.
    pub(super) fn certificate(&mut self, certificate: Option<&Certificate>) -> &mut Self {
        self.sha256 = certificate.map(Certificate::fingerprint);
        let view = certificate.and_then(|certificate| certificate.view().ok());
        self.not_after = view.map(|view| view.not_after);
        self
    }

    /// Says which line of the policy it is about.
    pub(super) fn in_policy(&mut self, waiver: &Waiver) -> &mut Self {
        self.path = Some(waiver.file.clone());
        self.line = Some(waiver.line);
        self.column = Some(waiver.column);
        self
    }

    /// As bad as this, and not as the rule has it.
    pub(super) fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// As sure as this at most.
    pub(super) fn confidence(&mut self, confidence: Confidence) -> &mut Self {
        self.confidence = self.confidence.min(confidence);
        self
    }
}

/// What tells more of a live server.
const PROBE: &str = "apim-pki probe {host}";

/// Where a rule puts what it finds.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    rule: &'static Rule,
    /// What is not known of a file more than by its name.
    confidence: Confidence,
    found: &'a mut Vec<Finding>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        rule: &'static Rule,
        confidence: Confidence,
        found: &'a mut Vec<Finding>,
    ) -> Self {
        Self {
            rule,
            confidence,
            found,
        }
    }

    /// Adds a finding, to be told more of.
    pub(crate) fn say(&mut self, message: impl Into<Arc<str>>) -> &mut Finding {
        self.found.push(Finding {
            rule: self.rule,
            severity: self.rule.severity,
            confidence: self.rule.confidence.min(self.confidence),
            path: None,
            line: None,
            column: None,
            host: None,
            node: None,
            alias: None,
            sha256: None,
            not_after: None,
            message: message.into(),
            waived: None,
            known: false,
            in_workspace: false,
            home: None,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
}
