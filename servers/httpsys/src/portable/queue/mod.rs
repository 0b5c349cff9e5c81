//! Request queues: who takes a request, and how long it may wait.

mod handle;

use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, Weak},
    task::Waker,
};

use falconry_features::BoxFuture;

use self::handle::QueueHandle;
use super::{Kernel, exchange::PortableRequest, lock};
use crate::{
    driver::{
        DriverRequest, Http503Verbosity, InlineAnswer, InlineReceiver, ReceivedRequest, RequestHandle,
        RequestQueue,
    },
    server::ServerShared,
};

/// How many requests may wait unless told otherwise.
const DEFAULT_LENGTH: u32 = 1000;

/// A queue. Who has opened it has a [`QueueHandle`].
pub(super) struct Queue {
    name: Option<String>,
    kernel: Weak<Kernel>,
    state: Mutex<State>,
}

struct State {
    waiting: VecDeque<Parked>,
    /// Receives that wait, each with a number of its own.
    receives: VecDeque<(u64, Waker)>,
    /// Who runs requests where they arrive, by the number of its handle; they take turns.
    inline: VecDeque<(u64, Arc<dyn InlineReceiver>)>,
    /// The numbers of the handles that can receive.
    handles: Vec<u64>,
    length: u32,
    is_enabled: bool,
    verbosity: Http503Verbosity,
    last_number: u64,
    is_closed: bool,
}

/// A request that nobody has taken yet.
struct Parked {
    request: Arc<PortableRequest>,
    head: Box<DriverRequest>,
}

/// What became of a request that was given to a queue.
pub(super) enum Delivery {
    /// It runs here.
    Inline(BoxFuture<'static, Option<InlineAnswer>>),
    /// Somebody will take it, or has.
    Queued,
    /// There is no place for it.
    Refused(Http503Verbosity),
}

/// Whether a server of this crate runs a request.
pub(super) enum Given {
    Yes,
    No,
    /// This one has its turn.
    ToAnother(Arc<ServerShared>),
}

impl Queue {
    pub(super) fn new(name: Option<String>, kernel: &Arc<Kernel>) -> Arc<Self> {
        let state = State {
            waiting: VecDeque::new(),
            receives: VecDeque::new(),
            inline: VecDeque::new(),
            handles: Vec::new(),
            length: DEFAULT_LENGTH,
            is_enabled: true,
            verbosity: Http503Verbosity::default(),
            last_number: 0,
            is_closed: false,
        };
        Arc::new(Self { name, kernel: Arc::downgrade(kernel), state: Mutex::new(state) })
    }

    /// A handle for somebody; one for delegation receives nothing and does not keep the queue open.
    pub(super) fn open(queue: Arc<Self>, is_for_delegation: bool) -> Arc<dyn RequestQueue> {
        let number = {
            let mut state = lock(&queue.state);
            let number = state.next_number();
            if !is_for_delegation {
                state.handles.push(number);
            }
            number
        };
        Arc::new(QueueHandle::new(queue, number, is_for_delegation))
    }

    /// The queue behind a handle of this driver.
    pub(super) fn of(handle: &Arc<dyn RequestQueue>) -> Option<Arc<Self>> {
        let handle: &dyn Any = &**handle;
        handle.downcast_ref::<QueueHandle>().map(|handle| Arc::clone(&handle.queue))
    }

    /// False once nobody who could receive has it open.
    pub(super) fn is_open(&self) -> bool {
        !lock(&self.state).is_closed
    }

    /// Gives a request to whoever takes it.
    pub(super) fn deliver(&self, request: &Arc<PortableRequest>, head: Box<DriverRequest>) -> Delivery {
        let mut state = lock(&self.state);
        if state.is_closed || !state.is_enabled {
            return Delivery::Refused(state.verbosity);
        }
        if let Some((number, receiver)) = state.next_inline() {
            drop(state);
            request.received_by(number);
            let handle: Arc<dyn RequestHandle> = Arc::clone(request) as _;
            return Delivery::Inline(receiver.receive(ReceivedRequest { request: head, handle }));
        }
        if state.waiting.len() >= state.length as usize {
            return Delivery::Refused(state.verbosity);
        }
        state.waiting.push_back(Parked { request: Arc::clone(request), head });
        let receive = state.receives.pop_front();
        drop(state);
        if let Some((_, waker)) = receive {
            waker.wake();
        }
        Delivery::Queued
    }

    /// Gives a request to `server` if it has its turn and takes it.
    pub(super) fn give_to(&self, server: &Arc<ServerShared>, takes: impl FnOnce() -> bool) -> Given {
        let mut state = lock(&self.state);
        if state.is_closed || !state.is_enabled {
            return Given::No;
        }
        let turn = usize::from(state.inline.len() > 1);
        let Some((_, receiver)) = state.inline.get(turn) else { return Given::No };
        if !std::ptr::addr_eq(Arc::as_ptr(receiver), Arc::as_ptr(server)) {
            return server_of(receiver).map_or(Given::No, Given::ToAnother);
        }
        if !takes() {
            return Given::No;
        }
        if turn > 0 {
            state.inline.rotate_left(turn);
        }
        Given::Yes
    }

    /// The server that runs requests where they arrive.
    pub(super) fn inline_server(&self) -> Option<Arc<ServerShared>> {
        lock(&self.state).inline.front().and_then(|(_, receiver)| server_of(receiver))
    }

    /// Takes out what nobody has received; the request has ended by itself.
    pub(super) fn forget(&self, request: &Arc<PortableRequest>) {
        lock(&self.state).waiting.retain(|parked| !Arc::ptr_eq(&parked.request, request));
    }

    pub(super) fn verbosity(&self) -> Http503Verbosity {
        lock(&self.state).verbosity
    }

    fn close_handle(&self, number: u64) {
        let mut state = lock(&self.state);
        state.handles.retain(|other| *other != number);
        state.inline.retain(|(other, _)| *other != number);
        // All look again; those of this handle end.
        let receives = std::mem::take(&mut state.receives);
        let is_last = state.handles.is_empty() && !state.is_closed;
        state.is_closed |= is_last;
        let orphans = if is_last { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        receives.into_iter().for_each(|(_, waker)| waker.wake());
        for orphan in orphans {
            orphan.request.refuse();
        }
        if is_last && let (Some(name), Some(kernel)) = (&self.name, self.kernel.upgrade()) {
            kernel.forget_queue(name);
        }
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn next_inline(&mut self) -> Option<(u64, Arc<dyn InlineReceiver>)> {
        if self.inline.len() > 1 {
            self.inline.rotate_left(1);
        }
        self.inline.front().map(|(number, receiver)| (*number, Arc::clone(receiver)))
    }
}

fn server_of(receiver: &Arc<dyn InlineReceiver>) -> Option<Arc<ServerShared>> {
    let receiver: Arc<dyn Any + Send + Sync> = Arc::clone(receiver) as _;
    receiver.downcast().ok()
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("name", &self.name).finish_non_exhaustive()
    }
}
