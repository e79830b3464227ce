//! A worker process, seen from the server.

use std::{io, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncWriteExt as _, BufReader},
    process::{self, ChildStdin, ChildStdout, Command},
};

use super::ProcessPoolOptions;
use crate::{
    message,
    pool::Work,
    task::{Answer, Task},
    worker::{Ready, Settings, VERSION},
};

/// How long the end of a process is waited for that closed its pipe.
const END: Duration = Duration::from_secs(1);

/// A running process. Dropping it kills it.
pub(super) struct Child {
    process: process::Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// The longest answer that its limits allow, in bytes. A process that was taken over may say more.
    longest: usize,
}

impl Child {
    /// Starts a process and waits until it has confined itself; otherwise says what went wrong.
    pub(super) async fn start(options: &ProcessPoolOptions, settings: &Settings) -> Result<Self, String> {
        let mut child = Self::spawn(options).map_err(|error| error.to_string())?;
        match child.greet(settings).await {
            Ok(Ready { version }) if version == VERSION => Ok(child),
            Ok(Ready { version }) => Err(format!("it is of version {version} and this is {VERSION}")),
            Err(error) => Err(child.end(&error).await),
        }
    }

    fn spawn(options: &ProcessPoolOptions) -> io::Result<Self> {
        let mut command = Command::new(&options.program);
        command.args(&options.args).env_clear().env("TZ", "UTC");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        // A Ctrl-C at the terminal is for the server, which may still need its workers.
        command.process_group(0);
        let mut process = command.spawn()?;
        let missing = || io::Error::other("it has no pipe");
        let stdin = process.stdin.take().ok_or_else(missing)?;
        let stdout = BufReader::new(process.stdout.take().ok_or_else(missing)?);
        let longest = options.limits.longest_answer();
        Ok(Self { process, stdin, stdout, longest })
    }

    async fn greet(&mut self, settings: &Settings) -> io::Result<Ready> {
        self.stdin.write_all(&message::encode(settings, std::iter::empty())?).await?;
        Ok(message::read_async(&mut self.stdout, self.longest).await?.0)
    }

    async fn exchange(&mut self, task: &Task) -> io::Result<Answer> {
        let message = message::encode(task, task.values.iter().map(|text| text.as_str()))?;
        self.stdin.write_all(&message).await?;
        let (answer, values) = message::read_async::<Answer>(&mut self.stdout, self.longest).await?;
        Ok(Answer { values, ..answer })
    }

    /// How the process ended.
    async fn end(&mut self, error: &io::Error) -> String {
        match tokio::time::timeout(END, self.process.wait()).await {
            Ok(Ok(status)) => format!("the process ended with {status}"),
            _ => error.to_string(),
        }
    }
}

impl Work for Child {
    fn is_fit(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    async fn work(&mut self, task: Task) -> Result<Answer, String> {
        match self.exchange(&task).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.end(&error).await),
        }
    }
}
