//! Transport certificates: an X.509 certificate (RFC 5280) per node, Ed25519 (RFC 8410) throughout.
//!
//! The subject alternative name is the one URI `tongban://<division, 12 digits>/<NodeId>`. Every
//! certificate is a CA certificate, because every node may certify for the nodes below it; what
//! confines it is the division rule, see [`crate::Verifier`].

use std::{str::FromStr, sync::OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, PublicKeyData, SanType, SerialNumber, SubjectPublicKeyInfo,
};
use rustls::{
    SignatureScheme,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, SignatureVerificationAlgorithm},
};
use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    oid_registry::OID_SIG_ED25519,
    prelude::FromDer,
    x509::SubjectPublicKeyInfo as ParsedKey,
};

/// Days that an issued transport certificate is valid; a node renews after a third of them.
pub const VALID_DAYS: u32 = 90;

/// Days that a self-signed certificate is valid: long, because it only carries a key that is trusted
/// by its hash, and nobody could renew it for the node.
pub const SELF_SIGNED_VALID_DAYS: u32 = 3_650;

/// Certificates in a chain, leaf and root included: the five levels of the tree and one to spare.
pub const CHAIN_CERTIFICATES_MAX: usize = 6;

/// Bytes of one certificate in DER; ours have about 500.
pub const CERTIFICATE_BYTES_MAX: usize = 4_096;

/// Seconds by which the start of validity lies before the time of issue, for clocks that are behind.
const BACKDATE_SECONDS: i64 = 300;

/// The last second that X.509 can write, 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

/// What stands between the signed part and the 64 bytes of the signature: the algorithm identifier of
/// Ed25519 (RFC 8410 §3), and the head of a bit string without unused bits.
const SIGNATURE_PREFIX: [u8; 10] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00];

/// Why a certificate could not be read or issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The bytes are not a transport certificate of this federation; the text says what is wrong.
    #[error("not a transport certificate: {0}")]
    Malformed(String),
    /// The private or public key is not an Ed25519 key in PKCS#8 or SubjectPublicKeyInfo form.
    #[error("not an Ed25519 key: {0}")]
    Key(String),
    /// The key given is not the one that the certificate names.
    #[error("the key does not belong to the certificate")]
    KeyMismatch,
    /// Only a strict ancestor may certify for a division.
    #[error("{issuer} may not certify for {subject}: it is not above it")]
    DivisionRule {
        /// Division of the issuer.
        issuer: DivisionCode,
        /// Division that was to be certified.
        subject: DivisionCode,
    },
    /// The chain would exceed [`CHAIN_CERTIFICATES_MAX`].
    #[error("the chain would have more than {CHAIN_CERTIFICATES_MAX} certificates")]
    ChainTooLong,
}

impl CertificateError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "certificate-malformed",
            Self::Key(_) => "key-malformed",
            Self::KeyMismatch => "key-mismatch",
            Self::DivisionRule { .. } => "division-rule",
            Self::ChainTooLong => "certificate-chain-too-long",
        }
    }
}

/// What a transport certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateInfo {
    /// The node it was issued to.
    pub node: NodeId,
    /// The division it was issued for.
    pub division: DivisionCode,
    /// Start of validity, whole seconds.
    pub not_before: Timestamp,
    /// End of validity, whole seconds, inclusive.
    pub not_after: Timestamp,
    /// The public key as SubjectPublicKeyInfo (DER).
    pub spki: Vec<u8>,
    /// SHA-256 of [`CertificateInfo::spki`], see [`key_hash`].
    pub spki_sha256: Digest,
}

/// Whom a certificate is issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The subject's transport key as SubjectPublicKeyInfo (DER).
    pub spki: Vec<u8>,
    /// The subject's node id.
    pub node: NodeId,
    /// The division it serves, strictly below the issuer's.
    pub division: DivisionCode,
}

/// The hash by which a transport key is named in tokens, anchors and revocations: SHA-256 of the
/// SubjectPublicKeyInfo in DER.
pub fn key_hash(spki: &[u8]) -> Digest {
    Digest::of(spki)
}

/// The SubjectPublicKeyInfo (DER) of a private key in PKCS#8 (DER).
pub fn public_key(key_pkcs8: &[u8]) -> Result<Vec<u8>, CertificateError> {
    Ok(read_key(key_pkcs8)?.subject_public_key_info())
}

/// Makes the certificate of a node that has no superior: a root, or a node before its join.
///
/// Returns the DER; as a chain it stands alone.
pub fn self_signed(
    key_pkcs8: &[u8],
    node: NodeId,
    division: DivisionCode,
    now: Timestamp,
) -> Result<Vec<u8>, CertificateError> {
    let key = read_key(key_pkcs8)?;
    let spki = key.subject_public_key_info();
    let mut params = parameters(node, division, serial(b"self-signed", &spki, now))?;
    set_validity(&mut params, now, SELF_SIGNED_VALID_DAYS);
    let certificate = params.self_signed(&key).map_err(|error| CertificateError::Key(error.to_string()))?;
    Ok(certificate.der().to_vec())
}

