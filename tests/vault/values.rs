//! Every form of an encrypted value, both ways.

use pki_core::{
    key::{Random, SystemRandom},
    secret::Password,
    wso2::vault::{
        Cipher, Confidence, Dialect, Envelope, Hash, OpenError, Opened, OpeningKey, Padding,
        SealError, Sealed, SealingKey, SymmetricKey, refused_by_cipher_tool, seal, thumbprint,
    },
};
use rcgen::KeyUsagePurpose;

use crate::{judge::judge, material::Pair};

/// What Java calls it, what it is, what reads it.
const RSA_CIPHERS: [(&str, Dialect); 7] = [
    ("RSA", Dialect::Vault),
    ("RSA/ECB/PKCS1Padding", Dialect::Vault),
    ("RSA/ECB/NoPadding", Dialect::Vault),
    ("RSA/ECB/OAEPwithSHA1andMGF1Padding", Dialect::Vault),
    ("RSA/ECB/OAEPWithSHA-256AndMGF1Padding", Dialect::Vault),
    ("RSA/ECB/OAEPWithSHA-384AndMGF1Padding", Dialect::Vault),
    ("RSA/ECB/OAEPWithSHA-512AndMGF1Padding", Dialect::Vault),
];
/// The same to BouncyCastle, where the server asks it.
const BOUNCY_CIPHERS: [(&str, Dialect); 4] = [
    ("RSA@BC", Dialect::Runtime),
    ("RSA/ECB/OAEPwithSHA1andMGF1Padding@BC", Dialect::Runtime),
    ("RSA/ECB/OAEPwithSHA256andMGF1Padding@BC", Dialect::Runtime),
    ("RSA/NONE/OAEPWithSHA512AndMGF1Padding@BC", Dialect::Runtime),
];
const SECRETS: [&str; 4] = ["wso2carbon", "x", "p\u{e4}ss w\u{f6}rd]=:\u{1f511}", "-\n"];
const KEY_256: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

#[test]
fn what_java_encrypts_with_rsa_is_opened_and_its_padding_found() {
    for name in ["rsa-1024-01", "rsa-2048-01", "rsa-3072-01"] {
        let pair = Pair::ready(name);
        let opening = pair.opening();
        for (transformation, dialect) in ciphers() {
            let cipher = named(transformation, dialect);
            for secret in SECRETS {
                if !fits(cipher, opening.rsa_bits().unwrap(), secret) {
                    continue;
                }
                let value = encrypted(&pair, transformation, "key", secret).unwrap();
                let sealed = Sealed::parse(&value).unwrap();
                // Told what to expect, told nothing, told wrong.
                for expected in [Some(cipher), None, Some(Cipher::OAEP_SHA1)] {
                    let opened = sealed.open(&opening, expected).unwrap();
                    assert_eq!(text(&opened), secret, "{name} {transformation}");
                    assert_eq!(opened.cipher, cipher, "{name} {transformation}");
                    assert!(opened.confidence > Confidence::Doubtful);
                }
            }
        }
    }
}

#[test]
fn what_is_encrypted_here_with_rsa_java_opens() {
    let pair = Pair::ready("rsa-2048-02");
    for (transformation, dialect) in ciphers() {
        for secret in SECRETS {
            let cipher = named(transformation, dialect);
            let value = seal(
                secret.as_bytes(),
                cipher,
                &pair.sealing(),
                &mut SystemRandom,
            )
            .unwrap();
            let arguments = ["decrypt", transformation, &pair.key_file(), &value];
            let mut opened = unhex(&judge().ciphers(&arguments).unwrap());
            if cipher == Cipher::Rsa(Padding::None) && dialect == Dialect::Vault {
                // The JDK leaves the zeros that fill the block; BouncyCastle takes them off.
                let zeros = opened.iter().take_while(|byte| **byte == 0).count();
                opened.drain(..zeros);
            }
            assert_eq!(opened, secret.as_bytes(), "{transformation}");
        }
    }
}

