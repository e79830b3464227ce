//! `serve`: the HTTP API, until a signal says stop.

mod first_start;
mod http;
mod signal;

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use anyhow::Context;
use flow_engine::{Accounts, Engine, EngineBuilder, ResumeLinks, Vault};
use flow_http::Api;
use flow_store::{SqlStore, SqlVault};

use crate::config::Config;
use crate::key::Key;
use crate::parts::{files, open_store, registry, scripts};
use crate::{key, say, telemetry};

pub(crate) fn serve(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start(config.log_format);
    // Runs outlive the requests that start them, and the threads that serve those.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("flow-engine")
        .enable_all()
        .build()
        .context("starting the engine's runtime")?;
    let engine_runtime = runtime.handle().clone();
    actix_web::rt::System::new().block_on(async move {
        let store = Arc::new(open_store(&config, true).await?);
        // Before the engine: an address that is taken ends the start.
        let listener = http::listen(&config)?;
        let address = listener.local_addr().context("asking for the address")?;
        let key = key::load(&config)?;
        let vault = key.map(|key| Arc::new(SqlVault::new((*store).clone(), key)));
        let files = files(&config, &store)?;
        let steps = registry(&config, Some(files.clone()))?;
        let engine = Engine::builder().store(store.clone()).files(files).steps(steps);
        let engine = engine.runtime(engine_runtime);
        let engine = start_engine(&config, engine, address, key, vault.clone()).await?;
        let served = serve_http(&config, &engine, store.clone(), vault, listener).await;
        if served.is_err() {
            engine.stop(Duration::ZERO).await;
        }
        served
    })?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn start_engine(
    config: &Config,
    engine: EngineBuilder,
    address: SocketAddr,
    key: Option<Key>,
    vault: Option<Arc<SqlVault>>,
) -> anyhow::Result<Engine> {
    let mut engine = engine.scripts(scripts(config)?);
    if let Some(vault) = vault {
        engine = engine.secrets(vault);
    }
    if let Some(key) = key {
        engine = engine.resume_links(ResumeLinks::new(public_url(config, address), key));
    }
    engine
        .limits(config.limits())
        .prices(config.credits.prices()?)
        .build()
        .await
        .context("starting the engine")
}

/// The address that people and other services reach the server at.
fn public_url(config: &Config, address: SocketAddr) -> String {
    match config.public_url.as_str() {
        "" => format!("http://{address}"),
        given => given.to_owned(),
    }
}

async fn serve_http(
    config: &Config,
    engine: &Engine,
    store: Arc<SqlStore>,
    vault: Option<Arc<SqlVault>>,
    listener: TcpListener,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("asking for the address")?;
    let accounts: Arc<dyn Accounts> = store;
    let vault = vault.map(|vault| vault as Arc<dyn Vault>);
    let api = Api {
        engine: engine.clone(),
        accounts: accounts.clone(),
        vault,
        options: config.http.clone(),
        models: config.models(),
        public_url: public_url(config, address),
    };
    // The token that it makes is shown this once, so only a server that has its address gets here.
    let welcome = first_start::prepare(config, engine, &*accounts).await?;
    let server = http::server(config, listener, api)?;
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    if let Some(welcome) = welcome {
        welcome.print(address);
    }
    if let Err(error) = say(&format!("listening on http://{address}")) {
        // Whoever started us doesn't want to know; callers do.
        tracing::warn!(%address, error = format!("{error:#}"), "serving, and nobody reads that it is so");
    }

    tokio::select! {
        signal = signal::stop() => tracing::info!(signal, "stopping"),
        served = serving => return served.context("the HTTP server broke off")?.context("serving HTTP"),
    }
    stop(engine, &handle, Duration::from_secs(config.shutdown_seconds)).await;
    Ok(())
}

/// Lets what is under way come to its end, for `patience` in all. Callers who still wait when most of it is over
/// are answered that their runs go on, which the next start sees to.
async fn stop(engine: &Engine, handle: &ServerHandle, patience: Duration) {
    let begun = tokio::time::Instant::now();
    engine.drain();
    let mut answered = pin!(handle.stop(true));
    let for_callers = patience / 10 * 9;
    let are_answered = tokio::time::timeout(for_callers, &mut answered).await.is_ok();
    engine.stop(patience.saturating_sub(begun.elapsed())).await;
    if !are_answered {
        answered.await;
    }
}
