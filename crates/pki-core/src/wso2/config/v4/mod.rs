//! `deployment.toml`: 3.0 and later.
//!
//! The product makes its XML of this file at each start, over the defaults of the release. So most of what
//! a home says is not written in it: the tables here say what is read where nothing is.

mod account;
mod call_rows;
mod calls;
mod checks;
mod defaults;
mod edit;
mod files;
mod release;
mod resolve;
mod sources;
mod stores;
mod values;

pub(super) use edit::{edited, takes_beside};
pub(super) use values::tomcat;

use resolve::Resolver;

use super::{
    Generation, HomeConfig, Syntax,
    home::{DEPLOYMENT_TOML, HomeFiles, document},
    v2,
};
use crate::wso2::Product;

pub(super) fn read(files: &HomeFiles, product: Option<Product>) -> HomeConfig {
    let mut config = HomeConfig::empty(Generation::Toml);
    let deployment = document(files, DEPLOYMENT_TOML, Syntax::Toml, &mut config.unread);
    let (product, releases) = release::release(files, deployment.as_ref(), product);
    config.product = product;
    v2::beside(files, &mut config);
    let resolver = deployment
        .as_ref()
        .map(|document| Resolver::new(document, releases));
    if let Some(resolver) = &resolver {
        fill(&mut config, files, resolver);
    }
    files::read(&mut config, files, resolver.as_ref());
    if let Some(deployment) = deployment {
        config.documents.insert(0, deployment);
    }
    account::account(&mut config);
    config
}

