//! The database file and the lock beside it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use crate::OpenError;

/// The right to be the one process that runs flows on a file, until it is dropped or the process dies.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of a database file. It is on a file of its own, since closing any handle of the
    /// database file would end the locks that SQLite holds on it.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let fail = |source| OpenError::File { path: path.clone(), source };
        let file = private_file(&path).map_err(fail)?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyInUse(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(fail(source)),
        }
    }
}

/// Makes the file and the folders on the way to it, for this user alone: it holds what users sent.
pub(crate) fn make(database: &Path) -> Result<(), OpenError> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder).map_err(|source| OpenError::File { path: folder.to_owned(), source })?;
    }
    private_file(database).map_err(|source| OpenError::File { path: database.to_owned(), source })?;
    Ok(())
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    database.with_file_name(name)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file and keeps what it holds; a new one belongs to this user alone.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
