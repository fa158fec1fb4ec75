use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Home},
    wso2::{
        Slot,
        config::{DEPLOYMENT_TOML, Generation, HomeConfig, State, StoreConsumer, StoreUse},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "ref-stale",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A setting that still names the primary keystore where the TLS store is meant",
    why: "When a node gets a TLS store of its own, the listeners that nobody thought of go on \
          serving the shared key: secure WebSockets, the data bridge, the broker, a portal's SSO. \
          Clients then meet a certificate that names no host.",
    remedy: "apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "SecureWebSocketInboundEndpoint.xml, data-bridge-config.xml, broker.xml of \
             wso2/product-apim 2.6; wso2/product-apim#10687",
    checks: &[Check::Home(check)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    let config = home.config();
    let location = |store: &StoreUse| store.location.known().cloned();
    let primary = config
        .store(StoreConsumer::Primary, |_| true)
        .and_then(location);
    let tls = home
        .member()
        .home
        .slot(Slot::Tls)
        .and_then(|(store, _)| location(store));
    // With one store for both nothing is stale.
    let (Some(primary), Some(tls)) = (primary, tls) else {
        return;
    };
    if primary == tls {
        return;
    }
    for store in &config.stores {
        let is_tls = store.slot == Slot::Tls && !store.foreign;
        if is_tls && location(store).as_ref() == Some(&primary) && may_count(config, store) {
            let finding = sink.say(format!(
                "{} names `{primary}`, and the node's TLS store is `{tls}`",
                store.consumer.called()
            ));
            finding.at_setting(home, store.location.place.as_ref());
            if let State::Off(why) = &store.state {
                finding.message = format!("{} (switched off: {why})", finding.message).into();
                finding.severity(Severity::Info);
            }
        }
    }
}

/// True if somebody could switch it on: not what the product writes itself at each start, from 3.0 on.
fn may_count(config: &HomeConfig, store: &StoreUse) -> bool {
    let place = store.location.place.as_ref();
    let is_written = place.is_some_and(|place| &*place.file == DEPLOYMENT_TOML);
    store.state == State::On || config.generation == Generation::Xml || is_written
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.stale_wss().with_stores()),
    ("silent", |lab| lab.all_three().with_stores()),
    ("silent", |lab| lab.all_three()),
];
