use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Home},
    wso2::config::{Client, Endpoint, Host, Scheme},
};

pub(super) static RULE: Rule = Rule {
    id: "plaintext-channel",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A connection to another machine without TLS",
    why: "Throttling events (9611), messages of the broker (5672), directories and databases: what \
          goes over the wire can be read and changed there, and the first message of most of them \
          is a password. 9711 is TLS for the login alone.",
    remedy: "# give the URL its scheme with TLS where the finding says, and see who would be trusted:\n\
             apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "api-manager.xml and jndi.properties of wso2/product-apim; wso2/api-manager#2810, \
             #2366 on how to switch them",
    checks: &[Check::Home(check)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    for call in &home.config().calls {
        // What browsers are shown is somebody else's choice.
        if call.client == Client::Browser || !home.cluster.makes(home.at, call) {
            continue;
        }
        let plain = |endpoint: &&Endpoint| {
            is_plain(endpoint.scheme) && home.leads_elsewhere(&call.to, endpoint)
        };
        if call.endpoints.iter().any(|endpoint| plain(&endpoint)) {
            let url = call.setting.known().map_or("", String::as_str);
            sink.say(format!("`{}` is opened without TLS: `{url}`", call.key))
                .at_setting(home, call.setting.place.as_ref());
        }
    }
    for source in &home.config().sources {
        let other = |endpoint: &Endpoint| matches!(&endpoint.host, Host::Named(host) if !home.config().is_own_host(host));
        if source.tls == Some(false) && source.servers.iter().any(other) {
            let url = source.url.known().map_or("", String::as_str);
            sink.say(format!("`{}` is opened without TLS: `{url}`", source.name))
                .at_setting(home, source.url.place.as_ref());
        }
    }
}

fn is_plain(scheme: Scheme) -> bool {
    matches!(
        scheme,
        Scheme::Amqp | Scheme::Http | Scheme::Ldap | Scheme::Tcp | Scheme::Ws
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning, warning", |lab| lab.plain_jms()),
    ("silent", |lab| {
        lab.toml_home("[server]\nhostname = \"gw1.example.com\"\n")
    }),
    ("warning", |lab| {
        lab.gateway_home(
            "[apim.key_manager]\nservice_url = \"http://km1.example.com:9763/services/\"\n",
        )
    }),
    ("silent", |lab| {
        lab.gateway_home(
            "[apim.key_manager]\nservice_url = \"https://km1.example.com:9443/services/\"\n",
        )
    }),
    ("warning", |lab| {
        lab.gateway_home("[[apim.throttling.url_group]]\ntraffic_manager_urls = [\"tcp://tm1.example.com:9611\"]\ntraffic_manager_auth_urls = [\"ssl://tm1.example.com:9711\"]\n")
    }),
    // To itself.
    ("silent", |lab| {
        lab.gateway_home("[apim.key_manager]\nservice_url = \"http://localhost:9763/services/\"\n")
    }),
    // Of another role.
    ("silent", |lab| {
        lab.gateway_home("[apim.devportal]\nurl = \"http://portal.example.com:9763/devportal\"\n")
    }),
    ("warning", |lab| {
        lab.gateway_home(
            "[database.apim_db]\nurl = \"jdbc:mysql://db.example.com:3306/apim?useSSL=false\"\n",
        )
    }),
    ("silent", |lab| {
        lab.gateway_home(
            "[database.apim_db]\nurl = \"jdbc:mysql://db.example.com:3306/apim?useSSL=true\"\n",
        )
    }),
    ("silent", |lab| {
        lab.gateway_home(
            "[database.apim_db]\nurl = \"jdbc:mysql://gw1.example.com:3306/apim?useSSL=false\"\n",
        )
    }),
    ("silent", |lab| {
        lab.gateway_home("[database.apim_db]\nurl = \"jdbc:h2:./repository/database/WSO2AM_DB\"\n")
    }),
    ("warning", |lab| {
        lab.gateway_home("[user_store]\nconnection_url = \"ldap://ldap.example.com:389\"\n")
    }),
    // What browsers are shown is somebody else's choice.
    ("silent", |lab| {
        lab.toml_home("[server]\nhostname = \"gw1.example.com\"\n[[apim.gateway.environment]]\nname = \"a\"\nhttp_endpoint = \"http://gw.example.com:8280\"\n")
    }),
];
