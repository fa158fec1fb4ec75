//! No secret in what somebody may print.

use pki_core::{
    apply::{Means, apply},
    key::SystemRandom,
    observe::Inventory,
};

use crate::{
    keys::ReadyKeys,
    site::{SMALL, Site},
};

/// What a secret looks like when somebody prints it: text, or bytes as numbers.
fn shapes(secret: &[u8]) -> Vec<String> {
    let window = &secret[secret.len() / 2..][..8.min(secret.len() / 2)];
    let decimal: Vec<String> = window.iter().map(ToString::to_string).collect();
    let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![decimal.join(", "), hex.clone(), hex.to_uppercase()];
    all.extend(
        std::str::from_utf8(secret)
            .ok()
            .map(|text| text.trim().to_owned()),
    );
    all
}

#[test]
fn nothing_printable_holds_a_password_or_a_key() {
    let mut site = Site::new(&format!(
        "{}\n[stores.tls]\npassword = \"env:TLS\"\n",
        SMALL.replace(
            "balancer = \"gw\"",
            "balancer = { host = \"gw\", tls = \"issued\" }"
        )
    ));
    site.knows("TLS", "chosen by a person");
    site.settle();
    let mut secrets = vec![b"chosen by a person".to_vec()];
    for name in ["stores", "ca", "balancers"] {
        secrets.push(site.secret(name).into_bytes());
    }
    for path in ["primary/wso2carbon.jks", "nodes/gw-1/tls.jks"] {
        secrets.push(site.key_of(path).1);
    }

    let inventory = site.inventory();
    let mut printed = vec![format!("{inventory:?}"), format!("{:?}", site.passwords)];
    // Another host: something is signed and sealed.
    site.edit("\"gw1\"", "\"gw11\"");
    let plan = site.plan().unwrap();
    let topology = site.topology();
    let ca_key = inventory.ca_key(&topology, None, &site.passwords).unwrap();
    printed.push(format!("{ca_key:?}"));
    let means = Means {
        keys: &ReadyKeys::new(),
        random: &mut SystemRandom,
        ca_key: Some(ca_key),
        progress: &(),
    };
    let made = apply(&topology, &inventory, &plan, means).unwrap();
    printed.push(format!("{plan:?} {made:?}"));
    let after: Inventory = inventory.with(&topology, &made.files);
    printed.push(format!("{after:?}"));

    // What is refused because a password is wrong does not say which.
    site.knows("TLS", "not the right one");
    secrets.push(b"not the right one".to_vec());
    let refusal = site.refused().refusal();
    printed.push(format!("{refusal:?} {refusal}"));
    site.knows("TLS", "abc");
    printed.push(format!("{:?}", site.refused()));

    for secret in &secrets {
        for shape in shapes(secret) {
            for text in &printed {
                assert!(
                    !text.contains(&shape),
                    "`{shape}` in {}",
                    &text[..200.min(text.len())]
                );
            }
        }
    }
}
