//! The addresses of a server.

use falconry_features::{Deadline, ServerAddressesFeature};

use crate::{
    Capability::*,
    connect::{Connection as _, Request},
    runner::Trial,
    stage::{Stage, block_on, start_contract},
    subject::Instance,
};

const AREA: &str = "addresses";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "its_addresses_can_be_looked_up",
        "Every server has an IServerAddressesFeature.",
        "ASP.NET Core: IServerAddressesFeature",
        has_addresses,
    ),
    Trial::new(
        AREA,
        "its_addresses_become_those_that_were_bound",
        "The server replaces the list; port 0 becomes the port that the system chose.",
        "ASP.NET Core: IServerAddressesFeature.Addresses",
        bound_addresses,
    )
    .needs(&[Addresses]),
    Trial::new(
        AREA,
        "its_addresses_are_read_only_after_the_start",
        "The list cannot be changed after the start.",
        "ASP.NET Core: IServerAddressesFeature.Addresses",
        read_only_addresses,
    )
    .needs(&[Addresses]),
    Trial::new(
        AREA,
        "it_binds_every_address",
        "Each address of the list is served.",
        "ASP.NET Core: IServerAddressesFeature.Addresses",
        two_addresses,
    )
    .needs(&[Addresses, Http1]),
    Trial::new(
        AREA,
        "an_address_in_use_fails_the_start",
        "An address that somebody else has bound is an error that says so.",
        "ASP.NET Core: AddressInUseException",
        in_use,
    )
    .needs(&[Addresses]),
    Trial::new(
        AREA,
        "an_address_that_is_none_fails_the_start",
        "An address that cannot be understood is an error that says so.",
        "ASP.NET Core: BindingAddress.Parse",
        no_address,
    )
    .needs(&[Addresses]),
    Trial::new(
        AREA,
        "a_failed_start_leaves_nothing_bound",
        "When one address fails the others are given up.",
        "falconry: Server::start",
        nothing_left,
    )
    .needs(&[Addresses, Http1]),
];

fn feature(instance: &Instance) -> &dyn ServerAddressesFeature {
    instance.features().get::<dyn ServerAddressesFeature>().expect("a ServerAddressesFeature")
}

/// A server that shall bind this address alone.
fn with_address(stage: &Stage, address: &str) -> Instance {
    let instance = stage.unstarted();
    feature(&instance).clear().expect("the addresses can be changed before the start");
    feature(&instance).add(address).expect("the addresses can be changed before the start");
    instance
}

fn has_addresses(stage: &Stage) {
    assert!(stage.unstarted().features().contains::<dyn ServerAddressesFeature>());
}

fn bound_addresses(stage: &Stage) {
    let server = stage.serve_contract();
    let addresses = server.instance.addresses();
    assert_eq!(addresses.len(), 1, "{addresses:?}");
    let prefix = stage.address().strip_suffix('0').expect("the port is 0");
    // A server of prefixes shows the path, too.
    let port = addresses[0].strip_prefix(prefix).map(|port| port.trim_end_matches('/'));
    let port = port.and_then(|port| port.parse::<u16>().ok());
    assert!(port.is_some_and(|port| port > 0), "{addresses:?}");
}

fn read_only_addresses(stage: &Stage) {
    let server = stage.serve_contract();
    let before = server.instance.addresses();
    let addresses = feature(&server.instance);
    assert!(addresses.add(stage.address()).is_err_and(|error| error.is_invalid_state()));
    assert!(addresses.clear().is_err_and(|error| error.is_invalid_state()));
    assert_eq!(server.instance.addresses(), before);
}

fn two_addresses(stage: &Stage) {
    let instance = with_address(stage, "http://127.0.0.1:0");
    feature(&instance).add("http://127.0.0.1:0").expect("the addresses can be changed before the start");
    start_contract(&instance).expect("the server starts");
    let addresses = instance.addresses();
    assert_eq!(addresses.len(), 2, "{addresses:?}");
    assert_ne!(addresses[0], addresses[1]);
    for address in addresses {
        let target = crate::connect::target_of(&address).expect("an address");
        let mut wire = crate::connect::TcpConnection::open(target).expect("it is bound");
        wire.send(&Request::get("/")).expect("it reads");
        assert_eq!(crate::client::response_on(&mut wire).text(), "Hello World!");
    }
    let _ = block_on("the server stops", instance.server.stop(Deadline::now()));
}

fn in_use(stage: &Stage) {
    let first = stage.serve_contract();
    let second = with_address(stage, &first.instance.addresses()[0]);
    let error = start_contract(&second).expect_err("the start must fail");
    assert!(error.is_address_in_use() && error.is_address(), "{error:?}");
    assert_eq!(first.get("/").status(), 200, "the first server goes on");
}

fn no_address(stage: &Stage) {
    for address in ["", "localhost", "ftp://localhost", "http://"] {
        let error = start_contract(&with_address(stage, address)).expect_err("the start must fail");
        assert!(error.is_address(), "{address:?}: {error:?}");
        assert!(!error.is_address_in_use(), "{address:?}: {error:?}");
    }
}

fn nothing_left(stage: &Stage) {
    let other = stage.serve_contract();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let instance = with_address(stage, &format!("http://{address}"));
    feature(&instance).add(&other.instance.addresses()[0]).expect("an address can be added");
    start_contract(&instance).expect_err("the start must fail");
    assert!(std::net::TcpStream::connect(address).is_err(), "{address} is still bound");
}
