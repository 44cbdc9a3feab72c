//! Standard Webhooks as a counterpart of a node does them: written for itself, so that two programs hold the contract, not one twice.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Seconds by which the time of a message may differ from now.
pub const TOLERANCE_SECONDS: i64 = 300;

/// A secret that both sides have.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_` and base64.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let encoded = text.trim().strip_prefix("whsec_").context("a secret begins with whsec_")?;
        Ok(Self(STANDARD.decode(encoded)?))
    }

    /// Draws one.
    #[must_use]
    pub fn draw() -> String {
        let bytes: [u8; 32] = rand::random();
        format!("whsec_{}", STANDARD.encode(bytes))
    }

    fn mac(&self, id: &str, seconds: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }

    /// A signature of a message.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: &str, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(id, seconds, body).finalize().into_bytes()))
    }

    /// Looks whether one of the signatures holds and the message is of now.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub fn verify(&self, id: &str, seconds: &str, signatures: &str, body: &[u8], now: i64) -> anyhow::Result<()> {
        let at: i64 = seconds.parse().context("the time is no number")?;
        let holds = signatures
            .split_whitespace()
            .filter_map(|one| one.strip_prefix("v1,"))
            .any(|one| STANDARD.decode(one).is_ok_and(|mac| self.mac(id, seconds, body).verify_slice(&mac).is_ok()));
        if !holds {
            bail!("no signature holds");
        }
        if (now - at).abs() > TOLERANCE_SECONDS {
            bail!("the message is not of now");
        }
        Ok(())
    }
}

/// Seconds since 1970.
#[must_use]
pub fn now_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
