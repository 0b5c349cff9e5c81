//! What a program writes to its standard output and standard error.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, PipeReader, Read, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use time::{OffsetDateTime, macros::format_description};
use tokio::sync::watch;

/// How much is kept for the pages that tell of a start that failed, as in the original.
const KEPT: usize = 30 * 1024;

/// What a program has written: the beginning of it here, all of it in a file if one is asked for.
#[derive(Clone, Debug)]
pub(super) struct Output {
    kept: Arc<Mutex<Vec<u8>>>,
    ended: watch::Receiver<bool>,
}

/// Where the output of a program is to be written.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    /// The path without time, process id and ending.
    pub(super) path: PathBuf,
    /// How many bytes it may have.
    pub(super) most: u64,
}

impl Output {
    /// Reads `pipe` to its end, on a thread of its own: neither the program nor a request waits for the disk.
    ///
    /// The name of the file has the process id in it, which `id` tells.
    pub(super) fn capture(
        pipe: PipeReader,
        file: Option<LogFile>,
        id: watch::Receiver<u32>,
    ) -> io::Result<Self> {
        let (sender, ended) = watch::channel(false);
        let output = Self { kept: Arc::default(), ended };
        let kept = Arc::clone(&output.kept);
        thread::Builder::new().name("falconry-output".to_owned()).spawn(move || {
            let mut sink = Sink { kept, file: file.map(Log::Closed), id };
            sink.drain(pipe);
            sender.send_replace(true);
        })?;
        Ok(output)
    }

    /// The beginning of what was written, as text.
    pub(super) fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }

    /// Completes when the program and all that it started have closed their output.
    pub(super) async fn ended(&self) {
        // An error is the end of the thread.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

struct Sink {
    kept: Arc<Mutex<Vec<u8>>>,
    file: Option<Log>,
    id: watch::Receiver<u32>,
}

enum Log {
    /// Nothing has been written: there is no file, so that none is left empty.
    Closed(LogFile),
    Open {
        file: File,
        left: u64,
    },
    Full,
}

impl Sink {
    fn drain(&mut self, mut pipe: PipeReader) {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT.saturating_sub(kept.len()).min(bytes.len());
            kept.extend_from_slice(&bytes[..room]);
        }
        let Some(log) = &mut self.file else { return };
        if let Err(error) = log.write(bytes, *self.id.borrow()) {
            tracing::error!(%error, "the output of a process cannot be written to its file");
            *log = Log::Full;
        }
    }
}

impl Log {
    fn write(&mut self, bytes: &[u8], id: u32) -> io::Result<()> {
        if let Self::Closed(log) = self {
            *self = Self::Open { left: log.most, file: log.open(id)? };
        }
        let Self::Open { file, left } = self else { return Ok(()) };
        let room = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        file.write_all(&bytes[..room])?;
        *left = left.saturating_sub(room as u64);
        if room < bytes.len() {
            file.write_all(
                b"\n[the rest is left out: the file has the size that stdoutLogMaxBytes allows]\n",
            )?;
            *self = Self::Full;
        }
        Ok(())
    }
}

impl LogFile {
    fn open(&self, id: u32) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut path = self.path.clone().into_os_string();
        path.push(format!("_{}_{id}.log", now()));
        OpenOptions::new().create(true).append(true).open(path)
    }
}

/// The time as the names of log files have it, in UTC.
fn now() -> String {
    let form = format_description!("[year][month][day][hour][minute][second]");
    OffsetDateTime::now_utc().format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{env, fs, io::Write, io::pipe};

    use tokio::sync::watch;

    use super::{KEPT, LogFile, Output};

    #[tokio::test]
    async fn a_log_file_is_named_bounded_and_absent_without_output() {
        let folder = env::temp_dir().join(format!("falconry-module-output-{}", std::process::id()));
        let log = LogFile { path: folder.join("logs/stdout"), most: 40_000 };
        let (_sender, id) = watch::channel(4711);

        let (reader, writer) = pipe().unwrap();
        let silent = Output::capture(reader, Some(log.clone()), id.clone()).unwrap();
        drop(writer);
        silent.ended().await;
        assert!(!folder.exists());

        let (reader, mut writer) = pipe().unwrap();
        let output = Output::capture(reader, Some(log), id).unwrap();
        for _ in 0..100 {
            writer.write_all(&[b'x'; 1000]).unwrap();
        }
        drop(writer);
        output.ended().await;
        assert_eq!(output.text().len(), KEPT);

        let files: Vec<_> =
            fs::read_dir(folder.join("logs")).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        let name = file.file_name().unwrap().to_str().unwrap();
        let middle =
            name.strip_prefix("stdout_").and_then(|name| name.strip_suffix("_4711.log")).expect(name);
        assert!(middle.len() == 14 && middle.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
        let text = fs::read_to_string(file).unwrap();
        assert!(
            text.starts_with(&"x".repeat(40_000)) && text.contains("\n[the rest is left out"),
            "{}",
            text.len()
        );
        assert!(text.len() < 40_200);
        fs::remove_dir_all(folder).unwrap();
    }
}
