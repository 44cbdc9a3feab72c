//! Lets peers notice a restart at once, instead of after the idle timeout.
//!
//! A node that gets a packet of a connection it no longer knows answers with a stateless reset (RFC 9000
//! §10.3). The peer believes it only if the token in it is the one it was given in the old connection, so
//! tokens must be the same before and after a restart: they are derived from the transport key.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, Mac};
use quinn::{
    ConnectionId, ConnectionIdGenerator, EndpointConfig,
    crypto::{CryptoError, HmacKey},
};
use rand::RngCore;
use sha2::Sha256;

/// Bytes of a connection id: enough that a random one is never drawn twice.
const CONNECTION_ID_BYTES: usize = 8;

/// An endpoint configuration whose reset tokens follow from `seed`.
pub(crate) fn endpoint_config(seed: [u8; 32]) -> EndpointConfig {
    let mut config = EndpointConfig::new(Arc::new(ResetKey(seed)));
    // quinn's own generator recognises only ids of its own process, and would never answer others.
    config.cid_generator(|| Box::new(RandomIds));
    config
}

struct ResetKey([u8; 32]);

impl ResetKey {
    fn mac(&self, data: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(data);
        mac
    }
}

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(&self.mac(data).finalize().into_bytes());
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.mac(data).verify_slice(signature).map_err(|_| CryptoError)
    }
}

struct RandomIds;

impl ConnectionIdGenerator for RandomIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut bytes = [0; CONNECTION_ID_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        ConnectionId::new(&bytes)
    }

    fn cid_len(&self) -> usize {
        CONNECTION_ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}
