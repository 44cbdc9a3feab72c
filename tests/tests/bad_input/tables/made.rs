//! Bytes that are made: too large to be written down, or of what the scene holds.

use serde_json::json;

use crate::Scene;

/// The head of a compound document that says it is encrypted, as spreadsheets write one with a password.
pub(crate) fn locked(_: &Scene) -> Vec<u8> {
    let stream = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes);
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".iter().copied().chain([0; 504]).chain(stream).chain([0; 600]).collect()
}

/// One byte more than a licence file may have.
pub(crate) fn mebibyte(_: &Scene) -> Vec<u8> {
    vec![b'0'; (1 << 20) + 1]
}

/// One byte more than a request may have.
pub(crate) fn huge_body(_: &Scene) -> Vec<u8> {
    vec![b'0'; (32 << 20) + 1]
}

/// Objects within objects, deeper than anybody reads.
pub(crate) fn deep(_: &Scene) -> Vec<u8> {
    br#"{"materials":["#.iter().copied().chain([b'['; 1000]).collect()
}

/// A sealed licence with one bit turned.
pub(crate) fn forged(scene: &Scene) -> Vec<u8> {
    let mut bytes = scene.sealed();
    let at = bytes.len() / 3;
    bytes[at] ^= 1;
    bytes
}

/// The first half of a sealed licence.
pub(crate) fn cut(scene: &Scene) -> Vec<u8> {
    let mut bytes = scene.sealed();
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// A case with one material more than may be brought.
pub(crate) fn materials(scene: &Scene) -> Vec<u8> {
    let materials: Vec<_> =
        (0..201).map(|number| json!({ "name": format!("材料{number}"), "sha256": scene.value("sha") })).collect();
    let case = json!({
        "item": scene.value("open"), "division": "330106", "name": "张三", "id": "110101199003070011", "materials": materials,
    });
    case.to_string().into_bytes()
}

/// A notice with one line more than may be asked for.
pub(crate) fn notice(scene: &Scene) -> Vec<u8> {
    let lines: Vec<String> = (0..101).map(|number| format!("材料{number}")).collect();
    json!({ "case": scene.value("fresh"), "act": { "kind": "notify", "items": lines } }).to_string().into_bytes()
}

/// One row more than a request may import.
pub(crate) fn rows(_: &Scene) -> Vec<u8> {
    let rows: Vec<_> = (0..5001).map(|number| json!({ "row": number + 2, "values": {} })).collect();
    json!({ "rows": rows }).to_string().into_bytes()
}
