//! A Kestrel and a proxy before it.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    thread,
    time::Instant,
};

use crate::{
    app::{Site, Witness},
    client::{Client, PATIENCE},
    process::{Folder, Process},
    proxies::{FrontEnd, Setting},
};

/// A port found free may be taken by the time that the proxy binds it.
const ATTEMPTS: usize = 5;

/// Both running; dropped, both end.
pub(crate) struct Front {
    pub(crate) front_end: FrontEnd,
    address: SocketAddr,
    // The proxy goes before the server does.
    proxy: Process,
    site: Site,
    folder: Folder,
}

impl Front {
    pub(crate) fn start(front_end: FrontEnd, program: &Path, behaviour: &str) -> Self {
        let site = Site::start(move |options| options.allow_alternate_schemes = front_end.alternate_schemes);
        let folder = Folder::new(&format!("{}-{behaviour}", front_end.name));
        for _ in 0..ATTEMPTS {
            let address = free_address();
            let setting = Setting {
                folder: &folder,
                listen: address,
                kestrel: site.address,
                backend: front_end.backend,
            };
            let log = fs::File::create(folder.join("output")).expect("a file can be made");
            let mut command = (front_end.command)(program, &setting);
            command.stdout(Stdio::null()).stderr(log);
            let mut proxy = Process::start(&mut command).expect("the proxy can be started");
            if accepts(&mut proxy, address) {
                return Self { front_end, address, proxy, site, folder };
            }
        }
        panic!("{} does not start: {}", front_end.program, logs(&folder));
    }

    /// A new connection to the proxy.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn witness(&self) -> &Witness {
        &self.site.witness
    }

    /// Proxy and Kestrel serve new clients.
    pub(crate) fn assert_alive(&self) {
        let answer = self.connect().get("/");
        assert_eq!((answer.status, answer.text()), (200, "Hello World!".to_owned()), "{}", self.logs());
    }

    /// What the proxy has to say for itself.
    pub(crate) fn logs(&self) -> String {
        format!("{} (process {}): {}", self.front_end.name, self.proxy.child.id(), logs(&self.folder))
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound")
}

/// Waits until the proxy accepts connections; false if it has ended.
fn accepts(proxy: &mut Process, address: SocketAddr) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if proxy.child.try_wait().expect("it can be waited for").is_some() {
            return false;
        }
        if TcpStream::connect(address).is_ok() {
            return true;
        }
        thread::yield_now();
    }
    false
}

fn logs(folder: &Folder) -> String {
    let texts = ["output", "error.log"].map(|name| fs::read(folder.join(name)).unwrap_or_default());
    String::from_utf8_lossy(&texts.concat()).into_owned()
}
