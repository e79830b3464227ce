//! The parts that several commands put together.

use std::future::Future;
use std::sync::Arc;

use anyhow::Context;
use flow_engine::{Entropy, Files, OsEntropy, Registry};
use flow_script::ProcessPool;
use flow_steps::{AskToLlm, ExtractData, HttpRequest, Llm, Outbound};
use flow_store::{FileFolder, SqlStore};

use crate::config::Config;

/// The built-in types of step, with the files that they can use.
pub(crate) fn registry(config: &Config, files: Option<Files>) -> anyhow::Result<Registry> {
    let outbound = Outbound::new(config.allow()?).context("preparing the HTTP client")?;
    let llm = Llm::new(config.llm.clone()).context("preparing the language model's client")?;
    let (mut request, mut ask) = (HttpRequest::new(outbound), AskToLlm::new(llm.clone()));
    if let Some(files) = files {
        request = request.with_files(files.clone());
        ask = ask.with_files(files);
    }
    Ok(Registry::new().with(request).with(ask).with(ExtractData::new(llm)))
}

/// What runs scripts. The processes are started when they are needed.
pub(crate) fn scripts(config: &Config) -> anyhow::Result<Arc<ProcessPool>> {
    let pool = ProcessPool::start(config.scripts()?).context("section [scripts]")?;
    Ok(Arc::new(pool))
}

/// The database; with `exclusive`, as the one server that runs flows on it.
pub(crate) async fn open_store(config: &Config, exclusive: bool) -> anyhow::Result<SqlStore> {
    Ok(SqlStore::open(config.store(exclusive)).await?)
}

/// The files: known to the database, and kept in a folder.
pub(crate) fn files(config: &Config, store: &Arc<SqlStore>) -> anyhow::Result<Files> {
    let folder = FileFolder::open(&config.files_dir())?;
    Ok(Files::new(store.clone(), Arc::new(folder)))
}

/// Runs a command that needs no server on a small runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("starting the runtime")?.block_on(work)
}

/// The random bytes of a new id.
pub(crate) fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    OsEntropy.fill(&mut bytes);
    bytes
}
