//! What is refused, with its exit code and its way out, and not a file touched.

use std::fs;

use super::{Deployment, state};

#[test]
fn what_must_not_be_installed_is_refused_and_nothing_is_touched() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "gateway-1";
    let home = deployment.home(node);
    let carbon = home.join("repository/conf/carbon.xml");
    let original = fs::read(&carbon).unwrap();
    let text = String::from_utf8(original.clone()).unwrap();

    let refused = |what: &str, args: &[&str], code: i32, says: &[&str]| {
        let before = state(&home);
        let run = deployment.install(node, args);
        assert_eq!(run.code, Some(code), "{what}: {run:#?}");
        for says in says {
            assert!(run.stderr.contains(says), "{what}: {says}: {run:#?}");
        }
        assert!(before == state(&home), "{what}: something was touched");
    };

    refused(
        "nobody can be asked",
        &[],
        2,
        &["nobody can be asked", "--yes", "--dry-run"],
    );

    fs::write(home.join("wso2carbon.pid"), std::process::id().to_string()).unwrap();
    // This process is no server: a number that another program has by now counts for nothing.
    let shown = deployment.install(node, &["--dry-run"]);
    assert_eq!(shown.code, Some(0), "{shown:#?}");
    // A process of one piece: a child of it would stay when it is killed, with the output of this test open.
    let mut server = std::process::Command::new("sh")
        .args(["-c", "read -r _ # wso2server.sh"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    fs::write(home.join("wso2carbon.pid"), format!("{}\n", server.id())).unwrap();
    refused(
        "a running server",
        &["--yes"],
        5,
        &["the server is running", "stop it first"],
    );
    server.kill().unwrap();
    server.wait().unwrap();
    fs::remove_file(home.join("wso2carbon.pid")).unwrap();

    let line = text.lines().count();
    fs::write(&carbon, text.replace("</Server>", "</Serve>")).unwrap();
    refused(
        "broken XML",
        &["--yes"],
        3,
        &["repository/conf/carbon.xml:", "nothing was touched"],
    );
    assert!(line > 100);

    fs::write(
        &carbon,
        text.replace("gw1.apim.example.com", "gw2.apim.example.com"),
    )
    .unwrap();
    refused(
        "another node's home",
        &["--yes"],
        5,
        &[
            "which is node `gateway-2` and not `gateway-1`",
            "install --node gateway-2",
        ],
    );

    fs::write(&carbon, text.replace("<Version>2.6.0<", "<Version>2.2.0<")).unwrap();
    refused(
        "another release",
        &["--yes"],
        5,
        &["release 2.2.0", "product = \"2.2.0\""],
    );
    fs::write(&carbon, &original).unwrap();
}

#[test]
fn a_primary_that_is_nobody_s_default_stays() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let home = deployment.home("key-manager-1");
    // A home that another deployment of the same product was installed to.
    let other = Deployment::new("2.6.0").unwrap();
    let installed = other.install("key-manager-1", &["--yes"]);
    assert_eq!(installed.code, Some(0), "{installed:#?}");
    fs::remove_dir_all(&home).unwrap();
    super::copy(&other.home("key-manager-1"), &home);
    fs::remove_dir_all(home.join(".apim-pki")).unwrap();

    let before = state(&home);
    let run = deployment.install("key-manager-1", &["--yes"]);
    assert_eq!(run.code, Some(5), "{run:#?}");
    assert!(run.stderr.contains("another primary key"), "{run:#?}");
    assert!(run.stderr.contains("[primary] keystore"), "{run:#?}");
    assert!(before == state(&home));
}

#[test]
fn a_value_of_one_server_gets_one_and_the_others_are_told() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let file = deployment
        .home("gateway-1")
        .join("repository/conf/api-manager.xml");
    let text = fs::read_to_string(&file).unwrap();
    let both = "{tcp://tm1.apim.example.com:9611},{tcp://tm2.apim.example.com:9611}";
    assert!(text.contains(both));
    fs::write(&file, text.replace(both, "tcp://localhost:9611")).unwrap();
    let told = "beside `tm1.apim.example.com:9611` belong `tm2.apim.example.com:9611`";
    for more in [&["--dry-run"][..], &["--urls", "--yes"]] {
        let run = deployment.install("gateway-1", more);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert!(run.stdout.contains(told), "{run:#?}");
    }
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("Group>tcp://tm1.apim.example.com:9611</"),
        "one server"
    );
}
