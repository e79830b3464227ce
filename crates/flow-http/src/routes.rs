//! The routes, one file for each resource. A handler extracts, calls the engine and maps to a view.

mod event;
mod execute;
mod file;
mod flow;
mod health;
mod hook;
mod log;
mod preferences;
mod resume;
mod run;
mod secret;

use actix_web::guard::{Any, Guard, Method as IsMethod};
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Resource, Route};

use crate::ApiError;
use crate::error::Result;
use crate::observe::shown_path;

/// Mounts every route. Fixed names come before ids, so that they win.
pub(crate) fn mount(config: &mut ServiceConfig) {
    event::mount(config);
    execute::mount(config);
    file::mount(config);
    preferences::mount(config);
    flow::mount(config);
    log::mount(config);
    hook::mount(config);
    resume::mount(config);
    run::mount(config);
    secret::mount(config);
    health::mount(config);
}

/// A path with its methods. Any other one is refused in the shape of an error, naming those. What can be got
/// can also be asked for its head.
fn resource<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let mut resource = web::resource(path);
    let mut allowed = Vec::new();
    for (method, route) in routes {
        allowed.push(method.to_string());
        let route = if method == Method::GET {
            allowed.push(Method::HEAD.to_string());
            route.guard(get_or_head())
        } else {
            route.method(method)
        };
        resource = resource.route(route);
    }
    let allowed = allowed.join(", ");
    resource.default_service(web::to(move |request: HttpRequest| {
        let refused =
            ApiError::MethodNotAllowed { method: request.method().to_string(), allowed: allowed.clone() };
        async move { Err::<&'static str, _>(refused) }
    }))
}

fn get_or_head() -> impl Guard {
    Any(IsMethod(Method::GET)).or(IsMethod(Method::HEAD))
}

/// What every path is answered with that nobody takes.
pub(crate) async fn not_found(request: HttpRequest) -> Result<&'static str> {
    let path = shown_path(request.path()).chars().take(200).collect::<String>();
    Err(ApiError::RouteNotFound(format!("{} {path}", request.method())))
}
