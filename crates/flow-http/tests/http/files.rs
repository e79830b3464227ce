//! Files: uploaded, downloaded, and refused.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use flow_engine::{FileBytes, FileContents, FilePlace, FileWriter, FilesError, Scope};
use serde_json::json;

use crate::server::{Answer, Ask, NOBODY, Server};

const UPLOAD: &str = "/v1/flow/file";

/// A part with a file, as clients write it.
fn part(field: &str, filename: &str, content: &str) -> String {
    format!(
        "--edge\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{filename}\"\r\n\
         Content-Type: text/csv\r\n\r\n{content}\r\n"
    )
}

fn upload<'s>(server: &'s Server, parts: &[String]) -> Ask<'s> {
    let body = format!("{}--edge--\r\n", parts.concat());
    server.post(UPLOAD).header("content-type", "multipart/form-data; boundary=edge").body(body)
}

async fn uploaded(server: &Server, filename: &str, content: &str) -> Answer {
    let answer = upload(server, &[part("file", filename, content)]).send().await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

#[actix_web::test]
async fn a_file_is_uploaded_and_downloaded() {
    let server = Server::start().await;
    let answer = uploaded(&server, "../orders 1.csv", "a,b\r\n1,2").await;
    let file = answer.json();
    let sha256 = "a64a34aacbdacd17c0c52c867be14c6b9dab76b5e7348392eb829431fbba3a33";
    let expected = json!({
        "fileId": file["fileId"], "name": "orders 1.csv", "size": 8, "contentType": "text/csv",
        "sha256": sha256,
    });
    assert_eq!(file, expected);
    let place = format!("/v1/flow/file/{}", file["fileId"].as_str().unwrap());
    assert_eq!(answer.header("location"), place);

    let got = server.get(&place).send().await;
    assert_eq!((got.status.as_u16(), got.text.as_str()), (200, "a,b\r\n1,2"));
    assert_eq!(got.header("content-type"), "text/csv");
    assert_eq!(got.header("content-disposition"), "attachment; filename=\"orders 1.csv\"");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert_eq!(got.header("etag"), format!("\"{sha256}\""));
}

#[actix_web::test]
async fn a_name_is_no_header_of_its_own() {
    let server = Server::start().await;
    for (sent, header) in [
        ("Überblick.csv", "attachment; filename=\"_berblick.csv\"; filename*=UTF-8''%C3%9Cberblick.csv"),
        ("a\u{202e}b.html", "attachment; filename=\"ab.html\""),
        ("x;y%0d%0a.txt", "attachment; filename=\"x;y_0d_0a.txt\"; filename*=UTF-8''x%3By%250d%250a.txt"),
    ] {
        let file = uploaded(&server, sent, "x").await;
        let got = server.get(file.header("location")).send().await;
        assert_eq!(got.header("content-disposition"), header, "{sent:?}");
    }
}

#[actix_web::test]
async fn a_file_is_its_workspaces_own() {
    let server = Server::start().await;
    let file = uploaded(&server, "a.txt", "secret").await;
    let other = server.token_of("other", &Scope::ALL, None).await;
    let place = file.header("location");
    server.get(place).token(&other).send().await.problem(404, "file_not_found");
    for unknown in [format!("/v1/flow/file/{NOBODY}"), "/v1/flow/file/no-id".to_owned()] {
        server.get(&unknown).send().await.problem(404, "file_not_found");
    }
    assert_eq!(server.get(place).send().await.status, 200);
}

#[actix_web::test]
async fn the_scopes_are_those_of_running_and_reading() {
    let server = Server::start().await;
    let file = uploaded(&server, "a.txt", "x").await;
    let reader = server.token_of("reader", &[Scope::FlowsRead], None).await;
    let runner = server.token_of("runner", &[Scope::FlowsRun], None).await;
    let parts = [part("file", "a.txt", "x")];
    upload(&server, &parts).token(&reader).send().await.problem(403, "scope_missing");
    assert_eq!(upload(&server, &parts).token(&runner).send().await.status, 201);
    server.get(file.header("location")).token(&runner).send().await.problem(403, "scope_missing");
}

#[actix_web::test]
async fn what_isnt_one_file_is_refused() {
    let server = Server::start().await;
    let missing = upload(&server, &[part("other", "a.txt", "x")]).send().await;
    assert_eq!(missing.faults(422, "invalid_request"), [("/file".to_owned(), "required".to_owned())]);
    let file = part("file", "a.txt", "x");
    let several = upload(&server, &[file.clone(), file.clone()]).send().await;
    assert_eq!(several.faults(422, "invalid_request"), [("/file".to_owned(), "too_many".to_owned())]);

    let form = "multipart/form-data; boundary=edge";
    let ask = |content_type: &str, body: &str| {
        server.post(UPLOAD).header("content-type", content_type).body(body.to_owned())
    };
    for wrong in
        ["application/json", "multipart/mixed; boundary=edge", "application/x-www-form-urlencoded", ""]
    {
        ask(wrong, "{}").send().await.problem(415, "unsupported_media_type");
    }
    ask(form, &file).header("content-encoding", "gzip").send().await.problem(415, "unsupported_media_type");
    ask("multipart/form-data", &file).send().await.problem(400, "malformed_multipart");
    ask(form, &file).send().await.problem(400, "body_incomplete");
    let unnamed = "--edge\r\nContent-Type: text/csv\r\n\r\nx\r\n--edge--\r\n";
    ask(form, unnamed).send().await.problem(400, "malformed_multipart");
}

#[actix_web::test]
async fn a_file_is_bounded_in_size() {
    let mut server = Server::start().await;
    server.api.options.upload_limit = 1000;
    uploaded(&server, "fits", &"x".repeat(1000)).await;
    for size in [1001, 100_000] {
        let answer = upload(&server, &[part("file", "large", &"x".repeat(size))]).send().await;
        answer.problem(413, "body_too_large");
    }
}

/// A place where nothing can be kept.
struct Broken(fn() -> FilesError);

#[async_trait]
impl FileContents for Broken {
    async fn write(&self, _: FilePlace) -> Result<Box<dyn FileWriter>, FilesError> {
        Ok(Box::new(Self(self.0)))
    }

    async fn read(&self, _: FilePlace) -> Result<FileBytes, FilesError> {
        Err(self.0())
    }
}

#[async_trait]
impl FileWriter for Broken {
    async fn write(&mut self, _: Bytes) -> Result<(), FilesError> {
        Err(self.0())
    }

    async fn finish(self: Box<Self>) -> Result<(), FilesError> {
        Err(self.0())
    }
}

#[actix_web::test]
async fn a_full_disk_and_one_that_is_away_are_told_apart() {
    let parts = [part("file", "a.txt", "x")];
    let server = Server::with_contents(Arc::new(Broken(|| FilesError::Full))).await;
    upload(&server, &parts).send().await.problem(507, "storage_full");
    let away = Broken(|| FilesError::Unavailable { reason: "secret path".to_owned() });
    let server = Server::with_contents(Arc::new(away)).await;
    let problem = upload(&server, &parts).send().await;
    assert_eq!(problem.header("retry-after"), "2");
    assert!(
        !problem.problem(503, "files_unavailable").to_string().contains("secret"),
        "it tells of the inside"
    );
}
