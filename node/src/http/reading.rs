//! What a request says: its body and its query, refused with the field at fault.

use axum::extract::{FromRequest, FromRequestParts, Request as HttpRequest};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tongban_codes::ids::Digest;

use super::{App, BODY_BYTES_MAX, Failure, problem};
use crate::foreign;

/// A JSON body, with refusals that name the field.
pub(crate) struct Body<T> {
    pub(super) value: T,
    pub(super) digest: Digest,
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: HttpRequest, state: &App) -> Result<Self, Failure> {
        is_json(request.headers())?;
        let path = request.uri().path().to_owned();
        let bytes = bytes::Bytes::from_request(request, state).await.map_err(|error| {
            let status = error.status();
            if status != axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                return unread("body", "", &error.to_string(), &format!("请求体有误：{error}"));
            }
            let most = BODY_BYTES_MAX >> 20;
            let (en, zh) = (format!("the body is larger than {most} MiB"), format!("请求体超过 {most} MiB"));
            problem("invalid-request", "body", "", &en, &zh).remedy("send it in parts", "请分次提交")
        })?;
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        // A list of values in the order of the fields would be read as an object as well.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'[') {
            return Err(unread("body", "", "the body is a list, not an object", "请求体是列表，应为对象"));
        }
        let value = serde_json::from_slice(bytes).map_err(|error| {
            let said = error.to_string();
            let (en, zh) = (foreign::en(&said), foreign::zh(&said));
            let (en, zh) = (format!("the request is not as documented: {en}"), format!("请求不符合接口约定：{zh}"));
            unread(field_of(&said), "", &en, &zh)
        })?;
        Ok(Self { value, digest: Digest::of(&[path.as_bytes(), b"\0", bytes].concat()) })
    }
}

/// A body that says to be something else than JSON is not read as JSON.
fn is_json(headers: &HeaderMap) -> Result<(), Failure> {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let kind = String::from_utf8_lossy(kind.as_bytes());
    let plain = kind.split(';').next().unwrap_or_default().trim();
    if plain.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(problem("invalid-request", "content-type", &kind, "the body is not JSON", "请求体不是 JSON")
        .remedy("send JSON with content-type: application/json", "请提交 JSON，content-type 为 application/json"))
}

/// Query parameters, refused like a body.
pub(crate) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|error| {
            let text = error.to_string();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            let (field, said) = match text.split_once(": ") {
                Some((name, rest)) if !name.contains([' ', '`']) => (name, rest),
                _ => (field_of(text), text),
            };
            let (en, zh) = (foreign::en(said), foreign::zh(said));
            unread(field, "", &format!("the query is not as documented: {en}"), &format!("查询参数有误：{zh}"))
        })
    }
}

fn unread(field: &str, value: &str, en: &str, zh: &str) -> Failure {
    problem("invalid-request", field, value, en, zh).remedy(
        "correct it; names and shapes of fields stand in the API's documentation",
        "请更正；字段名和格式见接口文档",
    )
}

/// The field at fault, of the sentence in which the reader said what is wrong; the whole body where none is named.
fn field_of(said: &str) -> &str {
    let names = ["unknown field", "unknown variant", "missing field", "duplicate field"];
    let named = names.iter().any(|begins| said.starts_with(begins)).then(|| said.split('`').nth(1)).flatten();
    named.filter(|name| !name.is_empty()).unwrap_or("body")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_at_fault_is_named() {
        for (said, field) in [
            ("unknown field `colour`, expected one of `item`, `name` at line 1 column 9", "colour"),
            ("missing field `division` at line 1 column 25", "division"),
            ("invalid type: integer `1`, expected a string at line 1 column 9", "body"),
            ("EOF while parsing an object at line 1 column 12", "body"),
            ("unknown field ``, expected `item`", "body"),
        ] {
            assert_eq!(field_of(said), field);
        }
    }
}
