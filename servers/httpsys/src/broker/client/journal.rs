//! What holds at the broker by the calls of this process, to be said again to a broker that comes after it.

use std::mem::discriminant;

use crate::broker::wire::{Call, GroupProperty, QueueProperty};

/// The calls whose effect lasts, in the order in which a new broker has to hear them.
#[derive(Debug, Default)]
pub(super) struct Journal {
    calls: Vec<Call>,
    /// Grows with every change.
    version: u64,
}

impl Journal {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// True of calls that take something back: they hold whether the broker hears them or not.
    pub(super) fn takes_back(call: &Call) -> bool {
        matches!(
            call,
            Call::CloseQueue { .. }
                | Call::RemoveUrl { .. }
                | Call::CloseGroup { .. }
                | Call::CloseSession { .. }
        )
    }

    /// Notes what a call has changed.
    pub(super) fn note(&mut self, call: &Call) {
        self.version += 1;
        if let Call::CloseSession { session, .. } = call {
            for group in self.groups_of(*session) {
                self.calls.retain(|earlier| !replaces(&Call::CloseGroup { group }, earlier));
            }
        }
        self.calls.retain(|earlier| !replaces(call, earlier));
        if !Self::takes_back(call) && !matches!(call, Call::IsRegistered { .. }) {
            self.calls.push(call.clone());
        }
    }

    fn groups_of(&self, number: u64) -> Vec<u64> {
        let groups = self.calls.iter().filter_map(|call| match call {
            Call::CreateGroup { session, group } if *session == number => Some(*group),
            _ => None,
        });
        groups.collect()
    }
}

/// True if `earlier` has no effect any more after `call`.
fn replaces(call: &Call, earlier: &Call) -> bool {
    match (call, earlier) {
        (Call::CloseSession { session, .. }, Call::CreateSession { session: other }) => session == other,
        (
            Call::CloseQueue { queue },
            Call::OpenQueue { queue: other, .. } | Call::SetQueue { queue: other, .. },
        ) => queue == other,
        (Call::CloseQueue { queue }, Call::SetGroup { property: GroupProperty::Binding(bound), .. }) => {
            *bound == Some(*queue)
        }
        (Call::SetQueue { queue, property }, Call::SetQueue { queue: other, property: before }) => {
            queue == other && discriminant::<QueueProperty>(property) == discriminant(before)
        }
        (
            Call::CloseGroup { group },
            Call::CreateGroup { group: other, .. }
            | Call::AddUrl { group: other, .. }
            | Call::SetGroup { group: other, .. },
        ) => group == other,
        (Call::SetGroup { group, property }, Call::SetGroup { group: other, property: before }) => {
            group == other && discriminant::<GroupProperty>(property) == discriminant(before)
        }
        (Call::RemoveUrl { group, url }, Call::AddUrl { group: other, url: added, .. }) => {
            group == other && url == added
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(url: &str) -> Call {
        Call::AddUrl { group: 2, url: url.to_owned(), context: 1 }
    }

    #[test]
    fn only_what_still_holds_is_said_again() {
        let mut journal = Journal::default();
        let open = Call::OpenQueue { queue: 1, name: None, opens_existing: false };
        let begin = |session| Call::CreateSession { session };
        let create = Call::CreateGroup { session: 3, group: 2 };
        let set = |max| Call::SetGroup { group: 2, property: GroupProperty::MaxConnections(max) };
        let bind = Call::SetGroup { group: 2, property: GroupProperty::Binding(Some(1)) };
        for call in [
            begin(3),
            open.clone(),
            create.clone(),
            set(Some(1)),
            bind.clone(),
            add("a"),
            add("b"),
            set(None),
        ] {
            journal.note(&call);
        }
        journal.note(&Call::RemoveUrl { group: 2, url: "a".to_owned() });
        journal.note(&Call::IsRegistered { group: 2, url: "b".to_owned(), queue: 1 });
        assert_eq!(journal.calls(), [begin(3), open, create.clone(), bind, add("b"), set(None)]);
        journal.note(&Call::CloseQueue { queue: 1 });
        assert_eq!(journal.calls(), [begin(3), create.clone(), add("b"), set(None)]);
        journal.note(&Call::CloseGroup { group: 2 });
        assert_eq!(journal.calls(), [begin(3)]);
        journal.note(&create);
        journal.note(&add("c"));
        let others = [begin(4), Call::CreateGroup { session: 4, group: 5 }];
        others.iter().for_each(|call| journal.note(call));
        journal.note(&Call::CloseSession { session: 3, at_once: false });
        assert_eq!(journal.calls(), others, "those of another session stay");
        journal.note(&Call::CloseSession { session: 4, at_once: true });
        assert!(journal.is_empty());
    }
}
