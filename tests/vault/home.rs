//! The secrets of whole files: what the cipher tool writes is read and judged here, what is written here the
//! secure vault reads.

use std::{collections::BTreeMap, path::Path};

use pki_core::{
    key::SystemRandom,
    secret::Password,
    wso2::{
        config::{Document, Generation, Syntax},
        vault::{
            ChangeError, Changes, Cipher, Consequence, Content, Dialect, Done, Envelope, Keeper,
            Keyring, NewKey, Obstacle, OpenError, OpeningKey, Padding, SealingKey, SymmetricKey,
            TargetState, Vault, Verdict,
        },
    },
};

use crate::{judge::judge, material::Pair, shared};

const CIPHER_TEXT: &str = "repository/conf/security/cipher-text.properties";
const SECRET_CONF: &str = "repository/conf/security/secret-conf.properties";
const OAEP: &str = "RSA/ECB/OAEPwithSHA1andMGF1Padding";
const PLAIN: &str = "# a comment\r\n\r\nCarbon.Security.KeyStore.Password=[wso2carbon]\r\n\
                     with\\ blank\\:=[p\\u00e4ss=wort:]\r\n#off=[x]\r\nlast : [ends here ]";

#[test]
fn what_the_cipher_tool_writes_is_listed_and_read() {
    let pair = Pair::ready("rsa-2048-01");
    for (transformation, conf) in [
        ("RSA", String::new()),
        (OAEP, format!("secretRepositories.file.algorithm={OAEP}\n")),
    ] {
        let written = configured(&pair, transformation, PLAIN);
        let documents = [
            document(CIPHER_TEXT, &written),
            document(SECRET_CONF, conf.as_bytes()),
        ];
        let vault = Vault::of(&documents, Generation::Xml);
        let keys = keyring(&pair);
        let mut found = BTreeMap::new();
        for secret in &vault.secrets {
            let Verdict::Reads(opened) = vault.check(secret, &keys) else {
                panic!("{secret:?}");
            };
            assert_eq!(Some(opened.cipher), vault.settings.cipher.clone().ok());
            let text = opened.text().unwrap().expose().to_owned();
            found.insert(secret.alias.clone(), text);
        }
        assert_eq!(found, expected());
    }
}

#[test]
fn what_is_encrypted_here_the_vault_reads_and_nothing_else_changes() {
    let pair = Pair::ready("rsa-2048-02");
    for (transformation, conf) in [
        ("RSA", ""),
        (
            OAEP,
            "secretRepositories.file.algorithm=RSA/ECB/OAEPwithSHA1andMGF1Padding",
        ),
    ] {
        let documents = [
            document(CIPHER_TEXT, PLAIN.as_bytes()),
            document(SECRET_CONF, conf.as_bytes()),
        ];
        let vault = Vault::of(&documents, Generation::Xml);
        let changes = vault.encrypt(&pair.sealing(), &mut SystemRandom).unwrap();
        assert_eq!(changes.outcomes.len(), 3);
        let written = only_file(&changes);
        assert_eq!(secrets(transformation, &pair, &written), expected());
        // Line by line it is the same file, but for the values.
        let before: Vec<&str> = PLAIN.split('\n').collect();
        let text = String::from_utf8(written.clone()).unwrap();
        let after: Vec<&str> = text.split('\n').collect();
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(after) {
            match before.split_once('[') {
                Some((name, _)) if !before.starts_with('#') => {
                    assert!(after.starts_with(name), "{after}");
                    assert_eq!(before.ends_with('\r'), after.ends_with('\r'));
                }
                _ => assert_eq!(*before, after),
            }
        }
        // Run again: nothing is plain any more.
        let documents = [document(CIPHER_TEXT, &written)];
        let again = Vault::of(&documents, Generation::Xml);
        let changes = again.encrypt(&pair.sealing(), &mut SystemRandom).unwrap();
        assert!(changes.files.is_empty() && changes.outcomes.is_empty());
    }
}

