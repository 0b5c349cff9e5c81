//! One client's connection: a request, its response, and again.

use std::{
    io::{self, ErrorKind, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::BytesMut;
use falconry_features::{BadHttpRequestError, http1::ResponseWriter};

use super::{Front, Head, Input};
use crate::{
    objects::{Object, Pointer},
    request::Request,
};

/// No thread waits longer for the client without a look at what else has happened.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) local: SocketAddr,
    input: Mutex<Input>,
    is_gone: AtomicBool,
    object: OnceLock<Object>,
}

impl Connection {
    /// Serves requests until somebody ends the connection.
    pub(crate) fn serve(stream: TcpStream, front: &Front) {
        let Ok(connection) = Self::new(stream).map(Arc::new) else { return };
        let open = front.open();
        let own: Pointer = Arc::as_ptr(&connection).cast_mut().cast();
        let object = crate::objects().connection(own);
        let _ = connection.object.set(object);
        // A connection that breaks is the client's affair.
        let _ = connection.requests(front);
        crate::objects().connection_end(object);
        let _ = connection.stream.shutdown(Shutdown::Write);
        drop(open);
    }

    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
        Ok(Self {
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
            stream,
            input: Mutex::default(),
            is_gone: AtomicBool::new(false),
            object: OnceLock::new(),
        })
    }

    fn requests(self: &Arc<Self>, front: &Front) -> io::Result<()> {
        loop {
            let head = self.input().head();
            let head = match head {
                Ok(Some(head)) => head,
                Ok(None) => {
                    if !self.read_more()? && front.is_stopping() && self.input().is_empty() {
                        return Ok(());
                    }
                    continue;
                }
                Err(refusal) => return self.refuse(&refusal),
            };
            if !self.request(head, front.is_stopping()) {
                return Ok(());
            }
        }
    }

    /// Serves one request; false if the connection ends with it.
    fn request(self: &Arc<Self>, head: Head, is_last: bool) -> bool {
        let Some(object) = self.object.get() else { return false };
        let Some(request) = Request::begin(head, self, *object, is_last) else { return false };
        while !request.wait_for_end(TICK) {
            if !self.is_gone() && !request.is_reading() && self.has_left() {
                self.lost();
                crate::objects().disconnected(*object);
            }
        }
        request.may_follow() && self.skip_body()
    }

    /// Reads what the application left of the body, if that is little.
    fn skip_body(&self) -> bool {
        const MOST: usize = 256 * 1024;
        let mut buffer = vec![0; 16 * 1024];
        let mut skipped = 0;
        while skipped < MOST {
            let taken = self.input().take(&mut buffer);
            match taken {
                Ok(super::Taken::Data(length)) => skipped += length,
                Ok(super::Taken::End) => return true,
                Ok(super::Taken::NotYet) if self.read_more().is_ok() => {}
                _ => return false,
            }
        }
        false
    }

    /// Answers what does not reach the module.
    pub(crate) fn refuse(&self, refusal: &BadHttpRequestError) -> io::Result<()> {
        let mut bytes = BytesMut::new();
        ResponseWriter::refuse(refusal, &mut bytes);
        self.send(&bytes)
    }

    /// Reads once from the client; false if nothing came in time.
    pub(crate) fn read_more(&self) -> io::Result<bool> {
        let mut bytes = [0; 16 * 1024];
        match io::Read::read(&mut &self.stream, &mut bytes) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.input().add(&bytes[..length]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        if self.is_gone() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        (&self.stream).write_all(bytes)
    }

    /// Ends the connection at once.
    pub(crate) fn reset(&self) {
        self.lost();
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    pub(crate) fn lost(&self) {
        self.is_gone.store(true, SeqCst);
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(SeqCst)
    }

    pub(crate) fn input(&self) -> MutexGuard<'_, Input> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_left(&self) -> bool {
        match self.stream.peek(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}
