//! Homes before and after `bin/profileSetup.sh -Dprofile=…` of 2.6.0, whose edits are done here line by line as
//! its `sed` does them.

use std::collections::BTreeSet;

use pki_core::wso2::{
    Role,
    config::{HomeConfig, HomeFiles, StoreConsumer},
};

use crate::xml::{API_MANAGER, AXIS2, all, opened, put, role, text};

/// `/<from>/,/<to>/ s/…/…/` of sed: from a line that has one text up to the next that has another.
fn in_range(text: &str, from: &str, to: &str, edit: impl Fn(&str) -> String) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let begins = !inside && line.contains(from);
        let (content, end) = match line.strip_suffix('\n') {
            Some(content) => (content, "\n"),
            None => (line, ""),
        };
        if inside || begins {
            out.push_str(&edit(content));
            out.push_str(end);
            inside = begins || !line.contains(to);
        } else {
            out.push_str(line);
        }
    }
    out
}

fn disable(files: &mut HomeFiles, block: &str) {
    let (from, to) = (format!("<{block}>"), format!("</{block}>"));
    let off = |line: &str| line.replace("<Enabled>true</Enabled>", "<Enabled>false</Enabled>");
    let edited = in_range(&text(files, API_MANAGER), &from, &to, off);
    put(files, API_MANAGER, &edited);
}

fn disable_sender(files: &mut HomeFiles, name: &str) {
    let from = format!(
        "<transportSender name=\"{name}\" class=\"org.wso2.carbon.websocket.transport.WebsocketTransportSender\">"
    );
    let comment = |line: &str| format!("<!--{line}-->");
    let edited = in_range(&text(files, AXIS2), &from, "</transportSender>", comment);
    put(files, AXIS2, &edited);
}

/// What the script does for a role, as far as it touches configuration.
pub(crate) fn optimise(files: &mut HomeFiles, role: Role) {
    let deployment = "repository/deployment/server/";
    match role {
        Role::KeyManager | Role::Store => {
            for block in ["DataPublisher", "JMSConnectionDetails", "PolicyDeployer"] {
                disable(files, block);
            }
        }
        Role::Publisher => {
            disable(files, "DataPublisher");
            disable(files, "JMSConnectionDetails");
        }
        Role::Gateway => disable(files, "PolicyDeployer"),
        _ => {}
    }
    if role != Role::Gateway {
        disable_sender(files, "ws");
        disable_sender(files, "wss");
        files.retain(|file, _| !file.contains("/inbound-endpoints/"));
    }
    if matches!(role, Role::KeyManager | Role::TrafficManager) {
        files.retain(|file, _| !file.starts_with(&format!("{deployment}synapse-configs/")));
    }
    files.retain(|file, _| {
        let app = file.strip_prefix(&format!("{deployment}jaggeryapps/"));
        app.is_none_or(|app| match role {
            Role::Publisher => app.starts_with("admin/") || app.starts_with("publisher/"),
            Role::Store => app.starts_with("store/"),
            _ => false,
        })
    });
}

/// The parts that open a store, with where it is named.
fn stores(config: &HomeConfig) -> BTreeSet<String> {
    let stores = config.stores.iter();
    stores
        .map(|it| format!("{:?} {:?} {:?}", it.consumer, it.slot, it.location))
        .collect()
}

#[test]
fn a_role_reads_alike_before_and_after_the_profile_optimiser() {
    for (name, files) in all() {
        let role = role(&name);
        let before = HomeConfig::read(&files, None);
        let mut optimised = files.clone();
        optimise(&mut optimised, role);
        let after = HomeConfig::read(&optimised, None);
        assert!(after.unread.is_empty(), "{name}: {:?}", after.unread);
        assert!(after.unknown.is_empty(), "{name}: {:?}", after.unknown);
        assert_eq!(opened(&before, role), opened(&after, role), "{name}");
        // Nothing new, and what is gone is the WebSocket sender that was commented out.
        let (before, after) = (stores(&before), stores(&after));
        assert!(after.is_subset(&before), "{name}");
        let gone: Vec<&String> = before.difference(&after).collect();
        let sender = format!("{:?}", StoreConsumer::WebsocketSender);
        let expected = usize::from(!matches!(role, Role::Gateway | Role::TrafficManager));
        assert_eq!(gone.len(), expected, "{name}: {gone:?}");
        assert!(gone.iter().all(|it| it.starts_with(&sender)), "{gone:?}");
    }
}