#[test]
fn the_real_files_of_a_release_are_encrypted_as_the_cipher_tool_does() {
    let Some(folder) = shared::folder() else {
        return;
    };
    let pair = Pair::ready("rsa-2048-03");
    let home = folder.join("wso2/homes/2.6.0/gateway-1");
    let plain = std::fs::read(home.join(CIPHER_TEXT)).unwrap();
    let documents = [document(CIPHER_TEXT, &plain)];
    let vault = Vault::of(&documents, Generation::Xml);
    assert_eq!(vault.secrets.len(), 6);
    let changes = vault.encrypt(&pair.sealing(), &mut SystemRandom).unwrap();
    let ours = secrets("RSA", &pair, &only_file(&changes));
    let theirs = configured(&pair, "RSA", std::str::from_utf8(&plain).unwrap());
    assert_eq!(ours, secrets("RSA", &pair, &theirs));
    assert_eq!(ours["UserManager.AdminUser.Password"], "admin");
}

#[test]
fn every_real_home_names_its_secrets_afterwards_as_the_cipher_tool_would() {
    let Some(folder) = shared::folder() else {
        return;
    };
    let pair = Pair::ready("rsa-2048-10");
    let homes = std::fs::read_dir(folder.join("wso2/homes/2.6.0")).unwrap();
    for home in homes.map(|entry| entry.unwrap().path()) {
        let copy = tempfile::tempdir().unwrap();
        let mut documents = documents(&home, copy.path());
        documents.push(document(SECRET_CONF, b""));
        let before = targets(copy.path());
        assert!(
            before.iter().all(|row| row[1] == "1" && row[3].is_empty()),
            "{before:?}"
        );
        let vault = Vault::of(&documents, Generation::Xml);
        assert_eq!(vault.targets.len(), before.len());
        for target in &vault.targets {
            assert!(matches!(
                target.state,
                TargetState::WrittenOut {
                    same: Some(true),
                    ..
                }
            ));
        }
        let changes = vault.configure(&pair.sealing(), &mut SystemRandom).unwrap();
        assert_eq!(changes.files.len(), 5, "{:?}", changes.files);
        for file in &changes.files {
            std::fs::write(copy.path().join(&*file.file), file.bytes.expose()).unwrap();
        }
        // The JDK's XPath finds what was meant, at the same places.
        for (before, after) in before.iter().zip(targets(copy.path())) {
            assert_eq!(after, [&before[0], &before[1], "password", &before[0]]);
        }
        let text = std::fs::read(copy.path().join(CIPHER_TEXT)).unwrap();
        for row in &before {
            assert_eq!(secrets("RSA", &pair, &text)[&row[0]], row[2]);
        }
        // Run again: nothing.
        let again: Vec<Document> = documents
            .iter()
            .map(|it| {
                let bytes = std::fs::read(copy.path().join(it.file())).unwrap_or_default();
                Document::read(it.file(), it.syntax(), &bytes).unwrap()
            })
            .collect();
        let vault = Vault::of(&again, Generation::Xml);
        let changes = vault.configure(&pair.sealing(), &mut SystemRandom).unwrap();
        assert!(changes.files.is_empty());
        assert_eq!(vault.dangling().count(), 0);
    }
}

#[test]
fn a_value_that_is_another_than_the_one_to_be_encrypted_stops_everything() {
    let pair = Pair::ready("rsa-2048-10");
    let tool = "a=repository/conf/carbon.xml//Server/Password,false\n\
                b=repository/conf/gone.xml//Server/Password,false\n\
                c=repository/conf/carbon.xml//Server/Gone,false\n";
    let xml = b"<Server><Password>changed since</Password></Server>";
    let documents = [
        document(CIPHER_TEXT, b"a=[wso2carbon]\nb=[x]\nc=[x]\n"),
        document(
            "repository/conf/security/cipher-tool.properties",
            tool.as_bytes(),
        ),
        Document::read("repository/conf/carbon.xml", Syntax::Xml, xml).unwrap(),
    ];
    let vault = Vault::of(&documents, Generation::Xml);
    let refused = vault.configure(&pair.sealing(), &mut SystemRandom);
    let Err(ChangeError::Secrets(all)) = refused else {
        panic!("{refused:?}");
    };
    let told: Vec<String> = all
        .iter()
        .map(|it| format!("{}: {}", it.alias, it.reason))
        .collect();
    assert_eq!(
        told,
        [
            "a: repository/conf/carbon.xml:1:19 says another value than the one that would be encrypted for it",
            "b: `repository/conf/gone.xml` has no value where `cipher-tool.properties` says",
            "c: `repository/conf/carbon.xml` has no value where `cipher-tool.properties` says",
        ]
    );
    assert!(
        all.iter()
            .all(|it| !format!("{it:?}").contains("changed since"))
    );
}