#[test]
fn an_envelope_of_the_server_is_opened_and_one_of_ours_the_server_opens() {
    let (pair, primary) = (Pair::ready("rsa-2048-03"), Pair::ready("rsa-2048-04"));
    let bouncy = with_bouncy_castle();
    let provider = if bouncy { "BC" } else { "JDK" };
    for transformation in ["RSA", "RSA/ECB/OAEPwithSHA1andMGF1Padding"] {
        // What BouncyCastle calls `RSA` is something else to the JDK.
        if !bouncy && transformation == "RSA" {
            continue;
        }
        let asked = match bouncy {
            true => format!("{transformation}@BC"),
            false => transformation.to_owned(),
        };
        let arguments = [
            "envelope",
            &asked,
            &pair.certificate_file(),
            &primary.certificate_file(),
            &hex("gehe\u{ef}m"),
        ];
        let theirs = judge().ciphers(&arguments).unwrap();
        let sealed = Sealed::parse(&theirs).unwrap();
        let Sealed::Envelope(envelope) = &sealed else {
            panic!("{sealed:?}");
        };
        assert_eq!(envelope.transformation.as_deref(), Some(transformation));
        assert_eq!(envelope.thumbprint, Some(thumbprint(&primary.certificate)));
        let opened = sealed.open(&pair.opening(), None).unwrap();
        assert_eq!(text(&opened), "gehe\u{ef}m");
        assert_eq!(Ok(opened.cipher), envelope.cipher());

        let ours = Envelope::seal(
            "gehe\u{ef}m".as_bytes(),
            transformation,
            &pair.sealing(),
            Some(&primary.certificate),
            false,
            &mut SystemRandom,
        )
        .unwrap();
        let arguments = ["open-envelope", &pair.key_file(), &ours, provider];
        assert_eq!(judge().ciphers(&arguments).unwrap(), hex("gehe\u{ef}m"));
        // Letter for letter, but for the ciphertext.
        assert_eq!(without_ciphertext(&ours), without_ciphertext(&theirs));
    }
}

#[test]
fn both_objects_of_aes_gcm_are_opened_and_ours_java_opens() {
    let key = SymmetricKey::runtime(&Password::new(KEY_256)).unwrap();
    let (opening, sealing) = (
        OpeningKey::Symmetric(key.clone()),
        SealingKey::Symmetric(key.clone()),
    );
    for nonce in [128, 12, 16, 1] {
        let iv = "a5".repeat(nonce);
        for secret in SECRETS {
            let (id, plain) = (key.id(), hex(secret));
            let vault = ["vault-gcm", KEY_256, &iv, &plain].map(Some);
            let envelope = ["gcm-envelope", KEY_256, &iv, "ff"].map(Some);
            let named = ["gcm-envelope", KEY_256, &iv, &plain, &id].map(Some);
            for (arguments, plain) in [
                (vault.to_vec(), secret.as_bytes()),
                ([&envelope[..], &[None]].concat(), &[0xff]),
                (named.to_vec(), secret.as_bytes()),
            ] {
                let value = judge().ask("ciphers", &arguments).unwrap()[0][0].clone();
                let opened = Sealed::parse(&value).unwrap().open(&opening, None).unwrap();
                assert_eq!(opened.plain.expose(), plain);
                assert_eq!(opened.confidence, Confidence::Proven);
            }
        }
    }
    for secret in SECRETS {
        let ours = seal(
            secret.as_bytes(),
            Cipher::AesGcm,
            &sealing,
            &mut SystemRandom,
        )
        .unwrap();
        let arguments = ["open-vault-gcm", KEY_256, &ours];
        assert_eq!(judge().ciphers(&arguments).unwrap(), hex(secret));
        for with_key_id in [false, true] {
            let ours = Envelope::seal(
                secret.as_bytes(),
                "AES/GCM/NoPadding",
                &sealing,
                None,
                with_key_id,
                &mut SystemRandom,
            )
            .unwrap();
            let arguments = ["open-gcm-envelope", KEY_256, &ours];
            assert_eq!(judge().ciphers(&arguments).unwrap(), hex(secret));
        }
    }
}

#[test]
fn aes_without_a_mode_is_opened_and_ours_java_opens() {
    for hex_key in [KEY_256, &KEY_256[..48], &KEY_256[..32]] {
        let key = SymmetricKey::from_bytes(unhex(hex_key)).unwrap();
        let value = judge()
            .ciphers(&["aes-encrypt", "AES", hex_key, "", &hex("wso2carbon")])
            .unwrap();
        let sealed = Sealed::parse(&value).unwrap();
        let opened = sealed
            .open(&OpeningKey::Symmetric(key.clone()), None)
            .unwrap();
        assert_eq!(
            (text(&opened), opened.cipher),
            ("wso2carbon".into(), Cipher::AesEcb)
        );
        let ours = seal(
            b"wso2carbon",
            Cipher::AesEcb,
            &SealingKey::Symmetric(key),
            &mut SystemRandom,
        );
        // There is nothing random in it.
        assert_eq!(ours.unwrap(), value);
    }
}

