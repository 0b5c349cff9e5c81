//! A client that sends and reads bytes.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use super::PATIENCE;

/// A connection for bytes.
pub struct Wire(pub TcpStream);

impl Wire {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
        stream.set_nodelay(true).expect("it can be set");
        Self(stream)
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("the server takes what is sent");
    }

    /// Everything up to the end of the connection, after a request.
    pub fn exchange(&mut self, request: &str) -> String {
        self.send(request);
        self.rest()
    }

    pub fn rest(&mut self) -> String {
        let mut answer = Vec::new();
        let read = self.0.read_to_end(&mut answer);
        if let Err(error) = read {
            assert_eq!(
                error.kind(),
                io::ErrorKind::ConnectionReset,
                "after {:?}",
                String::from_utf8_lossy(&answer)
            );
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Everything up to `wanted`.
    pub fn read_until(&mut self, wanted: &str) -> String {
        let mut answer = Vec::new();
        let mut byte = [0; 1];
        while !answer.ends_with(wanted.as_bytes()) {
            match self.0.read(&mut byte) {
                Ok(1) => answer.push(byte[0]),
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&answer)),
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}
