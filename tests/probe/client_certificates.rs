//! Servers that ask for a certificate of the client, and keys for them straight from a store.

use pki_core::{
    key::{KeyAlgorithm, SystemRandom},
    keystore::{Encoding, Entry, Keystore, Pkcs12Profile, SealedKey},
    observe::endpoint::{ClientIdentity, Demand, Failure, IdentityError},
    secret::Password,
};
use rustls::ProtocolVersion;

use crate::{
    certificates::Made,
    keys::ReadyKeys,
    rustls_server::{Options, look, look_with, patient, serve},
};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3];

fn store_of(encoding: Encoding, made: &[(&str, &Made)]) -> Keystore {
    let password = Password::new("changeit");
    let entries = made.iter().map(|(alias, made)| {
        let protection = encoding.protection();
        let key = SealedKey::seal(&made.key, &password, protection, &mut SystemRandom).unwrap();
        Entry::private_key(*alias, key, made.chain.clone())
    });
    let store: Keystore = entries.collect();
    let bytes = store
        .encode(encoding, &password, &mut SystemRandom)
        .unwrap();
    Keystore::decode(bytes.expose(), &password)
        .unwrap()
        .keystore
}

#[test]
fn a_server_that_asks_is_told_from_one_that_demands() {
    let ca = Made::ca("CA", 0);
    let clients = Made::ca("Clients' CA", 1);
    let made = ca.leaf(&["gw1"], 0);
    for version in VERSIONS {
        for required in [false, true] {
            let options = Options {
                version: Some(version),
                clients_of: Some((&clients, required)),
            };
            let (address, _) = serve(&made, options);
            let shown = look(address, "gw1");
            let asked = &shown.client_certificate;
            assert_eq!(shown.chain, made.chain, "{version:?}");
            let issuers: Vec<String> = asked.issuers.iter().map(ToString::to_string).collect();
            assert_eq!(issuers, ["CN=Clients' CA"]);
            assert_eq!(asked.given, None);
            match required {
                false => {
                    assert_eq!(asked.demand, Demand::Asked);
                    assert!(shown.handshake.is_ok(), "{:?}", shown.handshake);
                }
                true => {
                    assert_eq!(asked.demand, Demand::Required, "{version:?}");
                    let failure = shown.handshake.unwrap_err();
                    let alert = Failure::CertificateRequired { alert: None };
                    assert_eq!(failure.id(), alert.id(), "{failure:?}");
                }
            }
        }
    }
}

#[test]
fn a_key_straight_from_a_store_is_shown_to_the_server() {
    let ca = Made::ca("CA", 0);
    let clients = Made::ca("Clients' CA", 1);
    let (made, client) = (ca.leaf(&["gw1"], 0), clients.leaf(&["a client"], 1));
    let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
    for (version, encoding) in VERSIONS.into_iter().zip([Encoding::Jks, modern]) {
        let store = store_of(encoding, &[("key", &client)]);
        let password = Password::new("changeit");
        let identity = ClientIdentity::from_store(&store, None, &password).unwrap();
        assert_eq!(identity.certificate(), client.certificate());
        let options = Options {
            version: Some(version),
            clients_of: Some((&clients, true)),
        };
        let (address, seen) = serve(&made, options);
        let settings = patient().identity(Some(identity));
        let shown = look_with(address, "gw1", &settings);
        assert!(shown.handshake.is_ok(), "{:?}", shown.handshake);
        let given = shown.client_certificate.given;
        assert_eq!(given.as_ref(), Some(client.certificate()));
        assert_eq!(seen.lock().unwrap().client_certificates, 2);
    }
}

#[test]
fn a_certificate_that_the_server_does_not_take_is_said_to_be_refused() {
    let ca = Made::ca("CA", 0);
    let clients = Made::ca("Clients' CA", 1);
    let (made, stranger) = (ca.leaf(&["gw1"], 0), ca.leaf(&["a stranger"], 1));
    for version in VERSIONS {
        let options = Options {
            version: Some(version),
            clients_of: Some((&clients, true)),
        };
        let (address, _) = serve(&made, options);
        let identity = ClientIdentity::new(&stranger.chain, &stranger.key).unwrap();
        let shown = look_with(address, "gw1", &patient().identity(Some(identity)));
        let failure = shown.handshake.unwrap_err();
        assert!(
            matches!(failure, Failure::CertificateRefused { alert: Some(_) }),
            "{version:?}: {failure:?}"
        );
        assert_eq!(shown.chain, made.chain);
    }
}

#[test]
fn what_a_store_cannot_give_is_told() {
    let ca = Made::ca("CA", 0);
    let (one, two) = (ca.leaf(&["one"], 0), ca.leaf(&["two"], 1));
    let right = Password::new("changeit");
    let several = store_of(Encoding::Jks, &[("one", &one), ("two", &two)]);
    let of = |store: &Keystore, alias, password: &str| {
        ClientIdentity::from_store(store, alias, &Password::new(password)).unwrap_err()
    };
    let aliases = vec!["one".to_owned(), "two".to_owned()];
    let expected = IdentityError::SeveralKeys {
        aliases: aliases.clone(),
    };
    assert_eq!(of(&several, None, "changeit"), expected);
    let named = ClientIdentity::from_store(&several, Some("TWO"), &right).unwrap();
    assert_eq!(named.certificate(), two.certificate());
    let alias = "three".to_owned();
    let expected = IdentityError::NoEntry { alias, aliases };
    assert_eq!(of(&several, Some("three"), "changeit"), expected);
    let sealed = of(&several, Some("one"), "wrong");
    assert!(matches!(sealed, IdentityError::Sealed { .. }), "{sealed:?}");

    let trusted: Keystore = [Entry::trusted("ca", ca.certificate().clone())]
        .into_iter()
        .collect();
    assert_eq!(of(&trusted, None, "changeit"), IdentityError::NoKey);
    let mixed = ClientIdentity::new(&one.chain, &two.key).unwrap_err();
    assert_eq!(mixed, IdentityError::Mismatch);
    let weak = ReadyKeys::folder().join("rsa-1024-01.pem");
    let weak = pki_core::key::read_private_key(&std::fs::read(weak).unwrap(), None).unwrap();
    let unrelated = pki_core::x509::Certificate::from_der(vec![1]);
    let refused = ClientIdentity::new(&[unrelated], &weak).unwrap_err();
    assert!(
        matches!(refused, IdentityError::Unusable { .. }),
        "{refused:?}"
    );
    assert!(ReadyKeys::key(KeyAlgorithm::Rsa2048, 0).is_some());
}