#[test]
fn a_wrong_key_is_loud_where_the_vault_is_silent() {
    let (right, wrong) = (Pair::ready("rsa-2048-05"), Pair::ready("rsa-2048-06"));
    let shorter = Pair::ready("rsa-1024-01");
    for (transformation, dialect) in ciphers() {
        let value = encrypted(&right, transformation, "key", "wso2carbon").unwrap();
        let sealed = Sealed::parse(&value).unwrap();
        let cipher = named(transformation, dialect);
        let error = sealed.open(&wrong.opening(), Some(cipher)).unwrap_err();
        assert_eq!(error, OpenError::WrongKey, "{transformation}");
        let error = sealed.open(&shorter.opening(), Some(cipher)).unwrap_err();
        assert!(matches!(error, OpenError::BlockLength { found: 256, .. }));
        // The vault's stream swallows what the cipher says: an empty secret, and so the alias in its place.
        if !transformation.ends_with("NoPadding") && !transformation.starts_with("RSA@") {
            let arguments = ["vault", transformation, &wrong.key_file(), &value];
            assert_eq!(judge().ciphers(&arguments).unwrap(), "");
        }
    }
    let value = encrypted(
        &right,
        "RSA/ECB/OAEPwithSHA1andMGF1Padding",
        "key",
        "wso2carbon",
    );
    let value = value.unwrap();
    // The right key and another padding than the vault is told: as silent.
    let arguments = ["vault", "RSA", &right.key_file(), &value];
    assert_eq!(judge().ciphers(&arguments).unwrap(), "");
    let opened = Sealed::parse(&value).unwrap();
    let opened = opened
        .open(&right.opening(), Some(named("RSA", Dialect::Vault)))
        .unwrap();
    assert_eq!(opened.cipher, Cipher::OAEP_SHA1);
}

#[test]
fn the_cipher_tool_refuses_a_certificate_whose_usage_forbids_it_and_the_server_does_not() {
    for (usages, refused) in [
        (&[][..], false),
        (&[KeyUsagePurpose::DigitalSignature], true),
        (&[KeyUsagePurpose::KeyEncipherment], true),
        (&[KeyUsagePurpose::DataEncipherment], false),
    ] {
        let pair = Pair::with_usage("rsa-2048-07", usages);
        assert_eq!(refused_by_cipher_tool(&pair.certificate), refused);
        let tool = encrypted(&pair, "RSA", "certificate", "x");
        assert_eq!(tool.is_err(), refused);
        if let Err(reasons) = tool {
            assert!(reasons[0].contains("Wrong key usage"), "{reasons:?}");
        }
        assert!(encrypted(&pair, "RSA", "key", "x").is_ok());
        // And so do we: what decrypts is the key.
        let ours = seal(
            b"x",
            named("RSA", Dialect::Vault),
            &pair.sealing(),
            &mut SystemRandom,
        );
        assert!(ours.is_ok());
    }
}

#[test]
fn nothing_new_is_encrypted_for_a_weak_key_and_nothing_that_is_too_long() {
    let pair = Pair::ready("rsa-1024-01");
    let pkcs1 = Cipher::Rsa(Padding::Pkcs1);
    assert_eq!(
        seal(b"x", pkcs1, &pair.sealing(), &mut SystemRandom),
        Err(SealError::KeyTooSmall { bits: 1024 })
    );
    let pair = Pair::ready("rsa-2048-08");
    for (cipher, capacity) in [(pkcs1, 245), (Cipher::OAEP_SHA1, 214)] {
        let long = vec![b'x'; capacity];
        assert!(seal(&long, cipher, &pair.sealing(), &mut SystemRandom).is_ok());
        let longer = vec![b'x'; capacity + 1];
        assert_eq!(
            seal(&longer, cipher, &pair.sealing(), &mut SystemRandom),
            Err(SealError::TooLong {
                found: capacity + 1,
                capacity,
                cipher
            })
        );
    }
    assert_eq!(
        seal(b"", pkcs1, &pair.sealing(), &mut SystemRandom),
        Err(SealError::Empty)
    );
}

