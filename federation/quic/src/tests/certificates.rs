use super::*;
use crate::CertificateError;

#[test]
fn a_certificate_says_who_and_until_when() {
    let tree = Tree::new();
    let info = certificate::parse(&tree.county.chain[0]).unwrap();
    assert_eq!(info.node, tree.county.id);
    assert_eq!(info.division, division("511602000000"));
    assert_eq!(info.not_before.as_millis(), NOW.as_millis() - 300_000);
    assert_eq!(info.not_after, days_after(NOW, 90));
    assert_eq!(info.spki_sha256, tree.county.key_hash());
    assert_eq!(tree.county.chain.len(), 3);
    assert_eq!(tree.county.chain[1..], tree.city.chain[..]);
    let again = tree.city.below(3, "511602");
    assert_eq!(again.chain, tree.county.chain, "nothing random in it");
}

#[test]
fn times_beyond_what_x509_can_write_are_clamped() {
    let latest = Timestamp::from_millis(253_402_300_799_000);
    for (now, until) in [
        (Timestamp::from_millis(-1), Timestamp::from_millis(3_650 * DAY_MILLIS)),
        (Timestamp::from_millis(i64::MAX), latest),
    ] {
        let node = NodeId::from_bytes([1; 16]);
        let der = certificate::self_signed(&key(1), node, division("51"), now).unwrap();
        let info = certificate::parse(&der).unwrap();
        assert!(info.not_before.as_millis() >= 0);
        assert_eq!(info.not_after, until);
    }
}

#[test]
fn only_an_ancestor_issues() {
    let tree = Tree::new();
    for (issuer, digits, allowed) in [
        (&tree.province, "5116", true),
        (&tree.province, "511602", true), // there may be no city yet
        (&tree.province, "52", false),
        (&tree.province, "51", false),
        (&tree.county, "511602103", true),
        (&tree.county, "511603", false),
        (&tree.county, "511602", false),
        (&tree.township, "511602", false),
    ] {
        let subject = Node::root(9, digits).subject();
        let issued = certificate::issue(&issuer.key, &issuer.chain, &subject, NOW, 90);
        match issued {
            Ok(_) => assert!(allowed, "{} for {digits}", issuer.division),
            Err(error) => {
                assert!(!allowed, "{} for {digits}", issuer.division);
                assert_eq!(error.code(), "division-rule");
            }
        }
    }
}

#[test]
fn issuing_with_the_wrong_material_fails() {
    let tree = Tree::new();
    let subject = Node::root(9, "511602103").subject();
    let issue = |key: &[u8], chain: &[Vec<u8>], subject: &Subject| {
        certificate::issue(key, chain, subject, NOW, 90).unwrap_err()
    };
    let county = &tree.county;
    assert_eq!(issue(&tree.city.key, &county.chain, &subject), CertificateError::KeyMismatch);
    assert_eq!(issue(&county.key, &[], &subject).code(), "certificate-malformed");
    assert_eq!(issue(b"no key", &county.chain, &subject).code(), "key-malformed");
    let no_key = Subject { spki: b"no key".to_vec(), node: subject.node, division: subject.division };
    assert_eq!(issue(&county.key, &county.chain, &no_key).code(), "key-malformed");
    let mut long = county.chain.clone();
    long.extend(tree.township.chain.clone());
    assert_eq!(issue(&county.key, &long, &subject), CertificateError::ChainTooLong);
}

#[test]
fn foreign_certificates_are_not_read() {
    let other = rcgen::KeyPair::generate().unwrap();
    let ecdsa = rcgen::CertificateParams::default().self_signed(&other).unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let name = |uris: &[&str]| {
        let mut params = rcgen::CertificateParams::default();
        params.subject_alt_names = uris.iter().map(|uri| rcgen::SanType::URI((*uri).try_into().unwrap())).collect();
        params.self_signed(&key).unwrap().der().to_vec()
    };
    let good = "tongban://511602000000/01010101010101010101010101010101";
    certificate::parse(&name(&[good])).unwrap();
    let mut tail = name(&[good]);
    tail.push(0);
    for der in [
        ecdsa.der().to_vec(),
        tail,
        name(&[]),
        name(&[good, good]),
        name(&["tongban://511602/01010101010101010101010101010101"]),
        name(&["tongban://511602000000/0101010101010101010101010101010"]),
        name(&["tongban://511602000000/0101010101010101010101010101010A"]),
        name(&["tongban://511602000000/01010101010101010101010101010101/"]),
        name(&["https://511602000000/01010101010101010101010101010101"]),
        Vec::new(),
        vec![0x30; 5_000],
    ] {
        assert_eq!(certificate::parse(&der).unwrap_err().code(), "certificate-malformed");
    }
}

#[test]
fn an_identity_is_a_key_with_its_own_chain() {
    let tree = Tree::new();
    let chain = tree.county.chain.clone();
    assert_eq!(tree.county.identity().division(), division("511602"));
    for (key, chain) in [
        (&tree.city.key, chain.clone()),
        (&tree.county.key, Vec::new()),
        (&tree.county.key, vec![b"nothing".to_vec()]),
        (&b"no key".to_vec(), chain),
    ] {
        let error = Identity::new(key, chain).unwrap_err();
        assert_eq!(error.code(), "identity-unusable");
    }
}
