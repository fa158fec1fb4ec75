//! Databases, directories, and passwords that are no store's.

use std::collections::BTreeSet;

use super::resolve::Resolver;
use crate::{
    secret::Password,
    wso2::config::{BlockId, Credential, DataSource, Setting, State, database, url},
};

/// Every database and directory that `deployment.toml` names.
pub(super) fn sources(resolver: &Resolver<'_>) -> Vec<DataSource> {
    let tables = databases(resolver).into_iter().map(|table| {
        let name = table["database.".len()..].to_owned();
        data_source(name, resolver.string(&format!("{table}.url")))
    });
    let listed = resolver.document.blocks("datasource").filter_map(|block| {
        let url = resolver.document.within(block, "url")?;
        let name = text(resolver, block, "id");
        Some(data_source(name, resolver.leaf(url)))
    });
    let directory = resolver.is_written(DIRECTORY_URL).then(|| {
        let name = "user store".to_owned();
        data_source(name, resolver.string(DIRECTORY_URL))
    });
    tables.chain(listed).chain(directory).collect()
}

/// Every password in `deployment.toml` that opens no store.
pub(super) fn credentials(resolver: &Resolver<'_>) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for row in ROWS {
        let password = match row.1 {
            // What the release takes is the administrator's again.
            _ if !resolver.is_written(row.1) => continue,
            key => resolver.password(key),
        };
        let user = resolver.is_written(row.2).then(|| resolver.string(row.2));
        credentials.push(credential(
            row.0.to_owned(),
            user,
            password,
            resolver.state(row.3),
        ));
    }
    for table in databases(resolver) {
        let key = format!("{table}.password");
        if resolver.is_written(&key) {
            let user = format!("{table}.username");
            let user = resolver.is_written(&user).then(|| resolver.string(&user));
            let of = format!("data source {}", &table["database.".len()..]);
            credentials.push(credential(of, user, resolver.password(&key), State::On));
        }
    }
    for (array, password, user, of, name) in ARRAYS {
        for block in resolver.document.blocks(array) {
            let Some(leaf) = resolver.document.within(block, password) else {
                continue;
            };
            let user = resolver.document.within(block, user);
            let user = user.map(|leaf| resolver.leaf(leaf));
            let of = format!("{of} {}", text(resolver, block, name));
            let of = of.trim_end().to_owned();
            credentials.push(credential(
                of,
                user,
                resolver.leaf_password(leaf),
                State::On,
            ));
        }
    }
    credentials
}

fn credential(
    of: String,
    user: Option<Setting<String>>,
    password: Setting<Password>,
    state: State,
) -> Credential {
    Credential {
        of,
        user,
        password,
        state,
    }
}

/// `deployment.toml` has no placeholders that stand for a host.
fn data_source(name: String, url: Setting<String>) -> DataSource {
    database::data_source(name, url, &|_| url::Meaning::Unknown)
}

/// The tables below `database`, `database.mb.store_db` too.
fn databases(resolver: &Resolver<'_>) -> BTreeSet<String> {
    let leaves = resolver.document.leaves().iter();
    leaves
        .filter(|leaf| !resolver.document.in_array_of_tables(leaf))
        .filter_map(|leaf| leaf.key.rsplit_once('.'))
        .filter(|(table, last)| {
            table.starts_with("database.")
                && matches!(*last, "url" | "type" | "hostname" | "password" | "username")
        })
        .map(|(table, _)| table.to_owned())
        .collect()
}

fn text(resolver: &Resolver<'_>, block: BlockId, key: &str) -> String {
    let leaf = resolver.document.within(block, key);
    leaf.and_then(|leaf| resolver.leaf(leaf).value.ok())
        .unwrap_or_default()
}

const DIRECTORY_URL: &str = "user_store.properties.ConnectionURL";

/// Whose a password is, its key, its user's, and what switches it on.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str, &[&str])] = &[
    ("administrator", "super_admin.password", "super_admin.username", &[]),
    ("user store", "user_store.properties.ConnectionPassword", "user_store.properties.ConnectionName", &[]),
    ("user store", "user_store.properties.password", "user_store.properties.userName", &[]),
    ("key manager", "apim.key_manager.password", "apim.key_manager.username", &[]),
    ("throttling", "apim.throttling.password", "apim.throttling.username", &[]),
    ("throttling, data bridge", "apim.throttling.receiver_password", "apim.throttling.receiver_username", &[]),
    ("throttling, policies", "apim.throttling.policy_deploy.password", "apim.throttling.policy_deploy.username", &[]),
    ("throttling, broker", "apim.throttling.jms.password", "apim.throttling.jms.username", &[]),
    ("event hub", "apim.event_hub.password", "apim.event_hub.username", &["apim.event_hub.enable"]),
    ("event hub, broker", "apim.event_hub.jms.password", "apim.event_hub.jms.username", &["apim.event_hub.enable"]),
    ("analytics", "apim.analytics.receiver_password", "apim.analytics.receiver_username", &["apim.analytics.enable"]),
    ("analytics", "apim.analytics.store_api_password", "apim.analytics.store_api_username", &["apim.analytics.enable"]),
    ("analytics", "apim.analytics.password", "apim.analytics.username", &["apim.analytics.enable"]),
    ("analytics, proxy", "apim.analytics.properties.proxy_config_password", "apim.analytics.properties.proxy_config_username", &["apim.analytics.enable"]),
    ("cache invalidation", "apim.cache_invalidation.password", "apim.cache_invalidation.username", &[]),
    ("proxy", "apim.proxy_config.password", "apim.proxy_config.username", &["apim.proxy_config.enable"]),
    ("recommendations", "apim.devportal.recommendations.password", "apim.devportal.recommendations.username", &[]),
    ("etcd", "apim.token.revocation.persistent_notifier.password", "apim.token.revocation.persistent_notifier.username", &["apim.token.revocation.enable_persistent_notifier"]),
    ("transaction counter", "apim.transaction_counter.service_password", "apim.transaction_counter.service_username", &["apim.transaction_counter.enable"]),
    ("workflow", "apim.workflow.wf_engine_pass", "apim.workflow.wf_engine_user", &["apim.workflow.enable"]),
    ("workflow, client registration", "apim.workflow.client_registration_password", "apim.workflow.client_registration_username", &["apim.workflow.enable"]),
    ("Redis", "apim.redis_config.password", "apim.redis_config.user", &[]),
    ("Redis, throttling", "apim.distributed_throttling.keyvalue_store.password", "apim.distributed_throttling.keyvalue_store.user", &[]),
    ("mail", "output_adapter.email.password", "output_adapter.email.username", &[]),
    ("tasks", "tasks.server_password", "tasks.server_username", &[]),
];

/// An array of tables, the keys of password and user in it, whose they are, and the key of the name.
#[rustfmt::skip]
const ARRAYS: &[(&str, &str, &str, &str, &str)] = &[
    ("apim.gateway.environment", "password", "username", "gateway environment", "name"),
    ("datasource", "password", "username", "data source", "id"),
    ("event_listener", "properties.password", "properties.username", "event listener", "id"),
];
