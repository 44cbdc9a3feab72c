//! Files to and from the node, of any length, without having them in memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context as Waiting, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, ETAG, HOST, HeaderName};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;

use super::{ANSWER_BYTES_MAX, Attempt, Client, RETRY_PAUSES_MILLIS, percent_encoded, problem_of, unreadable};
use crate::cli::failure::Failure;
use crate::cli::text::{ANSWER_UNKNOWN, MATERIAL_CUT, TRYING_AGAIN};

/// Bytes that are read of a file at once.
const READ_BYTES: usize = 64 << 10;

/// A file as the body of a request.
struct FileBody {
    file: File,
    left: u64,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Waiting<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut buffer = vec![0; READ_BYTES.min(usize::try_from(self.left).unwrap_or(READ_BYTES))];
        // The command has nothing else to do meanwhile.
        let read = match self.file.read(&mut buffer) {
            Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        buffer.truncate(read);
        self.left -= read as u64;
        Poll::Ready(Some(Ok(Frame::data(buffer.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

async fn whole(response: Response<Incoming>) -> Result<Bytes, Attempt> {
    let collected = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| Attempt::Broken(error.to_string()))
}

impl Client {
    /// Sends a file of so many bytes under the key of the command; again when the connection breaks, which writes nothing twice.
    pub(crate) fn put(&self, target: &str, size: u64, open: impl Fn() -> Result<File, Failure>) -> Result<(), Failure> {
        self.again(async || {
            let file = open().map_err(Attempt::Final)?;
            let request = self.request(Method::PUT, target).header("idempotency-key", &self.key);
            let request = request.header(CONTENT_LENGTH, size).body(FileBody { file, left: size });
            let response = self.send(request.map_err(|error| Attempt::Final(unreadable(&error.to_string())))?).await?;
            let status = response.status();
            let bytes = whole(response).await?;
            if status.is_success() { Ok(()) } else { Err(Attempt::Final(problem_of(status, &bytes))) }
        })
    }

    /// Gets a file piece by piece; gives its length and the digest that the node names.
    pub(crate) fn download(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(u64, String), Failure> {
        let mut target = path.to_owned();
        for (name, value) in query {
            let Some(value) = value else { continue };
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&format!("{name}={}", percent_encoded(value)));
        }
        let response = self.again(async || {
            let request = self.request(Method::GET, &target).body(Empty::<Bytes>::new());
            let response = self.send(request.map_err(|error| Attempt::Final(unreadable(&error.to_string())))?).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            Err(Attempt::Final(problem_of(status, &whole(response).await?)))
        })?;
        let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let length = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let digest = header(ETAG).map(|tag| tag.trim_matches('"').to_owned());
        let (Some(length), Some(digest)) = (length, digest) else { return Err(unreadable("no length or digest")) };
        let mut body = response.into_body();
        let mut came = 0;
        self.runtime.block_on(async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|_| Failure::of(&MATERIAL_CUT, came.to_string(), &[]))?;
                let Ok(data) = frame.into_data() else { continue };
                came += data.len() as u64;
                take(&data).map_err(|error| crate::cli::output::failed(&error))?;
            }
            Ok::<_, Failure>(())
        })?;
        if came == length { Ok((length, digest)) } else { Err(Failure::of(&MATERIAL_CUT, came.to_string(), &[])) }
    }

    fn request(&self, method: Method, target: &str) -> Builder {
        let request = Request::builder().method(method).uri(target).header(HOST, "tongban");
        match &self.operator {
            Some(operator) => request.header("tongban-operator", percent_encoded(operator)),
            None => request,
        }
    }

    async fn send<B>(&self, request: Request<B>) -> Result<Response<Incoming>, Attempt>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let stream = self.connect().await?;
        let broken = |error: hyper::Error| Attempt::Broken(error.to_string());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(broken)
    }

    /// Tries until the node is reached and says something.
    fn again<T>(&self, attempt: impl AsyncFn() -> Result<T, Attempt>) -> Result<T, Failure> {
        let mut broken = None;
        for pause in [0].into_iter().chain(RETRY_PAUSES_MILLIS) {
            if pause > 0 {
                self.output.say(TRYING_AGAIN.of(self.output.lang));
                std::thread::sleep(std::time::Duration::from_millis(pause));
            }
            match self.runtime.block_on(attempt()) {
                Ok(done) => return Ok(done),
                Err(Attempt::Final(failure)) => return Err(failure),
                Err(Attempt::Absent) if broken.is_none() => return Err(self.not_running()),
                Err(Attempt::Absent) => {}
                Err(Attempt::Broken(reason)) => broken = Some(reason),
            }
        }
        Err(Failure::of(&ANSWER_UNKNOWN, "", &[&broken.unwrap_or_default(), &self.key]))
    }
}
