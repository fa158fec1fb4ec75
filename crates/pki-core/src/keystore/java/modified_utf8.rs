//! Strings as `java.io.DataInput` defines them: U+0000 in two bytes, characters outside the BMP as two
//! surrogates of three bytes each.

/// Reads modified UTF-8; `None` where `DataInput.readUTF` throws.
///
/// An unpaired surrogate, which Java can hold and Unicode text cannot, becomes U+FFFD: such an alias can
/// be read by people and not be written back as it was.
pub(in super::super) fn decode(bytes: &[u8]) -> Option<String> {
    if bytes.is_ascii() {
        return String::from_utf8(bytes.to_vec()).ok();
    }
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(first) = rest.next() {
        let mut next = || {
            rest.next()
                .filter(|byte| byte & 0xC0 == 0x80)
                .map(|byte| u16::from(byte & 0x3F))
        };
        units.push(match first {
            0x00..=0x7F => u16::from(first),
            0xC0..=0xDF => u16::from(first & 0x1F) << 6 | next()?,
            0xE0..=0xEF => u16::from(first & 0x0F) << 12 | next()? << 6 | next()?,
            _ => return None,
        });
    }
    Some(String::from_utf16_lossy(&units))
}

/// Writes modified UTF-8.
pub(in super::super) fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let [low, middle, high] =
            [unit & 0x3F, unit >> 6 & 0x3F, unit >> 12].map(|bits| bits as u8);
        match unit {
            0x01..=0x7F => out.push(unit as u8),
            0x00 | 0x80..=0x7FF => out.extend([0xC0 | (unit >> 6) as u8, 0x80 | low]),
            _ => out.extend([0xE0 | high, 0x80 | middle, 0x80 | low]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_character_comes_back() {
        for text in [
            "",
            "a",
            "\0",
            "é",
            "ß",
            "€",
            "漢",
            "\u{1F511}x",
            "\u{7FF}\u{800}\u{FFFF}",
        ] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
    }

    #[test]
    fn nul_and_emoji_are_written_as_java_does() {
        assert_eq!(encode("\0"), [0xC0, 0x80]);
        assert_eq!(encode("\u{1F511}"), [0xED, 0xA0, 0xBD, 0xED, 0xB4, 0x91]);
    }

    #[test]
    fn an_unpaired_surrogate_is_shown_as_a_replacement() {
        assert_eq!(
            decode(&[b'a', 0xED, 0xA0, 0xBD]).as_deref(),
            Some("a\u{FFFD}")
        );
    }

    #[test]
    fn what_java_refuses_is_refused() {
        // real UTF-8 of an emoji, a continuation alone, sequences cut short
        for bytes in [
            &[0xF0, 0x9F, 0x94, 0x91][..],
            &[0x80],
            &[0xC3],
            &[0xE2, 0x82],
            &[0xC3, b'a'],
        ] {
            assert_eq!(decode(bytes), None, "{bytes:x?}");
        }
    }
}
