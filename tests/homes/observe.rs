//! Homes as they lie on a disk: read, and what their references lead to.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

use pki_core::{
    observe::{Home, HomeError, HomeReader, KeyLead, StoreLead},
    wso2::{Product, Role, Slot, config::State},
};

use crate::home;

fn name(home: &Path) -> String {
    home.file_name().unwrap().to_str().unwrap().to_owned()
}

fn all(release: &str) -> Vec<Home> {
    let reader = HomeReader::new();
    let homes = reader.read_all(&home::homes(release), &|| {});
    homes.into_iter().map(Result::unwrap).collect()
}

#[test]
fn a_home_of_4_7_is_known_by_its_default_key_and_its_role_by_whom_it_calls() {
    for home in all("4.7.0") {
        let product = home.product.as_ref().unwrap();
        assert_eq!(product.value, Product::of(4, 7));
        assert!(product.evidence[0].contains("D11"), "{product:?}");
        let name = name(&home.dir);
        let role: Role = name.rsplit_once('-').unwrap().0.parse().unwrap();
        assert_eq!(
            home.role.as_ref().map(|it| it.value),
            Ok(role),
            "{name}: {:?}",
            home.role
        );
    }
}

#[test]
fn every_active_reference_of_an_untouched_home_leads_to_a_store_that_opens() {
    for home in all("4.7.0") {
        assert!(home.unreadable.is_empty(), "{:?}", home.unreadable);
        assert!(home.pending.is_none());
        for (reference, lead) in home.stores().filter(|(it, _)| it.state == State::On) {
            let StoreLead::Open { key, .. } = lead else {
                panic!(
                    "{}: {:?} leads to {lead:?}",
                    home.dir.display(),
                    reference.consumer
                );
            };
            let fine = matches!(key, KeyLead::Opens | KeyLead::Any | KeyLead::None);
            assert!(fine, "{:?}: {key:?}", reference.consumer);
        }
        let primary = home.certificate(Slot::Primary).unwrap();
        assert!(pki_core::wso2::known_certificate(primary).is_some());
    }
}

/// A copy of a gateway of 4.7, changed, and read.
fn changed(change: impl FnOnce(&Path)) -> Option<Home> {
    let from = home::homes("4.7.0")
        .into_iter()
        .find(|it| name(it) == "gateway-1")?;
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("gateway-1");
    home::copy(&from, &copy);
    change(&copy);
    Some(HomeReader::new().read(&copy).unwrap())
}

fn set(home: &Path, from: &str, to: &str) {
    let file = home.join("repository/conf/deployment.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(&file, text.replacen(from, to, 1)).unwrap();
}

const STORES: &str = "repository/resources/security";

fn lead(home: &Home, slot: Slot) -> &StoreLead {
    home.slot(slot).unwrap().1
}

#[test]
fn what_is_wrong_with_a_reference_is_told_apart() {
    let missing =
        changed(|home| fs::remove_file(home.join(STORES).join("wso2carbon.jks")).unwrap());
    let Some(missing) = missing else { return };
    assert!(
        matches!(lead(&missing, Slot::Tls), StoreLead::Missing { path } if path.ends_with("security/wso2carbon.jks"))
    );

    let wrong =
        changed(|home| set(home, "password =  \"wso2carbon\"", "password = \"another\"")).unwrap();
    assert!(matches!(lead(&wrong, Slot::Tls), StoreLead::Closed { .. }));
    // The primary is not written: the default password still opens it.
    assert!(matches!(
        lead(&wrong, Slot::Primary),
        StoreLead::Open { .. }
    ));

    let alias = changed(|home| set(home, "alias =  \"wso2carbon\"", "alias = \"tls\"")).unwrap();
    assert!(matches!(
        lead(&alias, Slot::Tls),
        StoreLead::Open {
            key: KeyLead::Missing,
            ..
        }
    ));

    let secret = changed(|home| {
        set(
            home,
            "password =  \"wso2carbon\"",
            "password = \"$secret{tls}\"",
        )
    })
    .unwrap();
    let StoreLead::Sealed { content, .. } = lead(&secret, Slot::Tls) else {
        panic!("{:?}", lead(&secret, Slot::Tls));
    };
    assert!(content.as_ref().unwrap().keystore.private_keys().count() == 1);

    let unreadable = changed(|home| {
        let store = home.join(STORES).join("wso2carbon.jks");
        fs::remove_file(&store).unwrap();
        fs::create_dir(store).unwrap();
    });
    assert!(matches!(
        lead(&unreadable.unwrap(), Slot::Tls),
        StoreLead::Closed { .. }
    ));
}

#[test]
fn links_are_followed_and_what_is_no_file_is_passed_over() {
    let elsewhere = tempfile::tempdir().unwrap();
    let home = changed(|home| {
        let store = home.join(STORES).join("wso2carbon.jks");
        fs::rename(&store, elsewhere.path().join("real.jks")).unwrap();
        symlink(elsewhere.path().join("real.jks"), &store).unwrap();
        let conf = home.join("repository/conf");
        symlink(&conf, conf.join("tomcat")).unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(conf.join("pipe.xml"))
            .status();
        assert!(pipe.unwrap().success());
        fs::create_dir_all(home.join(".apim-pki/generations")).unwrap();
    });
    let Some(home) = home else { return };
    assert!(matches!(lead(&home, Slot::Tls), StoreLead::Open { .. }));
    assert!(home.unreadable.is_empty(), "{:?}", home.unreadable);
}

#[test]
fn a_broken_file_is_told_with_line_and_column_and_the_rest_is_read() {
    let home = changed(|home| set(home, "[truststore]", "[truststore"));
    let Some(home) = home else { return };
    let unread = &home.config.unread[0];
    assert_eq!(&*unread.file, "repository/conf/deployment.toml");
    assert!(
        unread.reason.to_string().starts_with("20:12: "),
        "{}",
        unread.reason
    );
}

#[test]
fn a_folder_that_is_no_home_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let error = HomeReader::new().read(dir.path()).unwrap_err();
    assert!(matches!(error, HomeError::NotAHome { .. }));
    let error = HomeReader::new()
        .wait(Duration::ZERO)
        .read(&dir.path().join("none"));
    assert!(matches!(error, Err(HomeError::Unreadable { .. })));
}
