//! A file, told of and sent.

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    Charset, ContentDisposition, DispositionParam, DispositionType, ETAG, ExtendedValue, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use flow_engine::{FileBytes, FileRecord};

use super::json_with;

/// A file that was just uploaded.
pub(crate) fn uploaded(file: &FileRecord) -> HttpResponse {
    json_with(
        StatusCode::CREATED,
        &file.to_value(),
        &[(LOCATION, format!("/v1/flow/file/{}", file.id)), (ETAG, etag(file))],
    )
}

/// A file's bytes. Whoever sent them said what they are, so no browser shows them as a part of this site.
pub(crate) fn download(file: &FileRecord, bytes: FileBytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(file.content_type.as_str())
        .insert_header(attachment(&file.name))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((ETAG, etag(file)))
        .body(SizedStream::new(file.size, bytes))
}

fn etag(file: &FileRecord) -> String {
    format!("\"{}\"", file.sha256_hex())
}

/// To be saved under its name; programs that read ASCII alone get a name with `_` for the rest (RFC 6266 §4.3).
fn attachment(name: &str) -> ContentDisposition {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ';
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let mut parameters = vec![DispositionParam::Filename(ascii.clone())];
    if ascii != name {
        let value = name.as_bytes().to_vec();
        let charset = Charset::Ext("UTF-8".to_owned());
        let extended = ExtendedValue { charset, language_tag: None, value };
        parameters.push(DispositionParam::FilenameExt(extended));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}
