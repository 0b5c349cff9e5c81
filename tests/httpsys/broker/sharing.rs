//! Several servers of one process on one driver, that is on one connection to the broker.

use std::{net::SocketAddr, sync::Arc};

use falconry::HostingApplication;
use falconry_features::{Deadline, Server};
use falconry_httpsys::{BrokerDriver, HttpSysOptions, HttpSysServer, PortableDriver, driver::Driver};
use tokio::runtime::Runtime;

use super::support::{OwnBroker, Place, wait_for_listener, wait_for_status};
use crate::{
    prefixes::Named,
    support::{free_port, get},
};

/// One process.
struct Shared {
    runtime: Runtime,
    driver: Arc<dyn Driver>,
    address: SocketAddr,
}

impl Shared {
    fn new(socket: &str) -> Self {
        Self {
            runtime: Runtime::new().expect("a runtime"),
            driver: Arc::new(BrokerDriver::new(socket)),
            address: ([127, 0, 0, 1], free_port()).into(),
        }
    }

    fn serve(&self, name: &'static str) -> HttpSysServer {
        let mut options = HttpSysOptions::default();
        options.add_prefix(&format!("http://{}/{name}/", self.address)).expect("a prefix");
        let server = HttpSysServer::with_shared_driver(options, Arc::clone(&self.driver));
        let application = Arc::new(HostingApplication::new(Named(name)));
        self.runtime.block_on(server.start(application)).expect("the server starts");
        server
    }

    fn status(&self, target: &str) -> u16 {
        get(self.address, "x", target, "").expect("an answer").status
    }
}

#[test]
fn a_server_that_stops_leaves_the_prefixes_of_another_on_the_same_driver() {
    let place = Place::new("shared");
    let broker = OwnBroker::start(&place.socket());
    let shared = Shared::new(&place.socket());
    let (one, two) = (shared.serve("one"), shared.serve("two"));
    assert_eq!((shared.status("/one/"), shared.status("/two/")), (200, 200));
    shared.runtime.block_on(one.stop(Deadline::never())).expect("a stop");
    assert_eq!((shared.status("/one/"), shared.status("/two/")), (404, 200));
    let third = shared.serve("one");
    assert_eq!((shared.status("/one/"), shared.status("/two/")), (200, 200));
    // At once, and without a stop.
    shared.runtime.block_on(third.stop(Deadline::now())).expect("a stop");
    drop(shared.serve("four"));
    wait_for_status(shared.address, "/four/", 404);
    assert_eq!((shared.status("/one/"), shared.status("/two/")), (404, 200));
    shared.runtime.block_on(two.stop(Deadline::never())).expect("a stop");
    assert!(std::net::TcpStream::connect(shared.address).is_err(), "nobody listens any more");
    broker.die();
}

#[test]
fn the_prefixes_of_a_server_that_goes_on_come_back_with_the_broker_and_no_others() {
    let place = Place::new("sharedagain");
    let broker = OwnBroker::start(&place.socket());
    let shared = Shared::new(&place.socket());
    let (one, two) = (shared.serve("one"), shared.serve("two"));
    shared.runtime.block_on(one.stop(Deadline::never())).expect("a stop");
    broker.die();
    let broker = OwnBroker::start(&place.socket());
    wait_for_listener(shared.address);
    wait_for_status(shared.address, "/two/", 200);
    assert_eq!(shared.status("/one/"), 404);
    shared.runtime.block_on(two.stop(Deadline::never())).expect("a stop");
    broker.die();
}

#[test]
fn a_prefix_that_somebody_else_has_when_the_broker_is_back_is_had_again_when_it_is_free() {
    let place = Place::new("taken");
    let broker = OwnBroker::start(&place.socket());
    let shared = Shared::new(&place.socket());
    let server = shared.serve("one");
    broker.die();

    let (driver, foreign) = (PortableDriver::new(), Runtime::new().expect("a runtime"));
    let session = foreign.block_on(async {
        let session = driver.create_server_session().await.expect("a session");
        let group = session.create_url_group().await.expect("a group");
        group.add_url(&format!("http://{}/one/", shared.address), 1).await.expect("a prefix");
        (session, group)
    });
    let broker = OwnBroker::start_on(&place.socket(), driver);
    assert_eq!(shared.status("/one/"), 503, "it is registered, without a queue");
    // This process is let in, and others are served meanwhile.
    let other = Shared::new(&place.socket());
    let second = other.serve("two");
    assert_eq!((other.status("/two/"), shared.status("/one/")), (200, 503));
    foreign.block_on(session.0.close(Deadline::now())).expect("a close");
    wait_for_listener(shared.address);
    wait_for_status(shared.address, "/one/", 200);
    for (shared, server) in [(shared, server), (other, second)] {
        shared.runtime.block_on(server.stop(Deadline::now())).expect("a stop");
    }
    broker.die();
}
