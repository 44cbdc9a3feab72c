//! Telling a node an outcome, right or wrong.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Uri;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use system_tests::webhook::{Secret, now_seconds};
use tokio::net::TcpStream;

use crate::{Common, print, secret};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    /// The order's number
    #[arg(long)]
    order: String,
    /// paid, delivered, …
    #[arg(long)]
    outcome: String,
    /// Money, in fen
    #[arg(long)]
    fen: Option<u64>,
    /// Trade number or waybill
    #[arg(long)]
    reference: Option<String>,
    /// Id of the message; made of order and outcome when absent
    #[arg(long)]
    id: Option<String>,
    /// Sends it so often, under the same id
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// Signs it as of so many seconds ago
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    age: i64,
    /// Signs it with another secret
    #[arg(long)]
    forge: bool,
    /// Changes the body after it was signed
    #[arg(long)]
    alter: bool,
    /// Fills the reason with so many letters
    #[arg(long, default_value_t = 0)]
    pad: usize,
    /// Adds a field that the contract doesn't know
    #[arg(long)]
    extra: bool,
    /// Number, of a decision: under which the other system has the case
    #[arg(long)]
    number: Option<String>,
    /// Day of a decision
    #[arg(long)]
    decided_on: Option<String>,
    /// Who decided
    #[arg(long)]
    decider: Option<String>,
    /// Number of the document of a decision
    #[arg(long)]
    document_no: Option<String>,
    /// Reason, of a refusal
    #[arg(long, conflicts_with = "pad")]
    reason: Option<String>,
    /// Code of the reason
    #[arg(long)]
    reason_code: Option<String>,
    /// Leaves the headers of the signature out
    #[arg(long)]
    unsigned: bool,
}

/// The body of a message that tells an outcome.
pub(crate) fn body(kind: &str, outcome: &str, data: &Value) -> Vec<u8> {
    let seconds = now_seconds();
    let at = tongban_codes::time::Timestamp::from_millis(seconds * 1000).to_string();
    json!({ "type": format!("{kind}.{outcome}"), "timestamp": at, "data": data }).to_string().into_bytes()
}

/// Posts a body under these headers; gives status and answer.
pub(crate) async fn post(url: &str, headers: &[(&str, String)], body: Vec<u8>) -> anyhow::Result<(u16, Value)> {
    let uri: Uri = url.parse().with_context(|| url.to_owned())?;
    let host = uri.authority().context("the callback names a host")?.to_string();
    let stream = TcpStream::connect(&host).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = hyper::Request::post(uri.path()).header("host", &host).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = response.status().as_u16();
    let answer = response.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&answer).unwrap_or(Value::Null)))
}

/// The headers of a signed message.
pub(crate) fn signed(secret: &Secret, id: &str, seconds: i64, body: &[u8]) -> Vec<(&'static str, String)> {
    let seconds = seconds.to_string();
    let signature = secret.sign(id, &seconds, body);
    vec![("webhook-id", id.to_owned()), ("webhook-timestamp", seconds), ("webhook-signature", signature)]
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let url = args.common.callback.clone().context("--callback is needed")?;
    let own = secret(&args.common.secret_file)?;
    let secret = if args.forge { Secret::parse(&Secret::draw())? } else { own };
    let mut data = json!({ "order": args.order });
    for (name, value) in [
        ("amount_fen", args.fen.map(Value::from)),
        ("reference", args.reference.map(Value::from)),
        ("number", args.number.map(Value::from)),
        ("decided_on", args.decided_on.map(Value::from)),
        ("decider", args.decider.map(Value::from)),
        ("document_no", args.document_no.map(Value::from)),
        ("reason", args.reason.map(Value::from)),
        ("reason_code", args.reason_code.map(Value::from)),
    ] {
        if let Some(value) = value {
            data[name] = value;
        }
    }
    if args.pad > 0 {
        data["reason"] = Value::from("x".repeat(args.pad));
    }
    if args.extra {
        data["more"] = Value::from(1);
    }
    let mut body = body(&args.common.kind, &args.outcome, &data);
    let id = args.id.unwrap_or_else(|| format!("{}-{}", args.order, args.outcome));
    let mut headers = signed(&secret, &id, now_seconds() - args.age, &body);
    if args.unsigned {
        headers.clear();
    }
    if args.alter {
        // Blanks mean nothing in JSON, and everything to a signature.
        body.push(b' ');
    }
    for _ in 0..args.times {
        let (status, answer) = post(&url, &headers, body.clone()).await?;
        print(&json!({ "status": status, "answer": answer }).to_string())?;
    }
    Ok(())
}