/// Issues a certificate for a node below the issuer.
///
/// `issuer_chain` is the issuer's own chain, leaf first; the answer is the subject's chain, leaf first,
/// with the issuer's after it. The caller has checked that the subject holds its key: on a [`crate::Link`]
/// the handshake has proven it for the peer's key hash. The serial number is derived from issuer,
/// subject key and time, so that nothing random is needed.
pub fn issue(
    issuer_key_pkcs8: &[u8],
    issuer_chain: &[Vec<u8>],
    subject: &Subject,
    now: Timestamp,
    days: u32,
) -> Result<Vec<Vec<u8>>, CertificateError> {
    let issuer_der =
        issuer_chain.first().ok_or_else(|| CertificateError::Malformed("the issuer's chain is empty".to_owned()))?;
    if issuer_chain.len() >= CHAIN_CERTIFICATES_MAX {
        return Err(CertificateError::ChainTooLong);
    }
    let issuer_info = parse(issuer_der)?;
    let key = read_key(issuer_key_pkcs8)?;
    if key.subject_public_key_info() != issuer_info.spki {
        return Err(CertificateError::KeyMismatch);
    }
    if !may_certify(issuer_info.division, subject.division) {
        return Err(CertificateError::DivisionRule { issuer: issuer_info.division, subject: subject.division });
    }
    let leaf = sign(key, issuer_der, subject, now, days)?;
    let mut chain = Vec::with_capacity(issuer_chain.len() + 1);
    chain.push(leaf);
    chain.extend_from_slice(issuer_chain);
    Ok(chain)
}

/// Signs a certificate, whoever may or may not certify for whom: [`issue`] has asked.
fn sign(
    issuer_key: KeyPair,
    issuer_der: &[u8],
    subject: &Subject,
    now: Timestamp,
    days: u32,
) -> Result<Vec<u8>, CertificateError> {
    ed25519_point(&subject.spki)?;
    let subject_key =
        SubjectPublicKeyInfo::from_der(&subject.spki).map_err(|error| CertificateError::Key(error.to_string()))?;
    let mut params = parameters(subject.node, subject.division, serial(issuer_der, &subject.spki, now))?;
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, days);
    let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(issuer_der), issuer_key)
        .map_err(|error| CertificateError::Malformed(error.to_string()))?;
    let certificate =
        params.signed_by(&subject_key, &issuer).map_err(|error| CertificateError::Key(error.to_string()))?;
    Ok(certificate.der().to_vec())
}

/// What a lawless issuer would sign, for the tests of the verifier.
#[cfg(test)]
pub(crate) fn issue_lawlessly(
    issuer_key_pkcs8: &[u8],
    issuer_chain: &[Vec<u8>],
    subject: &Subject,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>, CertificateError> {
    let key = read_key(issuer_key_pkcs8)?;
    let mut chain = vec![sign(key, &issuer_chain[0], subject, now, VALID_DAYS)?];
    chain.extend_from_slice(issuer_chain);
    Ok(chain)
}

/// Reads one certificate (DER); checks its form, not who signed it.
pub fn parse(der: &[u8]) -> Result<CertificateInfo, CertificateError> {
    Ok(Opened::read(der)?.info)
}

/// Whether `issuer` may certify for `subject`: only a strict ancestor may. Several nodes may serve one
/// division, but they don't certify each other.
pub(crate) fn may_certify(issuer: DivisionCode, subject: DivisionCode) -> bool {
    issuer != subject && subject.is_within(issuer)
}

/// A certificate that has been read, with the parts that a signature check needs.
pub(crate) struct Opened<'a> {
    pub(crate) info: CertificateInfo,
    x509: X509Certificate<'a>,
}

