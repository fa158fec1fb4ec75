//! Under which keys a home encrypts: known wherever anything tells, and never taken for none where nothing does.

use std::{fs, path::Path, time::Duration};

use pki_core::{
    edit::{Conversion, Target, convert},
    key::SystemRandom,
    keystore::{Encoding, Format, Keystore, Pkcs12Profile},
    observe::{EncryptingKey, HomeReader, KeyUnknown, VaultHome},
    secret::Password,
    wso2::{Slot, known_certificate},
};

use crate::home;

const STORES: &str = "repository/resources/security";

/// The key of a slot of a changed copy of a gateway of 4.7, if these passwords are known.
fn key(slot: Slot, passwords: &[&str], change: impl FnOnce(&Path)) -> Option<EncryptingKey> {
    let homes = home::homes("4.7.0").into_iter();
    let from = homes.into_iter().find(|it| it.ends_with("gateway-1"))?;
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("gateway-1");
    home::copy(&from, &copy);
    change(&copy);
    let found = VaultHome::read_all(&HomeReader::new(), &[copy], Duration::ZERO, &|| {});
    let passwords: Vec<Password> = passwords.iter().map(|it| Password::new(*it)).collect();
    Some(found[0].as_ref().unwrap().encrypting_key(slot, &passwords))
}

fn add(home: &Path, tables: &str) {
    let file = home.join("repository/conf/deployment.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n{tables}")).unwrap();
}

/// The release's own primary, as a PKCS #12 in which nothing lies open.
fn sealed(home: &Path, file: &str, password: &str) {
    let bytes = fs::read(home.join(STORES).join("wso2carbon.jks")).unwrap();
    let store = Keystore::decode(&bytes, &Password::new("wso2carbon")).unwrap();
    let (encoding, new) = (
        Encoding::Pkcs12(Pkcs12Profile::Modern),
        Password::new(password),
    );
    let conversion = Conversion {
        from: Format::Jks,
        to: Target::Store(encoding),
        passwords: &[Password::new("wso2carbon")],
        key_password: &new,
        allow_loss: true,
        number_clashes: true,
    };
    let converted = convert(&store.keystore, &conversion, &mut SystemRandom).unwrap();
    let bytes = converted
        .keystore
        .encode(encoding, &new, &mut SystemRandom)
        .unwrap();
    fs::write(home.join(STORES).join(file), bytes.expose()).unwrap();
}

fn is_default(key: &EncryptingKey) -> bool {
    matches!(key, EncryptingKey::Known(it) if known_certificate(it).is_some())
}

#[test]
fn the_primary_serves_where_no_internal_keystore_is_named() {
    for slot in [Slot::Primary, Slot::Internal] {
        let Some(key) = key(slot, &[], |_| {}) else {
            return;
        };
        assert!(is_default(&key), "{slot}: {key:?}");
    }
}

#[test]
fn a_store_is_opened_with_what_is_known_and_otherwise_says_nothing() {
    const NAMED: &str = "[keystore.internal]\nfile_name = \"own.p12\"\ntype = \"PKCS12\"\n\
                         password = \"$env{OWN}\"\nalias = \"wso2carbon\"\nkey_password = \"$env{OWN}\"\n";
    let of = |passwords: &[&str]| {
        key(Slot::Internal, passwords, |home| {
            sealed(home, "own.p12", "a password of its own");
            add(home, NAMED);
        })
    };
    let Some(unknown) = of(&[]) else { return };
    let is_sealed = |key: &EncryptingKey| matches!(key, EncryptingKey::Unknown(KeyUnknown::Sealed { path, .. }) if path.ends_with("own.p12"));
    assert!(is_sealed(&unknown), "{unknown:?}");
    assert!(is_sealed(&of(&["another"]).unwrap()));
    assert!(is_default(
        &of(&["another", "a password of its own"]).unwrap()
    ));
    // The primary is what it was.
    let primary = key(Slot::Primary, &[], |home| add(home, NAMED)).unwrap();
    assert!(is_default(&primary));
}

#[test]
fn a_password_that_does_not_fit_hides_a_jks_from_nobody_and_a_pkcs12_from_all() {
    let wrong = |file: &str| {
        format!(
            "[keystore.primary]\nfile_name = \"{file}\"\npassword = \"not this\"\nalias = \"wso2carbon\"\n"
        )
    };
    let jks = key(Slot::Primary, &[], |home| {
        add(home, &wrong("wso2carbon.jks"))
    });
    let Some(jks) = jks else { return };
    assert!(is_default(&jks), "{jks:?}");
    let closed = |passwords: &[&str]| {
        key(Slot::Primary, passwords, |home| {
            sealed(home, "other.p12", "secret");
            add(home, &wrong("other.p12"));
        })
    };
    let unknown = closed(&[]).unwrap();
    assert!(
        matches!(&unknown, EncryptingKey::Unknown(KeyUnknown::Closed { .. })),
        "{unknown:?}"
    );
    assert!(is_default(&closed(&["secret"]).unwrap()));
}

#[test]
fn a_store_that_is_missing_in_the_home_is_none_and_one_elsewhere_may_come_back() {
    let missing = key(Slot::Primary, &[], |home| {
        fs::remove_file(home.join(STORES).join("wso2carbon.jks")).unwrap();
    });
    let Some(missing) = missing else { return };
    assert!(matches!(missing, EncryptingKey::Absent), "{missing:?}");
    let elsewhere = key(Slot::Primary, &[], |home| {
        add(
            home,
            "[keystore.primary]\nfile_name = \"../../../../not-mounted/own.jks\"\n",
        );
    });
    assert!(
        matches!(
            elsewhere.as_ref().unwrap(),
            EncryptingKey::Unknown(KeyUnknown::Elsewhere { .. })
        ),
        "{elsewhere:?}"
    );
    let untold = key(Slot::Primary, &[], |home| {
        add(home, "[keystore.primary]\nalias = \"$env{ALIAS}\"\n");
    });
    assert!(
        matches!(
            untold.as_ref().unwrap(),
            EncryptingKey::Unknown(KeyUnknown::Untold { .. })
        ),
        "{untold:?}"
    );
}
