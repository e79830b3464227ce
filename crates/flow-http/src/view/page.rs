//! The pages that people see who follow a link: plain HTML, no script, nothing from elsewhere.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use flow_engine::RunView;
use flow_model::{ExecutionId, Wait, WaitRequest};
use html_escape::encode_text;

/// The page that shows what a link's wait asks, and sends nothing before its reader does. `decision` is the one that
/// the link stands for, if it stands for one.
pub(crate) fn wait(view: &RunView, execution: &ExecutionId, decision: Option<&str>) -> HttpResponse {
    let open = view.open_waits().into_iter().find(|wait| wait.execution == *execution);
    match open {
        None => page(
            StatusCode::GONE,
            "Nothing to answer",
            "<p>This was answered already, or is asked no more.</p>",
        ),
        Some(open) => page(StatusCode::OK, &title(view), &question(&open.wait, decision)),
    }
}

/// The page after an answer.
pub(crate) fn answered(view: &RunView) -> HttpResponse {
    page(StatusCode::OK, &title(view), "<p>Thank you: your answer was taken. You can close this page.</p>")
}

fn title(view: &RunView) -> String {
    view.flow.as_ref().map_or("A question", |flow| flow.name()).to_owned()
}

fn question(wait: &Wait, decision: Option<&str>) -> String {
    match &wait.request {
        WaitRequest::UserApproval { message, .. } => {
            let buttons = match decision {
                Some("approve") => APPROVE,
                Some("reject") => REJECT,
                Some(_) | None => BOTH,
            };
            format!(
                "<p class=\"asked\">{}</p>\
                 <form method=\"post\"><label>Remark (optional)<textarea name=\"message\" rows=\"3\" \
                 maxlength=\"2000\"></textarea></label><div>{buttons}</div></form>",
                encode_text(message)
            )
        }
        WaitRequest::ShowForm { title, .. } => {
            format!("<p class=\"asked\">{}</p>{BY_PROGRAM}", encode_text(title))
        }
        WaitRequest::ClientTool { tool_name, .. } => {
            format!("<p class=\"asked\">{}</p>{BY_PROGRAM}", encode_text(tool_name))
        }
        WaitRequest::Wait {} | WaitRequest::RunFlow { .. } | WaitRequest::Event { .. } => {
            BY_PROGRAM.to_owned()
        }
    }
}

const APPROVE: &str = "<button name=\"decision\" value=\"approve\">Approve</button>";
const REJECT: &str = "<button name=\"decision\" value=\"reject\">Reject</button>";
const BOTH: &str = "<button name=\"decision\" value=\"approve\">Approve</button>\
                    <button name=\"decision\" value=\"reject\">Reject</button>";
const BY_PROGRAM: &str = "<p>This is answered by a program: send the answer as JSON to this address.</p>";

fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    let title = encode_text(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-store"))
        // The address holds the token.
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((HeaderName::from_static("x-robots-tag"), "noindex"))
        .content_type("text/html; charset=utf-8")
        .body(html)
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f4f5;color:#18181b}\
    main{max-width:34rem;margin:10vh auto;padding:2rem;background:#fff;border-radius:.5rem}\
    h1{font-size:1.2rem;margin:0 0 1rem}.asked{font-size:1.3rem;white-space:pre-wrap;overflow-wrap:anywhere}\
    label{display:block;margin:1rem 0}textarea{display:block;width:100%;box-sizing:border-box;font:inherit}\
    button{font:inherit;padding:.5rem 1.5rem;margin-right:1rem;border:1px solid #71717a;border-radius:.4rem;\
    background:#fff;cursor:pointer}button[value=approve]{background:#166534;color:#fff}";
