//! Files in a folder: what is there after an upload that came to its end, and after one that didn't.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use flow_engine::{FilePlace, FileRecord, Files, FilesError, MemoryStore, NewFile};
use flow_model::{FileId, Timestamp, WorkspaceId};
use flow_store::FileFolder;
use tempfile::TempDir;

const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);

fn files(folder: &TempDir) -> Files {
    Files::new(Arc::new(MemoryStore::new()), Arc::new(FileFolder::open(&folder.path().join("a/b")).unwrap()))
}

fn new(id: u8) -> NewFile {
    NewFile {
        id: FileId::from_bytes([id; 16]),
        workspace: WORKSPACE,
        name: "../data.bin".to_owned(),
        content_type: "application/x-data".to_owned(),
        created_by: None,
        now: Timestamp::from_millis(5),
    }
}

/// Every file under a folder.
fn there(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { there(&path) } else { vec![path] }).collect()
}

async fn uploaded(files: &Files, id: u8, chunks: &[Bytes]) -> FileRecord {
    let mut upload = files.upload(new(id)).await.unwrap();
    for chunk in chunks {
        upload.write(chunk.clone()).await.unwrap();
    }
    upload.finish().await.unwrap()
}

#[tokio::test]
async fn what_was_uploaded_is_read_back() {
    let folder = TempDir::new().unwrap();
    let files = files(&folder);
    let chunks: Vec<_> = (0..40_u8).map(|n| Bytes::from(vec![n; 70_001])).collect();
    let record = uploaded(&files, 2, &chunks).await;
    assert_eq!((record.name.as_str(), record.size), ("data.bin", 40 * 70_001));
    assert_eq!(files.get(WORKSPACE, record.id).await.unwrap(), Some(record.clone()));
    assert_eq!(files.read_whole(&record).await.unwrap(), chunks.concat());

    let empty = uploaded(&files, 3, &[]).await;
    assert_eq!(empty.sha256_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(files.read_whole(&empty).await.unwrap(), Bytes::new());
    let mut names: Vec<_> = there(folder.path());
    names.sort();
    let at = |file: FileId| folder.path().join("a/b").join(WORKSPACE.to_string()).join(file.to_string());
    assert_eq!(names, [at(record.id), at(empty.id)]);
}

/// A client that goes away, or a server that dies without further ado, leaves nothing that anybody could read.
#[tokio::test]
async fn an_upload_that_is_broken_off_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let files = files(&folder);
    let mut upload = files.upload(new(2)).await.unwrap();
    upload.write(Bytes::from(vec![7; 3 << 20])).await.unwrap();
    assert_eq!(there(folder.path()).len(), 1, "it streams to the disk");
    assert_eq!(files.get(WORKSPACE, FileId::from_bytes([2; 16])).await.unwrap(), None);
    drop(upload);
    while !there(folder.path()).is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bytes_that_somebody_removed_are_lost() {
    let folder = TempDir::new().unwrap();
    let files = files(&folder);
    let record = uploaded(&files, 2, &[Bytes::from_static(b"x")]).await;
    there(folder.path()).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let place = FilePlace { workspace: WORKSPACE, file: record.id };
    assert!(matches!(files.read(&record).await.err(), Some(FilesError::Lost(id)) if id == place.file));
}
