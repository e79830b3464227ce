//! What a worker gives up before it takes a script, so that whoever breaks out of JavaScript finds little.

use std::{
    fs, io,
    os::fd::{AsFd as _, RawFd},
    process, thread,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::resource::{Resource, setrlimit},
    unistd::close,
};

use crate::Error;

/// Standard input, output and error.
const STANDARD: RawFd = 3;

/// The most descriptors: the standard ones and a few for the moment that a file is looked at.
const DESCRIPTORS: u64 = 16;

/// Closes what the server's parents may have left open.
pub(super) fn descriptors() -> Result<(), Error> {
    let refused = |source| Error::Confine { what: "descriptors", source };
    let open = || -> io::Result<Vec<RawFd>> {
        let names = fs::read_dir("/dev/fd")?.map(|entry| Ok(entry?.file_name()));
        let numbers = names.filter_map(|name: io::Result<_>| match name {
            Ok(name) => name.to_str()?.parse().ok().map(Ok),
            Err(error) => Some(Err(error)),
        });
        numbers.collect()
    };
    for descriptor in open().map_err(refused)? {
        // The one that the folder was read through is closed already.
        match close_extra(descriptor) {
            Ok(()) | Err(Errno::EBADF) => {}
            Err(error) => return Err(refused(error.into())),
        }
    }
    Ok(())
}

fn close_extra(descriptor: RawFd) -> nix::Result<()> {
    if descriptor < STANDARD { Ok(()) } else { close(descriptor) }
}

/// Holds on to no folder, and gains no rights by running a program.
pub(super) fn rights() -> Result<(), Error> {
    let refused = |what| move |source| Error::Confine { what, source };
    std::env::set_current_dir("/").map_err(refused("its folder"))?;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_no_new_privs().map_err(|error| refused("rights")(error.into()))?;
    Ok(())
}

/// Bounds memory, and leaves no trace of it on a disk.
pub(super) fn memory(address_space: u64) -> Result<(), Error> {
    limit(Resource::RLIMIT_AS, address_space, "memory")?;
    limit(Resource::RLIMIT_CORE, 0, "core dumps")?;
    limit(Resource::RLIMIT_NOFILE, DESCRIPTORS, "descriptors")
}

/// From here on there are no further threads, and no processes.
pub(super) fn threads() -> Result<(), Error> {
    limit(Resource::RLIMIT_NPROC, 0, "threads")
}

fn limit(resource: Resource, most: u64, what: &'static str) -> Result<(), Error> {
    setrlimit(resource, most, most).map_err(|error| Error::Confine { what, source: error.into() })
}

/// Ends this process when the server closes the pipe, or dies, in the middle of a script too.
pub(super) fn end_with_the_server() -> Result<(), Error> {
    let watch = || {
        let input = io::stdin();
        // Asks for nothing but what is told anyway: that there is nobody at the other end.
        let mut pipe = [PollFd::new(input.as_fd(), PollFlags::empty())];
        while matches!(poll(&mut pipe, PollTimeout::NONE), Ok(0) | Err(Errno::EINTR)) {}
        process::exit(0);
    };
    let started = thread::Builder::new().stack_size(64 << 10).spawn(watch);
    started.map(drop).map_err(|source| Error::Confine { what: "its own life", source })
}

/// The memory that this process has now, in bytes; 0 where the system doesn't tell.
pub(super) fn resident_bytes() -> u64 {
    /// Of all systems that have this file.
    const PAGE: u64 = 4 << 10;
    let pages = fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|sizes| sizes.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()));
    pages.unwrap_or(0).saturating_mul(PAGE)
}
