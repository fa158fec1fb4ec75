//! Values of several servers, in the product's own forms.

use std::fs;

use super::Deployment;
use crate::judge::judge;

const TOML: &str = "repository/conf/deployment.toml";

#[test]
fn values_with_too_few_servers_get_all_of_them_in_the_form_of_2_6() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let file = |node: &str, name: &str| deployment.home(node).join("repository/conf").join(name);
    let gateway = file("gateway-1", "api-manager.xml");
    let original = fs::read_to_string(&gateway).unwrap();
    let of = |scheme: &str, port: u16| {
        let each = [1, 2].map(|tm| format!("{{{scheme}://tm{tm}.apim.example.com:{port}}}"));
        each.join(",")
    };
    let (urls, logins) = (of("tcp", 9611), of("ssl", 9711));
    // One of two was left out, by hand or by an installation of old.
    let poor = original
        .replace(&urls, "tcp://${carbon.local.ip}:${receiver.url.port}")
        .replace(&logins, "{ssl://tm1.apim.example.com:9711}");
    assert_eq!(poor.matches("apim.example.com:9711").count(), 1);
    fs::write(&gateway, &poor).unwrap();
    let jndi = file("publisher-1", "jndi.properties");
    let text = fs::read_to_string(&jndi).unwrap();
    let brokers = ";tcp://tm2.apim.example.com:5672?retries='5'%26connectdelay='50'";
    assert_eq!(text.matches(brokers).count(), 1);
    fs::write(&jndi, text.replace(brokers, "")).unwrap();

    let told = "beside `ssl://tm1.apim.example.com:9711` belong `tm2.apim.example.com:9711`";
    let told = told.replace("ssl://", "");
    let run = deployment.install("gateway-1", &["--dry-run"]);
    assert!(run.stdout.contains(&told), "{run:#?}");
    for node in ["gateway-1", "publisher-1"] {
        let run = deployment.installs(node, &["--urls", "--yes"]);
        assert!(!run.stdout.contains("too few servers"), "{run:#?}");
        let run = deployment.install(node, &["--urls", "--yes"]);
        assert!(run.stderr.contains("nothing to do"), "{run:#?}");
    }
    let read = |element: &str| {
        let path = format!("/APIManager/ThrottlingConfigurations/TrafficManager/{element}");
        judge().xpath(&gateway, &path).unwrap()
    };
    assert_eq!(read("ReceiverUrlGroup"), urls);
    assert_eq!(read("AuthUrlGroup"), logins);
    assert_eq!(fs::read_to_string(&jndi).unwrap(), text);
}

#[test]
fn values_with_too_few_servers_get_all_of_them_in_the_form_of_4_7() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    let file = deployment.home("gateway-1").join(TOML);
    let original = fs::read_to_string(&file).unwrap();
    let second = original.rfind("[[apim.throttling.url_group]]").unwrap();
    let behind = original[second..].find("9711\"]\n").unwrap() + second + "9711\"]\n".len();
    let poor = format!("{}{}", &original[..second], &original[behind..]);
    let poor = poor
        .replace("tm1.apim.example.com:9", "localhost:9")
        .replace(", \"tcp://cp2.apim.example.com:5672\"", "")
        .replace("\"tcp://tm1.apim.example.com:5672\",", "");
    assert_eq!(poor.matches(":5672").count(), 2);
    fs::write(&file, poor).unwrap();
    deployment.installs("gateway-1", &["--urls", "--yes"]);
    let servers = |text: &str| {
        let toml: toml_edit::DocumentMut = text.parse().unwrap();
        let list = |item: &toml_edit::Item| {
            let values = item.as_array().unwrap().iter();
            let mut all: Vec<_> = values.map(|it| it.as_str().unwrap().to_owned()).collect();
            all.sort();
            all
        };
        let (apim, mut all) = (&toml["apim"], Vec::new());
        all.push(list(&apim["event_hub"]["event_listening_endpoints"]));
        all.push(list(&apim["throttling"]["throttle_decision_endpoints"]));
        let groups = apim["throttling"]["url_group"]
            .as_array_of_tables()
            .unwrap();
        for group in groups {
            all.push(list(&group["traffic_manager_urls"]));
            all.push(list(&group["traffic_manager_auth_urls"]));
        }
        all
    };
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(servers(&text), servers(&original), "{text}");
    let run = deployment.install("gateway-1", &["--urls", "--yes"]);
    assert!(run.stderr.contains("nothing to do"), "{run:#?}");
}

#[test]
fn what_belongs_beside_is_told_on_each_run_where_it_is_not_added() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let home = deployment.home("gateway-1");
    let file = home.join("repository/conf/api-manager.xml");
    let text = fs::read_to_string(&file).unwrap();
    let both = "{tcp://tm1.apim.example.com:9611},{tcp://tm2.apim.example.com:9611}";
    let logins = "{ssl://tm1.apim.example.com:9711},{ssl://tm2.apim.example.com:9711}";
    // Events and logins go to servers in pairs: with somebody's own for the logins there is none to be made.
    let alone = text
        .replace(both, "tcp://localhost:9611")
        .replace(logins, "ssl://elsewhere.example.net:9711");
    fs::write(&file, alone).unwrap();
    let told = "beside `tm1.apim.example.com:9611` belong `tm2.apim.example.com:9611`, which somebody has to add";
    for more in [
        &["--dry-run"][..],
        &["--urls", "--yes"],
        &["--urls", "--yes"],
    ] {
        let run = deployment.installs("gateway-1", more);
        assert!(run.stdout.contains(told), "{more:?}: {run:#?}");
    }
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("Group>tcp://tm1.apim.example.com:9611</"),
        "one server"
    );
}