#[test]
fn a_secret_that_a_node_does_not_read_is_loud() {
    let (pair, other) = (Pair::ready("rsa-2048-04"), Pair::ready("rsa-2048-05"));
    let xml = br#"<Server xmlns:svns="http://org.wso2.securevault/configuration">
        <P svns:secretAlias="key">password</P><Q svns:secretAlias="gone">password</Q></Server>"#;
    let value = |pair: &Pair, transformation: &str| {
        let file = pair.certificate_file();
        judge()
            .ciphers(&["encrypt", transformation, &file, "key", "736563726574"])
            .unwrap()
    };
    let text = format!(
        "key={}\npadding={}\nempty=\nplain=[x]\nnoise=pass-word\nshort=AAEC\n",
        value(&other, "RSA"),
        value(&pair, OAEP)
    );
    let documents = [
        Document::read("repository/conf/carbon.xml", Syntax::Xml, xml).unwrap(),
        document(CIPHER_TEXT, text.as_bytes()),
    ];
    let vault = Vault::of(&documents, Generation::Xml);
    let keys = keyring(&pair);
    let verdicts: Vec<Verdict> = vault
        .secrets
        .iter()
        .map(|secret| vault.check(secret, &keys))
        .collect();
    assert_eq!(verdicts[0], Verdict::Fails(OpenError::WrongKey));
    assert!(matches!(
        &verdicts[1],
        Verdict::OtherCipher { opened, read_as: Cipher::Rsa(Padding::Pkcs1) }
            if opened.cipher == Cipher::OAEP_SHA1
    ));
    assert_eq!(verdicts[2], Verdict::Empty);
    assert_eq!(verdicts[3], Verdict::Plain { cut: false });
    assert!(matches!(verdicts[4], Verdict::Malformed(_)));
    assert!(matches!(
        verdicts[5],
        Verdict::Fails(OpenError::BlockLength { found: 3, .. })
    ));
    assert!(verdicts.iter().all(Verdict::is_problem));
    // The vault itself hands the aliases out in their places.
    let readable = text
        .replace("noise=pass-word\n", "")
        .replace("short=AAEC\n", "");
    let handed = secrets("RSA", &pair, readable.as_bytes());
    assert!(
        handed.iter().all(|(alias, secret)| alias == secret),
        "{handed:?}"
    );
    assert_eq!(
        vault.consequence(&vault.secrets[0], &verdicts[0]),
        Some(Consequence::AliasInItsPlace)
    );
    // Nobody names it.
    assert_eq!(vault.consequence(&vault.secrets[1], &verdicts[1]), None);
    assert_eq!(vault.dangling().count(), 1);
}

