//! Damaged homes: whatever a file holds, reading it ends, and what can be written can be read again.

use pki_core::{
    keystore::Format,
    secret::{Bytes, Password},
    wso2::{
        Slot,
        config::{HomeConfig, Wanted, WantedStore, Written},
    },
};

use crate::xml::all;

/// Marsaglia's xorshift: the same damage in each run.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

fn wanted() -> Wanted {
    let mut wanted = Wanted::default();
    for slot in Slot::ALL {
        let store = WantedStore {
            file: slot.file_name(Format::Pkcs12),
            format: Format::Pkcs12,
            password: Written::Plain(Password::new("Abc123Abc123")),
            alias: (slot != Slot::Truststore).then(|| "node".to_owned()),
        };
        wanted.stores.insert(slot, store);
    }
    wanted
}

#[test]
fn damaged_files_are_read_edited_and_read_again() {
    let wanted = wanted();
    let mut damage = Damage(0x9e37_79b9_7f4a_7c15);
    let marks: &[&[u8]] = &[
        b"<", b">", b"\"", b"'", b"${", b"}", b"<!--", b"-->", b"&", b"\xff", b"\0", b"://",
        b"'%26", b"/>", b"<a/>", b"\r\n", b"{", b"[",
    ];
    let (mut read, mut edited) = (0, 0);
    for (name, files) in all() {
        if !name.ends_with("-1") {
            continue;
        }
        let names: Vec<&String> = files.keys().collect();
        for _ in 0..15 {
            let mut files = files.clone();
            for _ in 0..3 {
                let file = names[damage.next(names.len())];
                let mut bytes = files[file].expose().to_vec();
                let at = damage.next(bytes.len());
                match damage.next(4) {
                    0 => bytes.truncate(at),
                    1 => {
                        let end = (at + damage.next(200)).min(bytes.len());
                        bytes.drain(at..end);
                    }
                    _ => {
                        let mark = marks[damage.next(marks.len())];
                        bytes.splice(at..at, mark.iter().copied());
                    }
                }
                files.insert(file.clone(), Bytes::from(bytes));
            }
            let config = HomeConfig::read(&files, None);
            read += usize::from(config.unread.is_empty());
            let unread = config.unread.len();
            if let Ok(changed) = config.edited(&wanted) {
                for it in changed {
                    files.insert(it.file.to_string(), it.bytes);
                }
                let again = HomeConfig::read(&files, None);
                assert_eq!(again.unread.len(), unread, "{name}: {:?}", again.unread);
                let more = again.edited(&wanted).unwrap();
                assert!(more.is_empty(), "{name}: {more:?}");
                edited += 1;
            }
        }
    }
    // Damage in a text or a comment hurts nobody: some homes are read whole, and most can be edited.
    assert!(
        all().is_empty() || (read > 5 && edited > 12),
        "{read} {edited}"
    );
}
