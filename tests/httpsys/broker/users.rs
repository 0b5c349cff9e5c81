//! Which users may attach: the broker's own, root, and the members of a group.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    process::Command,
};

use super::support::{Place, Process};
use crate::{
    process::find,
    skip::skip,
    support::{free_port, get},
};

/// Numbers that no user and no group of a usual system has.
const BROKER: u32 = 52_101;
const MEMBER: u32 = 52_102;
const OTHER: u32 = 52_103;
const GROUP: u32 = 52_200;

/// A folder of the broker's user, with the test program in it: that of the build need not be everybody's to run.
fn place(name: &str) -> Option<Place> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !is_root || find("setpriv").is_none() {
        skip(name, "it needs root, and setpriv to become somebody else");
        return None;
    }
    let place = Place::new(name);
    let program = place.0.join("program");
    let own = env::current_exe().expect("the test has a path");
    if fs::hard_link(&own, &program).is_err() {
        fs::copy(&own, &program).expect("the program can be copied");
    }
    for path in [&place.0, &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode can be set");
    }
    chown(&place.0, Some(BROKER), Some(BROKER)).expect("the folder can be given away");
    Some(place)
}

/// Starts a process of this user, whose primary group is `group`, and which is a member of `further`, too.
fn start(place: &Place, user: u32, group: u32, further: Option<u32>, role: &str) -> Result<Process, String> {
    let mut command = Command::new(find("setpriv").expect("it was there"));
    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
    command.arg(further.map_or_else(|| "--clear-groups".to_owned(), |further| format!("--groups={further}")));
    command.arg(place.0.join("program")).current_dir("/");
    Process::run(command, role)
}

fn server(place: &Place) -> String {
    format!("server {} http://127.0.0.1:{}/", place.socket(), free_port())
}

fn serves(process: &Process) -> bool {
    get(process.address(), "x", "/", "").is_ok_and(|answer| answer.status == 200)
}

#[test]
fn members_of_the_allowed_group_attach_and_others_learn_who_may() {
    let Some(place) = place("members_of_the_allowed_group_attach") else { return };
    let role = format!("broker {} {GROUP}", place.socket());
    let broker = start(&place, BROKER, BROKER, None, &role).expect("the broker starts");

    for (user, group, further) in
        [(BROKER, BROKER, None), (MEMBER, GROUP, None), (MEMBER, MEMBER, Some(GROUP))]
    {
        let process = start(&place, user, group, further, &server(&place))
            .unwrap_or_else(|error| panic!("{user} of {group} and {further:?}: {error}"));
        assert!(serves(&process));
        process.finish();
    }
    let root = Process::start(&server(&place));
    assert!(serves(&root));

    let refused = start(&place, OTHER, OTHER, Some(OTHER), &server(&place));
    let error = refused.err().expect("it is no member");
    for part in [
        format!("the user {OTHER} may not attach"),
        format!("only the user {BROKER} and root and members of the group {GROUP}"),
        "--group".to_owned(),
        place.socket(),
    ] {
        assert!(error.contains(&part), "{part:?} in {error}");
    }
    assert!(serves(&root), "the others go on");
    root.finish();
    broker.finish();
}

#[test]
fn without_a_group_only_the_same_user_and_root_attach() {
    let Some(place) = place("without_a_group_only_the_same_user") else { return };
    let role = format!("broker {}", place.socket());
    let broker = start(&place, BROKER, BROKER, None, &role).expect("the broker starts");
    let own = start(&place, BROKER, GROUP, None, &server(&place)).expect("it is the same user");
    assert!(serves(&own));
    let root = Process::start(&server(&place));
    assert!(serves(&root));

    let error = start(&place, MEMBER, GROUP, Some(BROKER), &server(&place)).err().expect("another user");
    for part in [
        format!("only root and the user {BROKER} attach"),
        format!("this program's user is {MEMBER}"),
        "falconry-httpsysd with --group".to_owned(),
        "HttpSys:Broker".to_owned(),
    ] {
        assert!(error.contains(&part), "{part:?} in {error}");
    }

    let closed = place.0.join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("its mode can be set");
    let role = format!("server {} http://127.0.0.1:{}/", closed.join("broker.sock").display(), free_port());
    let error = start(&place, MEMBER, GROUP, None, &role).err().expect("the folder is closed");
    assert!(
        error.contains(&format!("this program's user, {MEMBER}, may not look into the folder")),
        "{error}"
    );
    own.finish();
    root.finish();
    broker.finish();
}

#[test]
fn a_queue_with_a_name_is_its_users_and_roots() {
    let Some(place) = place("a_queue_with_a_name_is_its_users") else { return };
    let role = format!("broker {} {GROUP}", place.socket());
    let broker = start(&place, BROKER, BROKER, None, &role).expect("the broker starts");
    let role = || format!("{} shared", server(&place));
    let made = start(&place, MEMBER, GROUP, None, &role()).expect("the queue is new");
    assert!(serves(&made));
    let error = start(&place, OTHER, GROUP, None, &role()).err().expect("it is another user's");
    assert!(
        error.contains("the request queue 'shared' may not be opened: another user has made it"),
        "{error}"
    );
    for same in
        [start(&place, MEMBER, MEMBER, Some(GROUP), &role()).expect("the same user"), Process::start(&role())]
    {
        assert!(serves(&same));
        same.finish();
    }
    assert!(serves(&made));
    made.finish();
    let now = start(&place, OTHER, GROUP, None, &role()).expect("nobody has the queue any more");
    assert!(serves(&now));
    now.finish();
    broker.finish();
}