#[test]
fn secrets_are_encrypted_for_another_key_all_or_none() {
    let (old, new) = (Pair::ready("rsa-1024-01"), Pair::ready("rsa-3072-01"));
    let written = configured(&old, "RSA", PLAIN);
    let text = format!("plain=[stays]\n{}", String::from_utf8(written).unwrap());
    let store = envelope_store(&old);
    let documents = [document(CIPHER_TEXT, text.as_bytes()), store.clone()];
    let vault = Vault::of(&documents, Generation::Xml);
    let (sealing, opening) = (new.sealing(), new.opening());
    let to = NewKey {
        sealing: &sealing,
        opening: Some(&opening),
        named: Some(&new.certificate),
    };
    let changes = vault
        .reencrypt(&[old.opening()], &to, &mut SystemRandom)
        .unwrap();
    assert_eq!(changes.files.len(), 2);
    let done: Vec<Done> = changes.outcomes.iter().map(|it| it.done).collect();
    let pkcs1 = Done::Reencrypted(Cipher::Rsa(Padding::Pkcs1));
    let oaep = Done::Reencrypted(Cipher::OAEP_SHA1);
    assert_eq!(done, [Done::NotEncrypted, pkcs1, pkcs1, pkcs1, oaep]);
    let written = changes.files[0].bytes.expose();
    let mut read = secrets("RSA", &new, written);
    assert_eq!(read.remove("plain").as_deref(), Some("plain"));
    assert_eq!(read, expected());
    let store_again = Document::read(store.file(), Syntax::Xml, changes.files[1].bytes.expose());
    let store_again = store_again.unwrap();
    let value = store_again
        .leaf("UserStoreManager/Property[ConnectionPassword]")
        .unwrap();
    let opened = judge().ciphers(&["open-envelope", &new.key_file(), value.text(), "JDK"]);
    assert_eq!(opened.unwrap(), "646972656374");

    // A second run finds all done.
    let again = [document(CIPHER_TEXT, written), store_again];
    let vault = Vault::of(&again, Generation::Xml);
    let changes = vault
        .reencrypt(&[old.opening()], &to, &mut SystemRandom)
        .unwrap();
    assert!(changes.files.is_empty());
    let left = changes
        .outcomes
        .iter()
        .filter(|it| it.done == Done::AlreadyNew);
    assert_eq!(left.count(), 4);

    // One that the old key does not open, and none is changed.
    let stranger = configured(&Pair::ready("rsa-2048-06"), "RSA", "x=[y]");
    let mixed = format!("{text}\n{}", String::from_utf8(stranger).unwrap());
    let documents = [document(CIPHER_TEXT, mixed.as_bytes())];
    let vault = Vault::of(&documents, Generation::Xml);
    let refused = vault.reencrypt(&[old.opening()], &to, &mut SystemRandom);
    let Err(ChangeError::Secrets(all)) = refused else {
        panic!("{refused:?}");
    };
    let [it] = &all[..] else { panic!("{all:?}") };
    assert_eq!(it.alias, "x");
    assert!(matches!(
        it.reason,
        Obstacle::Open(OpenError::BlockLength { bits: 1024, .. })
    ));
}

#[test]
fn secrets_move_from_a_private_key_to_a_symmetric_one_in_the_form_of_that() {
    let old = Pair::ready("rsa-2048-07");
    let hex = "ab".repeat(32);
    let key = SymmetricKey::runtime(&Password::new(hex.clone())).unwrap();
    let documents = [envelope_store(&old)];
    let vault = Vault::of(&documents, Generation::Toml);
    let sealing = SealingKey::Symmetric(key);
    let to = NewKey {
        sealing: &sealing,
        opening: None,
        named: None,
    };
    let changes = vault
        .reencrypt(&[old.opening()], &to, &mut SystemRandom)
        .unwrap();
    let store = Document::read("f", Syntax::Xml, changes.files[0].bytes.expose()).unwrap();
    let value = store
        .leaf("UserStoreManager/Property[ConnectionPassword]")
        .unwrap();
    let opened = judge().ciphers(&["open-gcm-envelope", &hex, value.text()]);
    assert_eq!(opened.unwrap(), "646972656374");
}

