//! The inside of a worker process: takes scripts from its standard input and answers on its standard output.

mod confine;

use std::{io, panic::resume_unwind, sync::Arc, thread};

use serde::{Deserialize, Serialize};

use crate::{Error, Limits, ProcessPoolOptions, message, sandbox, task::Task};

/// A worker understands a server of the same version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The first message to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    version: String,
    limits: Limits,
    scripts: u64,
    resident_bytes: u64,
    address_space_bytes: u64,
}

/// The first message of a worker: it is confined, and takes scripts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) version: String,
}

impl From<&ProcessPoolOptions> for Settings {
    fn from(options: &ProcessPoolOptions) -> Self {
        Self {
            version: VERSION.to_owned(),
            limits: options.limits.clone(),
            scripts: options.scripts_per_worker.max(1),
            resident_bytes: options.resident_bytes,
            address_space_bytes: options.address_space_bytes,
        }
    }
}

/// What a program does that a [`ProcessPool`](crate::ProcessPool) starts. Call it first of all: it closes every
/// descriptor but the standard ones, and nothing else may read standard input or write standard output. Returns when
/// the server has closed the pipe, or a fresh process is to take over. When the server dies in the middle of a script,
/// the process exits.
pub fn run() -> Result<(), Error> {
    confine::descriptors()?;
    confine::rights()?;
    let Some((settings, _)) = message::read::<Settings>(&mut io::stdin().lock())? else { return Ok(()) };
    if settings.version != VERSION {
        let (worker, server) = (VERSION.to_owned(), settings.version);
        return Err(Error::Version { worker, server });
    }
    confine::memory(settings.address_space_bytes)?;
    confine::end_with_the_server()?;
    // A thread of its own, since how much stack the first one has is not ours to say.
    let thread = thread::Builder::new().stack_size(settings.limits.thread_stack());
    let serving = thread.spawn(move || serve(&settings)).map_err(Error::Threads)?;
    serving.join().unwrap_or_else(|panic| resume_unwind(panic))
}

fn serve(settings: &Settings) -> Result<(), Error> {
    confine::threads()?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    message::write(&mut output, &Ready { version: VERSION.to_owned() }, std::iter::empty())?;
    for served in 1.. {
        let Some((task, values)) = message::read::<Task>(&mut input)? else { break };
        let task = Task { values: values.into_iter().map(Arc::new).collect(), ..task };
        if task.values.len() != task.names.len() {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        let mut answer = sandbox::run(&task, &settings.limits, &Arc::default());
        answer.retires = served >= settings.scripts || confine::resident_bytes() > settings.resident_bytes;
        message::write(&mut output, &answer, answer.values.iter().map(String::as_str))?;
        if answer.retires {
            break;
        }
    }
    Ok(())
}
