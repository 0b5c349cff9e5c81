//! Reading files.

use std::{
    fs::File,
    io,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use falconry_features::{BoxFuture, FeatureError, file_range};

/// How much of a file is read at once, in bytes.
const PIECE: u64 = 64 * 1024;

/// A part of a file that is read piece by piece, away from the task.
pub(crate) struct FileReader {
    file: Arc<File>,
    offset: u64,
    left: u64,
    piece: Option<BoxFuture<'static, io::Result<Bytes>>>,
}

impl FileReader {
    /// Reads `length` bytes from `offset` on.
    pub(crate) fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        Self { file, offset, left: length, piece: None }
    }

    /// The next piece; `None` at the end.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(Ok(None));
        }
        let (file, offset, length) = (&self.file, self.offset, self.left.min(PIECE));
        let piece = self.piece.get_or_insert_with(|| {
            let file = Arc::clone(file);
            let read = tokio::task::spawn_blocking(move || read_at(&file, offset, length));
            Box::pin(async move { read.await.map_err(io::Error::other)? })
        });
        let piece = ready!(Pin::new(piece).poll(cx))?;
        self.piece = None;
        self.offset += piece.len() as u64;
        self.left -= piece.len() as u64;
        Poll::Ready(Ok(Some(piece)))
    }
}

/// Opens a file, and says how many bytes of it are meant by `offset` and `count` (`None`: up to the end).
///
/// # Errors
/// Out of range: they lie outside it. IO: it cannot be opened.
pub(crate) fn open(path: &Path, offset: u64, count: Option<u64>) -> Result<(Arc<File>, u64), FeatureError> {
    let cannot_read =
        |error: io::Error| FeatureError::io(format!("{} cannot be read", path.display())).with_source(error);
    let file = File::open(path).map_err(cannot_read)?;
    let whole = file.metadata().map_err(cannot_read)?.len();
    let length = file_range(whole, offset, count)?;
    Ok((Arc::new(file), length))
}

/// What is there from `offset` on, at most `length` bytes; waits for the disk.
///
/// # Errors
/// Also if there is nothing: the file has become shorter.
pub(crate) fn read_at(file: &File, offset: u64, length: u64) -> io::Result<Bytes> {
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    #[cfg(unix)]
    let read = std::os::unix::fs::FileExt::read_at(file, &mut buffer, offset)?;
    #[cfg(windows)]
    let read = std::os::windows::fs::FileExt::seek_read(file, &mut buffer, offset)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    buffer.truncate(read);
    Ok(buffer.into())
}
