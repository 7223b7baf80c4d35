//! What the subcommands that wait for something run in.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// A runtime with so many threads, as many as there are processors without a number. A file beyond what `ulimit -f`
/// allows ends nothing from then on: the write fails instead, as on a full disk, and that is said.
pub(super) fn runtime(threads: Option<usize>) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    let runtime = builder.enable_all().build()?;
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let _within = runtime.enter();
        // What was listened to once never ends the process again.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
    }
    Ok(runtime)
}
