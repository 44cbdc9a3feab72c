//! Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body, under a secret that both sides have.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::said::Said;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// What a signature of this scheme begins with.
const SCHEME: &str = "v1,";
/// Shortest and longest secret, in bytes (Standard Webhooks: 24 to 64).
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// The most secrets at once: the one that is used, and those that are on their way in or out.
const SECRETS_MAX: usize = 4;
/// The most signatures of a message that are looked at.
const SIGNATURES_MAX: usize = 4;
/// Seconds by which the time of a message may differ from now.
pub(crate) const TOLERANCE_SECONDS: i64 = 300;

/// Why secrets can't be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SecretError {
    /// The file can't be read.
    Read {
        /// Which file.
        path: String,
        /// What the system said.
        said: String,
    },
    /// Others on the machine may read it.
    Open(String),
    /// It holds no secrets.
    Shape(String),
}

impl SecretError {
    /// In words.
    pub(crate) fn said(&self) -> Said {
        match self {
            Self::Read { path, said } => Said::of(path, path, said),
            Self::Open(path) => Said::new(
                format!("{path} may be read by every user of the machine; chmod 600"),
                format!("本机所有用户都能读取 {path}；请 chmod 600"),
            ),
            Self::Shape(path) => Said::new(
                format!("{path} holds no secret: one a line, whsec_ and base64 of 24 to 64 bytes, at most 4"),
                format!("{path} 中没有密钥：每行一个，whsec_ 加 24 至 64 字节的 base64，至多 4 个"),
            ),
        }
    }
}

/// The secrets of a connector: the first signs first, each verifies.
pub(crate) struct Secrets(Vec<Zeroizing<Vec<u8>>>);

/// Why a message isn't believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forged {
    /// No signature holds.
    Signature,
    /// The signature holds, and the time isn't now.
    Stale,
}