#[test]
fn the_same_random_bytes_give_the_same_value() {
    struct Counting(u8);
    impl Random for Counting {
        fn fill(&mut self, out: &mut [u8]) {
            for byte in out {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }
    let pair = Pair::ready("rsa-2048-01");
    for padding in [
        Padding::Pkcs1,
        Padding::Oaep {
            hash: Hash::Sha1,
            mask: Hash::Sha1,
        },
    ] {
        let sealed = |start| {
            let mut random = Counting(start);
            seal(b"x", Cipher::Rsa(padding), &pair.sealing(), &mut random).unwrap()
        };
        assert_eq!(sealed(0), sealed(0));
        assert_ne!(sealed(0), sealed(1));
    }
}

#[test]
fn a_value_is_sealed_again_in_the_form_that_it_had() {
    let (old, new) = (Pair::ready("rsa-2048-09"), Pair::ready("rsa-3072-02"));
    for transformation in [
        "RSA",
        "RSA/ECB/NoPadding",
        "RSA/ECB/OAEPwithSHA1andMGF1Padding",
    ] {
        let value = encrypted(&old, transformation, "key", "wso2carbon").unwrap();
        let sealed = Sealed::parse(&value).unwrap();
        let opened = sealed.open(&old.opening(), None).unwrap();
        let again = sealed
            .seal_like(
                opened.plain.expose(),
                opened.cipher,
                &new.sealing(),
                None,
                &mut SystemRandom,
            )
            .unwrap();
        let arguments = ["decrypt", transformation, &new.key_file(), &again];
        let plain = judge().ciphers(&arguments).unwrap();
        assert_eq!(plain.trim_start_matches("00"), hex("wso2carbon"));
    }
    let old_key = SymmetricKey::runtime(&Password::new("k".repeat(16))).unwrap();
    let envelope = Envelope::seal(
        b"wso2carbon",
        "AES/GCM/NoPadding",
        &SealingKey::Symmetric(old_key),
        None,
        true,
        &mut SystemRandom,
    );
    let new_key = SymmetricKey::runtime(&Password::new(KEY_256)).unwrap();
    let sealed = Sealed::parse(&envelope.unwrap()).unwrap();
    let again = sealed.seal_like(
        b"wso2carbon",
        Cipher::AesGcm,
        &SealingKey::Symmetric(new_key.clone()),
        None,
        &mut SystemRandom,
    );
    let again = again.unwrap();
    let arguments = ["open-gcm-envelope", KEY_256, &again];
    assert_eq!(judge().ciphers(&arguments).unwrap(), hex("wso2carbon"));
    let inner = json_field(&decoded(&again), "c");
    assert_eq!(json_field(&decoded(&inner), "keyId"), new_key.id());
}

fn ciphers() -> Vec<(&'static str, Dialect)> {
    let mut all = RSA_CIPHERS.to_vec();
    if with_bouncy_castle() {
        all.extend(BOUNCY_CIPHERS);
    }
    all
}

#[allow(clippy::print_stderr)]
fn with_bouncy_castle() -> bool {
    let found = judge().bouncy_castle().is_some();
    if !found {
        eprintln!(
            "skipped: BouncyCastle is absent (libbcprov-java), which the product's runtime asks"
        );
    }
    found
}

fn named(transformation: &str, dialect: Dialect) -> Cipher {
    Cipher::named(transformation.trim_end_matches("@BC"), dialect).unwrap()
}

fn fits(cipher: Cipher, bits: usize, secret: &str) -> bool {
    let overhead = match cipher {
        Cipher::Rsa(Padding::Oaep { hash, .. }) => match hash {
            Hash::Sha1 => 42,
            Hash::Sha256 => 66,
            Hash::Sha384 => 98,
            _ => 130,
        },
        _ => 11,
    };
    secret.len() + overhead <= bits / 8
}

fn encrypted(
    pair: &Pair,
    transformation: &str,
    with: &str,
    secret: &str,
) -> Result<String, Vec<String>> {
    let file = pair.certificate_file();
    judge().ciphers(&["encrypt", transformation, &file, with, &hex(secret)])
}

fn text(opened: &Opened) -> String {
    opened.text().unwrap().expose().to_owned()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn decoded(base64: &str) -> String {
    use base64ct::Encoding as _;
    String::from_utf8(base64ct::Base64::decode_vec(base64).unwrap()).unwrap()
}

fn json_field(json: &str, name: &str) -> String {
    let start = json.split_once(&format!("\"{name}\":\"")).unwrap().1;
    start.split_once('"').unwrap().0.replace("\\u003d", "=")
}

fn without_ciphertext(envelope: &str) -> String {
    let json = decoded(envelope);
    json.replace(&json_field(&json, "c").replace('=', "\\u003d"), "")
}