#[test]
fn one_secret_is_set_or_added_where_the_release_wants_it() {
    let pair = Pair::ready("rsa-2048-08");
    let value = Password::new("n\u{e9}w]");
    let set = |documents: &[Document], generation, alias: &str| -> Vec<u8> {
        let vault = Vault::of(documents, generation);
        let key = pair.sealing();
        let values = [(alias.to_owned(), value.clone())];
        let changes = vault.set(documents, &values, &key, None, &mut SystemRandom);
        only_file(&changes.unwrap())
    };
    // In its place, and at the end.
    let documents = [document(CIPHER_TEXT, PLAIN.as_bytes())];
    let written = set(&documents, Generation::Xml, "last");
    assert!(
        String::from_utf8(written.clone())
            .unwrap()
            .contains("\r\nlast : ")
    );
    assert_eq!(secrets("RSA", &pair, &written)["last"], "n\u{e9}w]");
    let written = set(&documents, Generation::Xml, "# a=b:c\u{e9}\\");
    assert!(written.starts_with(PLAIN.as_bytes()));
    assert_eq!(
        secrets("RSA", &pair, &written)["# a=b:c\u{e9}\\"],
        "n\u{e9}w]"
    );

    // In `[secrets]`, which must stay the last table.
    for (before, alias, start) in [
        (
            "[a]\nb = 1\n[secrets]\nc = \"AAEC\"",
            "new.one",
            "[a]\nb = 1\n[secrets]\n\"new.one\" = \"",
        ),
        ("[a]\nb = 1\n", "new", "[a]\nb = 1\n\n[secrets]\nnew = \""),
        (
            "[a]\r\nb = 1",
            "new",
            "[a]\r\nb = 1\r\n\r\n[secrets]\r\nnew = \"",
        ),
    ] {
        let file = "repository/conf/deployment.toml";
        let documents = [Document::read(file, Syntax::Toml, before.as_bytes()).unwrap()];
        let written = set(&documents, Generation::Toml, alias);
        assert!(
            String::from_utf8(written.clone())
                .unwrap()
                .starts_with(start)
        );
        let again = [Document::read(file, Syntax::Toml, &written).unwrap()];
        let vault = Vault::of(&again, Generation::Toml);
        let secret = vault.secrets.iter().find(|it| it.alias == alias).unwrap();
        let Verdict::Reads(opened) = vault.check(secret, &keyring(&pair)) else {
            panic!();
        };
        assert_eq!(opened.text().unwrap().expose(), "n\u{e9}w]");
        assert!(vault.hazards.is_empty());
    }
    let documents = [document(CIPHER_TEXT, b"")];
    let vault = Vault::of(&documents, Generation::Xml);
    for alias in ["", " ", "a}b", "a\nb"] {
        let values = [(alias.to_owned(), value.clone())];
        let refused = vault.set(
            &documents,
            &values,
            &pair.sealing(),
            None,
            &mut SystemRandom,
        );
        assert_eq!(refused.unwrap_err(), ChangeError::Alias(alias.to_owned()));
    }
}

#[test]
fn a_plain_value_that_the_cipher_tool_would_cut_is_not_encrypted() {
    let pair = Pair::ready("rsa-2048-09");
    let documents = [document(CIPHER_TEXT, b"good=[x]\ncut=[pass]word]\n")];
    let vault = Vault::of(&documents, Generation::Xml);
    let refused = vault.encrypt(&pair.sealing(), &mut SystemRandom);
    let Err(ChangeError::Secrets(all)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (all.len(), &all[0].alias[..], &all[0].reason),
        (1, "cut", &Obstacle::Cut)
    );
    // Java shows what would become of it.
    let theirs = configured(&pair, "RSA", "cut=[pass]word]\n");
    assert_eq!(secrets("RSA", &pair, &theirs)["cut"], "pass");
    assert!(matches!(
        &vault.secrets[1].content,
        Content::Plain { text, cut: true } if text.expose() == "pass"
    ));
}

#[test]
fn the_built_in_key_of_the_product_opens_what_it_protects() {
    let hex = "000102030405060708090a0b0c0d0e0f1000000000000001";
    let value = judge()
        .ciphers(&["vault-gcm", hex, &"07".repeat(128), "736563726574"])
        .unwrap();
    let conf = b"secretRepositories=file\nsecretRepositories.file.encryptionMode=symmetric\n";
    let documents = [
        document(CIPHER_TEXT, format!("a={value}\n").as_bytes()),
        document(SECRET_CONF, conf),
    ];
    let vault = Vault::of(&documents, Generation::Xml);
    let mut keys = Keyring::new();
    keys.vault = Some(OpeningKey::Symmetric(SymmetricKey::built_in()));
    assert!(matches!(
        vault.check(&vault.secrets[0], &keys),
        Verdict::Reads(opened) if opened.plain.expose() == b"secret"
    ));
}