impl Secrets {
    /// Reads them from a text: one a line, blank lines and lines that begin with `#` left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let one = |line: &str| {
            let secret = Zeroizing::new(STANDARD.decode(line.strip_prefix(PREFIX)?).ok()?);
            SECRET_BYTES.contains(&secret.len()).then_some(secret)
        };
        let secrets = lines.map(one).collect::<Option<Vec<_>>>()?;
        (1..=SECRETS_MAX).contains(&secrets.len()).then_some(Self(secrets))
    }

    /// Reads them from their file. They are read for each message, so that a new secret needs no restart.
    pub(crate) fn load(path: &Path) -> Result<Self, SecretError> {
        use std::os::unix::fs::MetadataExt as _;
        let named = path.display().to_string();
        let failed = |error: std::io::Error| SecretError::Read { path: named.clone(), said: error.to_string() };
        let mode = std::fs::metadata(path).map_err(failed)?.mode();
        if mode & 0o007 != 0 {
            return Err(SecretError::Open(named));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        Self::parse(&text).ok_or(SecretError::Shape(named))
    }

    fn mac(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        mac
    }

    /// The header `webhook-signature`: one signature by each secret.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let one = |secret: &Zeroizing<Vec<u8>>| {
            let made = Self::mac(secret, id, seconds, body).finalize().into_bytes();
            format!("{SCHEME}{}", STANDARD.encode(made))
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// Whether one of the signatures holds, compared in constant time, and the message is of now.
    pub(crate) fn verify(
        &self,
        (id, seconds): (&str, i64),
        signatures: &str,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<(), Forged> {
        let given = signatures.split(' ').filter_map(|one| one.strip_prefix(SCHEME)).take(SIGNATURES_MAX);
        let mut given = given.filter_map(|one| STANDARD.decode(one).ok());
        let by = |secret: &Zeroizing<Vec<u8>>, given: &[u8]| {
            Self::mac(secret, id, seconds, body).verify_slice(given).is_ok()
        };
        if !given.any(|given| self.0.iter().any(|secret| by(secret, &given))) {
            return Err(Forged::Signature);
        }
        let is_now = now_seconds.saturating_sub(seconds).saturating_abs() <= TOLERANCE_SECONDS;
        if is_now { Ok(()) } else { Err(Forged::Stale) }
    }
}

/// Where the secrets of a connector lie: a credential of systemd, else the file of the configuration.
pub(crate) fn place(directory: &Path, name: &str, file: &Path) -> PathBuf {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    chosen(directory, name, file, credentials)
}

fn chosen(directory: &Path, name: &str, file: &Path, credentials: Option<PathBuf>) -> PathBuf {
    let credential = credentials.map(|credentials| credentials.join(format!("tongban-connector-{name}")));
    credential.filter(|path| path.exists()).unwrap_or_else(|| directory.join(file))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// The example that the libraries of Standard Webhooks are tested by.
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SECONDS: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_published_example_holds() {
        let secrets = Secrets::parse(SECRET).unwrap();
        assert_eq!(secrets.sign(ID, SECONDS, BODY), SIGNATURE);
        assert_eq!(secrets.verify((ID, SECONDS), SIGNATURE, BODY, SECONDS), Ok(()));
    }

    #[test]
    fn one_of_the_first_four_signatures_has_to_hold() {
        let secrets = Secrets::parse(SECRET).unwrap();
        let other = format!("{SCHEME}{}", STANDARD.encode([7; 32]));
        for (before, holds) in [(0, true), (SIGNATURES_MAX - 1, true), (SIGNATURES_MAX, false)] {
            let all = [vec![other.clone(); before], vec![SIGNATURE.to_owned(), "v1,!".to_owned()]].concat().join(" ");
            assert_eq!(secrets.verify((ID, SECONDS), &all, BODY, SECONDS).is_ok(), holds, "{before}");
        }
    }

    #[test]
    fn nothing_else_holds() {
        let secrets = Secrets::parse(SECRET).unwrap();
        let verify = |id: &str, seconds: i64, signature: &str, body: &[u8]| {
            secrets.verify((id, seconds), signature, body, SECONDS)
        };
        for (id, seconds, signature, body) in [
            ("msg_other", SECONDS, SIGNATURE, BODY),
            (ID, SECONDS + 1, SIGNATURE, BODY),
            (ID, SECONDS, SIGNATURE, &b"{\"test\": 2432232315}"[..]),
            (ID, SECONDS, "", BODY),
            (ID, SECONDS, "v1,", BODY),
            (ID, SECONDS, "v1,AAAA", BODY),
            (ID, SECONDS, &SIGNATURE.replace("v1,", "v1a,"), BODY),
            (ID, SECONDS, &SIGNATURE.replace("v1,", ""), BODY),
        ] {
            assert_eq!(verify(id, seconds, signature, body), Err(Forged::Signature), "{signature}");
        }
        let late = |now: i64| secrets.verify((ID, SECONDS), SIGNATURE, BODY, now);
        assert_eq!(late(SECONDS + TOLERANCE_SECONDS), Ok(()));
        assert_eq!(late(SECONDS + TOLERANCE_SECONDS + 1), Err(Forged::Stale));
        assert_eq!(late(SECONDS - TOLERANCE_SECONDS - 1), Err(Forged::Stale));
    }

    #[test]
    fn two_secrets_overlap_while_they_change() {
        let other = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4";
        let (old, new) = (Secrets::parse(SECRET).unwrap(), Secrets::parse(other).unwrap());
        let both = Secrets::parse(&format!("# new first\n{other}\n\n{SECRET}\n")).unwrap();
        let signed = both.sign(ID, SECONDS, BODY);
        for side in [&old, &new] {
            assert_eq!(side.verify((ID, SECONDS), &signed, BODY, SECONDS), Ok(()));
            let theirs = side.sign(ID, SECONDS, BODY);
            assert_eq!(both.verify((ID, SECONDS), &theirs, BODY, SECONDS), Ok(()));
        }
        assert_eq!(new.verify((ID, SECONDS), SIGNATURE, BODY, SECONDS), Err(Forged::Signature));
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in ["", "# none", "whsec_", "whsec_AAAA", SECRET.trim_start_matches(PREFIX), "whsec_****"] {
            assert!(Secrets::parse(text).is_none(), "{text}");
        }
        assert!(Secrets::parse(&format!("{SECRET}\n").repeat(5)).is_none());
    }

    #[test]
    fn a_file_that_everybody_reads_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pay.secret");
        assert!(matches!(Secrets::load(&path), Err(SecretError::Read { .. })));
        std::fs::write(&path, SECRET).unwrap();
        for (mode, opens) in [(0o600, true), (0o640, true), (0o644, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Secrets::load(&path).is_ok(), opens, "{mode:o}");
        }
        let credentials = directory.path().join("credentials");
        let of = || chosen(Path::new("/d"), "pay", Path::new("keys/pay"), Some(credentials.clone()));
        assert_eq!(of(), Path::new("/d/keys/pay"));
        std::fs::create_dir(&credentials).unwrap();
        std::fs::write(credentials.join("tongban-connector-pay"), SECRET).unwrap();
        assert_eq!(of(), credentials.join("tongban-connector-pay"));
    }
}