impl<'a> Opened<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        let malformed = |text: &str| CertificateError::Malformed(text.to_owned());
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(malformed("too long"));
        }
        let (rest, x509) =
            X509Certificate::from_der(der).map_err(|error| CertificateError::Malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed("bytes after the certificate"));
        }
        if x509.signature_algorithm != x509.tbs_certificate.signature
            || x509.signature_algorithm.algorithm != OID_SIG_ED25519
        {
            return Err(malformed("not signed with Ed25519"));
        }
        // The parser is lenient about what follows the signed part; one certificate has one spelling.
        let tail = [x509.tbs_certificate.as_ref(), &SIGNATURE_PREFIX, &x509.signature_value.data].concat();
        if x509.signature_value.data.len() != 64 || !der.ends_with(&tail) {
            return Err(malformed("the signature is not in its one form"));
        }
        for extension in x509.extensions() {
            let known = matches!(
                extension.parsed_extension(),
                ParsedExtension::BasicConstraints(_)
                    | ParsedExtension::KeyUsage(_)
                    | ParsedExtension::SubjectAlternativeName(_)
            );
            if extension.critical && !known {
                return Err(malformed("an unknown critical extension"));
            }
        }
        let names = x509
            .subject_alternative_name()
            .map_err(|error| CertificateError::Malformed(error.to_string()))?
            .ok_or_else(|| malformed("no subject alternative name"))?;
        let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
            return Err(malformed("the subject alternative name is not exactly one URI"));
        };
        let (division, node) =
            parse_uri(uri).ok_or_else(|| CertificateError::Malformed(format!("{uri:?} names no node")))?;
        let spki = x509.public_key().raw.to_vec();
        ed25519_point(&spki)?;
        let seconds = |time: i64| Timestamp::from_millis(time.saturating_mul(1_000));
        let info = CertificateInfo {
            node,
            division,
            not_before: seconds(x509.validity().not_before.timestamp()),
            not_after: seconds(x509.validity().not_after.timestamp()),
            spki_sha256: key_hash(&spki),
            spki,
        };
        Ok(Self { info, x509 })
    }

    /// Checks that `issuer` is a CA certificate, that the names chain, and that it signed this one.
    pub(crate) fn check_signed_by(&self, issuer: &Opened<'_>) -> Result<(), CertificateError> {
        let malformed = |text: &str| CertificateError::Malformed(text.to_owned());
        let is_ca = matches!(issuer.x509.basic_constraints(), Ok(Some(extension)) if extension.value.ca);
        let signs = matches!(issuer.x509.key_usage(), Ok(Some(extension)) if extension.value.key_cert_sign());
        if !is_ca || !signs {
            return Err(malformed("the issuer's certificate is not one of a CA"));
        }
        if self.x509.issuer().as_raw() != issuer.x509.subject().as_raw() {
            return Err(malformed("the issuer's name is not that of the next certificate"));
        }
        let point = ed25519_point(&issuer.info.spki)?;
        ed25519()
            .verify_signature(&point, self.x509.tbs_certificate.as_ref(), &self.x509.signature_value.data)
            .map_err(|_| malformed("the signature is wrong"))
    }
}

fn read_key(key_pkcs8: &[u8]) -> Result<KeyPair, CertificateError> {
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key_pkcs8), &PKCS_ED25519)
        .map_err(|error| CertificateError::Key(error.to_string()))
}

/// The 32 bytes of an Ed25519 key out of its SubjectPublicKeyInfo.
fn ed25519_point(spki: &[u8]) -> Result<[u8; 32], CertificateError> {
    let (rest, parsed) = ParsedKey::from_der(spki).map_err(|error| CertificateError::Key(error.to_string()))?;
    if !rest.is_empty()
        || parsed.algorithm.algorithm != OID_SIG_ED25519
        || parsed.algorithm.parameters.is_some()
        || parsed.subject_public_key.unused_bits != 0
    {
        return Err(CertificateError::Key("another algorithm".to_owned()));
    }
    <[u8; 32]>::try_from(parsed.subject_public_key.data.as_ref())
        .map_err(|_| CertificateError::Key("not 32 bytes".to_owned()))
}

fn ed25519() -> &'static dyn SignatureVerificationAlgorithm {
    static ALGORITHM: OnceLock<&'static dyn SignatureVerificationAlgorithm> = OnceLock::new();
    *ALGORITHM.get_or_init(|| {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == SignatureScheme::ED25519)
            .and_then(|(_, algorithms)| algorithms.first().copied())
            .expect("ring has Ed25519")
    })
}

fn uri(node: NodeId, division: DivisionCode) -> String {
    format!("tongban://{division}/{node}")
}

/// Reads the one spelling that [`uri`] writes.
fn parse_uri(text: &str) -> Option<(DivisionCode, NodeId)> {
    let (division, node) = text.strip_prefix("tongban://")?.split_once('/')?;
    let division = DivisionCode::from_str(division).ok()?;
    let node = NodeId::from_str(node).ok()?;
    (uri(node, division) == text).then_some((division, node))
}

fn parameters(
    node: NodeId,
    division: DivisionCode,
    serial: SerialNumber,
) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::default();
    params.serial_number = Some(serial);
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("{division} {node}"));
    params.distinguished_name = name;
    let uri = uri(node, division);
    params.subject_alt_names = vec![SanType::URI(
        uri.try_into().map_err(|error: rcgen::Error| CertificateError::Malformed(error.to_string()))?,
    )];
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    Ok(params)
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, days: u32) {
    let now_seconds = now.as_millis().div_euclid(1_000).clamp(0, LAST_SECOND);
    let from = (now_seconds - BACKDATE_SECONDS).max(0);
    let until = (now_seconds + i64::from(days) * 86_400).min(LAST_SECOND);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + std::time::Duration::from_secs(from.unsigned_abs());
    params.not_after = epoch + std::time::Duration::from_secs(until.unsigned_abs());
}

/// A positive serial number of 16 bytes (RFC 5280 §4.1.2.2).
fn serial(issuer: &[u8], spki: &[u8], now: Timestamp) -> SerialNumber {
    let mut seed = Digest::of(issuer).as_bytes().to_vec();
    seed.extend_from_slice(Digest::of(spki).as_bytes());
    seed.extend_from_slice(&now.as_millis().to_be_bytes());
    let mut serial = Digest::of(&seed).as_bytes()[..16].to_vec();
    serial[0] = serial[0] & 0x7f | 0x40;
    SerialNumber::from(serial)
}
