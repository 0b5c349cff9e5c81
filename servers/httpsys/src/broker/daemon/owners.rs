//! Whose the queues with names are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::peer::Peer;
use crate::driver::{Driver, RequestQueue, RequestQueueOptions, Win32Error};

/// The users that have made the queues that are open; a queue without a name is nobody else's to open.
#[derive(Debug, Default)]
pub(super) struct QueueOwners(Mutex<HashMap<String, Weak<Owner>>>);

#[derive(Debug)]
struct Owner {
    user: u32,
}

/// A queue that a process has open.
pub(super) struct OpenQueue {
    pub(super) handle: Arc<dyn RequestQueue>,
    /// Kept while anybody has the queue open.
    _owner: Option<Arc<Owner>>,
}

impl QueueOwners {
    /// Makes or opens a queue for a process.
    ///
    /// # Errors
    /// Those of [`Driver::create_request_queue`]. [`ACCESS_DENIED`](Win32Error::ACCESS_DENIED): it was made by another
    /// user, whose requests come there; root may open it.
    pub(super) async fn open(
        &self,
        driver: &dyn Driver,
        options: RequestQueueOptions,
        opens_existing: bool,
        peer: Peer,
    ) -> Result<OpenQueue, Win32Error> {
        let Some(name) = options.name.clone() else {
            return Ok(OpenQueue { handle: driver.create_request_queue(options).await?, _owner: None });
        };
        let existing = self.owner(&name);
        if let (true, Some(owner)) = (opens_existing, &existing)
            && owner.user != peer.user
            && peer.user != 0
        {
            return Err(Win32Error::ACCESS_DENIED);
        }
        let handle = driver.create_request_queue(options).await?;
        let owner = match existing {
            Some(owner) if opens_existing => owner,
            _ => self.made(name, peer.user),
        };
        Ok(OpenQueue { handle, _owner: Some(owner) })
    }

    fn owner(&self, name: &str) -> Option<Arc<Owner>> {
        self.lock().get(name).and_then(Weak::upgrade)
    }

    fn made(&self, name: String, user: u32) -> Arc<Owner> {
        let owner = Arc::new(Owner { user });
        let mut owners = self.lock();
        owners.retain(|_, owner| owner.strong_count() > 0);
        owners.insert(name, Arc::downgrade(&owner));
        owner
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Weak<Owner>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
