//! Lets a drive begin where it was asked for, and outlive the one who asked.
//!
//! A short run is over before moving it to another thread would pay; a longer one moves to the engine's own
//! runtime, and so does one whose caller goes away.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::DriveEnd;
use crate::engine::Shared;

/// How long a drive stays on its caller's thread.
const HERE: Duration = Duration::from_millis(1);

/// A drive that goes on whatever becomes of its caller, until the engine abandons it.
pub(crate) struct Carried {
    drive: Option<Pin<Box<dyn Future<Output = DriveEnd> + Send>>>,
    runtime: Handle,
}

/// Prepares a drive to be carried. What it has to bring to its end (a run that was claimed, say) must begin
/// inside of it.
pub(crate) fn carry(shared: &Arc<Shared>, drive: impl Future<Output = DriveEnd> + Send + 'static) -> Carried {
    let abandoning = shared.abandoning.clone();
    let drive = async move { abandoning.run_until_cancelled(drive).await.unwrap_or(DriveEnd::GivenUp) };
    Carried { drive: Some(Box::pin(drive)), runtime: shared.runtime.clone() }
}

impl Carried {
    /// Drives here for a moment, then on the engine's runtime.
    pub(crate) async fn finish(mut self) -> DriveEnd {
        if let Some(drive) = &mut self.drive
            && let Ok(end) = tokio::time::timeout(HERE, drive).await
        {
            self.drive = None;
            return end;
        }
        self.move_over().await
    }

    /// Drives on the engine's runtime, with nobody waiting for it.
    pub(crate) fn detach(self) {
        drop(self);
    }

    /// Drives on the engine's runtime from the beginning.
    pub(crate) async fn move_over(mut self) -> DriveEnd {
        let Some(drive) = self.drive.take() else { return DriveEnd::GivenUp };
        self.runtime.spawn(drive).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a drive broke off");
            DriveEnd::GivenUp
        })
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        if let Some(drive) = self.drive.take() {
            self.runtime.spawn(drive);
        }
    }
}