fn fill(config: &mut HomeConfig, files: &HomeFiles, resolver: &Resolver<'_>) {
    config.role = release::role(resolver, files);
    config.hosts = checks::hosts(resolver);
    if config.offset.place.is_none() {
        config.offset = checks::offset(resolver);
    }
    config.stores = stores::stores(resolver);
    config.calls = calls::calls(resolver, config.offset.known().copied());
    config.sources.extend(sources::sources(resolver));
    config.credentials.extend(sources::credentials(resolver));
    config.name_checks.extend(checks::name_checks(resolver));
    config.protocols.extend(checks::protocols(resolver));
    config.transformation = checks::transformation(resolver);
    config.encryption_key = checks::encryption_key(resolver);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        secret::Bytes,
        wso2::{
            Role, Slot,
            config::{CallTarget, Client, NameCheck, State, StoreConsumer, Unknown},
        },
    };

    fn home(files: &[(&str, &str)], product: Option<Product>) -> HomeConfig {
        let files = files
            .iter()
            .map(|(file, text)| ((*file).to_owned(), Bytes::from(text.as_bytes())));
        HomeConfig::read(&files.collect(), product)
    }

    #[test]
    fn the_release_is_told_by_a_generated_file_or_else_by_what_cannot_be() {
        let carbon = "<Server><Version>4.5.0</Version></Server>";
        let toml = (
            DEPLOYMENT_TOML,
            "[server]\nserver_role = \"gateway-worker\"\n",
        );
        let told = home(&[toml, ("repository/conf/carbon.xml", carbon)], None);
        assert_eq!(told.product.value, Ok(Product::of(4, 5)));
        assert_eq!(told.role.value, Ok(Role::Gateway));
        for (script, releases) in [
            ("bin/wso2server.sh", "it may be 3.0.0 to 3.2.0"),
            ("bin/api-cp.sh", "it may be 4.5.0 to 4.7.0"),
            ("bin/other.sh", "it may be 3.0.0 to 4.7.0"),
        ] {
            let config = home(&[(DEPLOYMENT_TOML, ""), (script, "")], None);
            let unknown = Unknown::Release(releases.to_owned());
            assert_eq!(config.product.value, Err(unknown), "{script}");
        }
        // What is the same in all releases is known all the same.
        let config = home(&[(DEPLOYMENT_TOML, "")], None);
        assert!(config.transformation.known().is_none());
        let primary = config.stores.iter().find(|it| it.slot == Slot::Primary);
        assert_eq!(
            primary.unwrap().location.known().map(String::as_str),
            Some("repository/resources/security/wso2carbon.jks")
        );
        // The gateway's own distribution tells the role.
        let config = home(&[(DEPLOYMENT_TOML, ""), ("bin/gateway.sh", "")], None);
        assert_eq!(config.role.value, Ok(Role::Gateway));
    }

    #[test]
    fn start_scripts_and_secondary_user_stores_are_read_as_in_every_release() {
        let script = "java -Dhttpclient.hostnameVerifier=AllowAll -DportOffset=3 \\\n";
        let users = "<UserStoreManager><Property name=\"ConnectionURL\">ldaps://d:636</Property>\
                     <Property name=\"ConnectionPassword\">pw</Property>\
                     <Property name=\"PasswordJavaRegEx\">^x$</Property></UserStoreManager>";
        let config = home(
            &[
                (
                    DEPLOYMENT_TOML,
                    "[server]\noffset = 1\n[apim.event_hub]\nservice_url = \"https://localhost:${mgt.transport.https.port}/\"\n",
                ),
                ("bin/api-cp.sh", script),
                ("repository/deployment/server/userstores/d.xml", users),
            ],
            Some(Product::of(4, 7)),
        );
        let check = config
            .name_checks
            .iter()
            .find(|it| it.client == Client::Kernel);
        assert_eq!(check.unwrap().check.value, Ok(NameCheck::AllowAll));
        assert_eq!(config.offset.value, Ok(3));
        let hub = config
            .calls
            .iter()
            .find(|it| it.key == "apim.event_hub.service_url");
        assert_eq!(hub.unwrap().endpoints[0].port, Some(9446));
        assert_eq!(config.sources[0].tls, Some(true));
        assert!(config.credentials.iter().any(|it| it.of == "user store"));
        assert!(config.unknown.is_empty(), "{:?}", config.unknown);
    }

    #[test]
    fn what_a_role_or_a_setting_switches_off_is_said_with_its_reason() {
        let toml = "[server]\nserver_role = \"control-plane\"\n[apim.wss]\nenable = false\n\
                    [apim.throttling]\nthrottle_decision_endpoints = [\"tcp://tm:5672\"]\n\
                    [apim.analytics]\nconfig_endpoint = \"https://a\"\n";
        let config = home(&[(DEPLOYMENT_TOML, toml)], Some(Product::of(4, 7)));
        let call = |key: &str| {
            let call = config.calls.iter().find(|it| it.key == key);
            call.unwrap().state.clone()
        };
        let off = |reason: &str| State::Off(reason.to_owned());
        assert_eq!(
            call("apim.throttling.throttle_decision_endpoints"),
            off("`apim.throttling.enable_decision_connection` is `false`")
        );
        assert_eq!(
            call("apim.analytics.*"),
            off("`apim.analytics.enable` is `false`")
        );
        let mut stores = config.stores.iter();
        let websocket = stores.find(|it| it.consumer == StoreConsumer::WebsocketListener);
        assert_eq!(
            websocket.unwrap().state,
            off("`apim.wss.enable` is `false`")
        );
    }

    #[test]
    fn brokers_speak_tls_where_a_setting_says_so_and_roles_differ_by_release() {
        let toml = "[apim.throttling]\nthrottle_decision_endpoints = [\"tcp://tm:8672\"]\n[apim.throttling.jms]\nssl = true\n";
        for (product, to) in [
            (Product::of(3, 2), CallTarget::Role(Role::TrafficManager)),
            (
                Product::of(4, 7),
                CallTarget::AnyOf(&[Role::TrafficManager, Role::ControlPlane]),
            ),
        ] {
            let config = home(&[(DEPLOYMENT_TOML, toml)], Some(product));
            let mut calls = config.calls.iter();
            let call = calls.find(|it| it.key == "apim.throttling.throttle_decision_endpoints");
            let call = call.unwrap();
            assert_eq!(
                call.endpoints[0].scheme,
                crate::wso2::config::Scheme::AmqpTls
            );
            assert_eq!(call.to, to);
        }
    }

    #[test]
    fn a_broken_file_leaves_what_lies_beside_it() {
        let profile = "<parameter name=\"customSSLProfiles\"><profile><KeyStore><Location>a.jks</Location>\
                       </KeyStore></profile></parameter>";
        let config = home(
            &[
                (DEPLOYMENT_TOML, "[a\n"),
                ("repository/resources/security/sslprofiles.xml", profile),
            ],
            None,
        );
        assert_eq!(config.unread.len(), 1);
        assert_eq!(config.stores.len(), 1);
        assert!(matches!(config.stores[0].state, State::Off(_)));
    }
}
