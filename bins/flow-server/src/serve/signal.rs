//! The signals that stop a server.

use tokio::signal::unix::{SignalKind, signal};

/// Returns the name of the signal that asks to stop.
pub(super) async fn stop() -> &'static str {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals can't be listened to; only SIGKILL stops this server");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
