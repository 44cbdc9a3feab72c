//! What the node writes to its log, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::EnvFilter;

use crate::config::{LogFormat, Telemetry};

/// Overrides the filter of the configuration for one run.
const FILTER_VARIABLE: &str = "TONGBAN_LOG";

/// Starts the log; a second call in the same process changes nothing.
///
/// A filter in `TONGBAN_LOG` that can't be read is ignored in favour of the configuration's.
pub fn start(settings: &Telemetry) {
    let filter = std::env::var(FILTER_VARIABLE)
        .ok()
        .and_then(|filter| EnvFilter::try_new(filter).ok())
        .unwrap_or_else(|| EnvFilter::new(&settings.filter));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}