fn expected() -> BTreeMap<String, String> {
    [
        ("Carbon.Security.KeyStore.Password", "wso2carbon"),
        ("with blank:", "p\u{e4}ss=wort:"),
        ("last", "ends here "),
    ]
    .map(|(alias, secret)| (alias.to_owned(), secret.to_owned()))
    .into()
}

fn keyring(pair: &Pair) -> Keyring {
    let mut keys = Keyring::new();
    keys.vault = Some(pair.opening());
    keys.server = vec![pair.opening()];
    keys.server_cipher = Cipher::named(OAEP, Dialect::Runtime).ok();
    keys
}

fn document(file: &str, bytes: &[u8]) -> Document {
    Document::read(file, Syntax::Properties, bytes).unwrap()
}

/// A secondary user store whose password the server encrypted.
fn envelope_store(pair: &Pair) -> Document {
    let sealed = match pair.opening().rsa_bits() {
        // Nothing new is encrypted here for such a key.
        Some(..2048) => judge()
            .ciphers(&[
                "envelope",
                OAEP,
                &pair.certificate_file(),
                &pair.certificate_file(),
                "646972656374",
            ])
            .unwrap(),
        _ => {
            let key = pair.sealing();
            Envelope::seal(
                b"direct",
                OAEP,
                &key,
                Some(&pair.certificate),
                false,
                &mut SystemRandom,
            )
            .unwrap()
        }
    };
    let xml = format!(
        "<UserStoreManager><Property name=\"ConnectionPassword\" encrypted=\"true\">{sealed}</Property>\
         </UserStoreManager>"
    );
    let file = "repository/deployment/server/userstores/ldap.xml";
    let document = Document::read(file, Syntax::Xml, xml.as_bytes()).unwrap();
    let documents = [document.clone()];
    assert_eq!(
        Vault::of(&documents, Generation::Xml).secrets[0].keeper,
        Keeper::Server
    );
    document
}

fn only_file(changes: &Changes) -> Vec<u8> {
    let [file] = &changes.files[..] else {
        panic!("{changes:?}");
    };
    file.bytes.expose().to_vec()
}

/// What Java's cipher tool makes of a file.
fn configured(pair: &Pair, transformation: &str, text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    std::fs::write(&from, text).unwrap();
    let file = pair.certificate_file();
    let arguments = ["configure", transformation, &file, path(&from), path(&to)];
    judge().ask("ciphers", &arguments.map(Some)).unwrap();
    std::fs::read(to).unwrap()
}

/// What Java's secure vault hands out.
fn secrets(transformation: &str, pair: &Pair, text: &[u8]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets");
    std::fs::write(&file, text).unwrap();
    let key = pair.key_file();
    let arguments = ["secrets", transformation, &key, path(&file)].map(Some);
    let rows = judge().ask("ciphers", &arguments).unwrap();
    rows.into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect()
}

/// The configuration of a home, copied.
fn documents(home: &Path, copy: &Path) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut folders = vec![home.join("repository/conf")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let from = entry.unwrap().path();
            if from.is_dir() {
                folders.push(from);
                continue;
            }
            let file = from.strip_prefix(home).unwrap();
            let to = copy.join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            let bytes = std::fs::read(&from).unwrap();
            std::fs::write(to, &bytes).unwrap();
            let syntax = match from.extension().and_then(|it| it.to_str()) {
                Some("xml") => Syntax::Xml,
                Some("properties") => Syntax::Properties,
                _ => continue,
            };
            documents.push(Document::read(path(file), syntax, &bytes).unwrap());
        }
    }
    documents
}

/// What `cipher-tool.properties` leads to, as the JDK's XPath finds it.
fn targets(home: &Path) -> Vec<Vec<String>> {
    judge()
        .ask("ciphers", &["targets", path(home)].map(Some))
        .unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
