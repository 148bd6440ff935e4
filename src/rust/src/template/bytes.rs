//! Bytes that are not UTF-8, carried through an engine that knows only UTF-8.
//!
//! A value must reach a program byte for byte, whatever it holds. Each byte that is not part of
//! valid UTF-8 travels as one character of a private range, U+10FE80 to U+10FEFF, and becomes that
//! byte again at the end. Characters of that range that were there before travel as their own bytes,
//! so that nothing is confused.

use std::borrow::Cow;

const BASE: u32 = 0x0010_FE00;

fn is_carrier(c: char) -> bool {
    (BASE + 0x80..=BASE + 0xFF).contains(&(c as u32))
}

/// The first three bytes of every carrier: F4 8F BA and F4 8F BB.
fn has_carrier(bytes: &[u8]) -> bool {
    bytes
        .windows(3)
        .any(|w| w[0] == 0xF4 && w[1] == 0x8F && (w[2] == 0xBA || w[2] == 0xBB))
}

fn carry(byte: u8, out: &mut String) {
    // In range by construction: 0x80..=0xFF above BASE are valid code points.
    if let Some(c) = char::from_u32(BASE + u32::from(byte)) {
        out.push(c);
    }
}

/// Valid text of the engine for any bytes.
pub fn encode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if !has_carrier(bytes) {
            return Cow::Borrowed(text);
        }
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_carrier(c) {
                let mut buffer = [0u8; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    carry(byte, &mut out);
                }
            } else {
                out.push(c);
            }
        }
        for &byte in chunk.invalid() {
            carry(byte, &mut out);
        }
    }
    Cow::Owned(out)
}

/// The bytes that `encode` was given.
pub fn decode(text: String) -> Vec<u8> {
    if !has_carrier(text.as_bytes()) {
        return text.into_bytes();
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        if is_carrier(c) {
            out.push((c as u32 - BASE) as u8);
        } else {
            let mut buffer = [0u8; 4];
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    }
    out
}

/// Where byte `offset` of the text that `encode` made stands in the bytes that it was given.
pub fn original_offset(encoded: &str, offset: usize) -> usize {
    let mut at = offset.min(encoded.len());
    while !encoded.is_char_boundary(at) {
        at -= 1;
    }
    // Each carrier is four bytes long and stands for one.
    let carriers = encoded[..at].chars().filter(|c| is_carrier(*c)).count();
    at - 3 * carriers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_the_bytes() {
        let text = b"a\xff\xfe{{ x }}";
        let encoded = encode(text);
        assert_eq!(original_offset(&encoded, 0), 0);
        assert_eq!(original_offset(&encoded, encoded.find("{{").unwrap()), 3);
        assert_eq!(original_offset(&encoded, encoded.len()), text.len());
        assert_eq!(original_offset(&encoded, 10_000), text.len());
    }

    #[test]
    fn any_bytes_come_back() {
        let cases: [&[u8]; 6] = [
            b"",
            b"plain",
            b"\xff\xfe\x80",
            b"a\xe2\x82b\xf0\x9f",
            "\u{10FE80}\u{10FEFF}x".as_bytes(),
            "\u{10FE80}\u{10FEFF}\u{fffd}".as_bytes(),
        ];
        for case in cases {
            assert_eq!(decode(encode(case).into_owned()), case);
        }
    }

    #[test]
    fn valid_text_is_not_copied() {
        assert!(matches!(encode("größe".as_bytes()), Cow::Borrowed(_)));
    }
}
