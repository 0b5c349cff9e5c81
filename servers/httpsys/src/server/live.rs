//! What can be changed while the server runs.

use falconry_features::{FeatureError, ServerError};

use super::{HttpSysServer, State};
use crate::{
    AuthenticationOptions, TimeoutOptions, UrlPrefix,
    driver::{Http503Verbosity, RequestQueueProperty, UrlGroupProperty},
};

impl HttpSysServer {
    /// Registers a prefix, and gives it with its port. Before the start it is noted for that.
    ///
    /// # Errors
    /// Address: it is registered already, or may not be.
    pub async fn add_prefix(&self, prefix: &UrlPrefix) -> Result<UrlPrefix, ServerError> {
        match &*self.state.lock().await {
            State::Running(running) => running.add(prefix).await,
            State::New => {
                self.options().add_prefix(prefix.as_str()).map_err(options_error)?;
                Ok(prefix.clone())
            }
            State::Stopped => Err(stopped()),
        }
    }

    /// Takes a prefix back; false if it was not there.
    pub async fn remove_prefix(&self, prefix: &UrlPrefix) -> bool {
        match &*self.state.lock().await {
            State::Running(running) => running.remove(prefix).await,
            State::New => self.options().remove_prefix(prefix),
            State::Stopped => false,
        }
    }

    /// Changes how many connections the prefixes may have; -1 is no limit.
    ///
    /// # Errors
    /// Options: out of range. IO: the driver refused.
    pub async fn set_max_connections(&self, count: i64) -> Result<(), ServerError> {
        self.options().set_max_connections(count).map_err(options_error)?;
        self.change(UrlGroupProperty::MaxConnections(u32::try_from(count).ok())).await
    }

    /// Changes how long clients are waited for.
    ///
    /// # Errors
    /// IO: the driver refused.
    pub async fn set_timeouts(&self, timeouts: TimeoutOptions) -> Result<(), ServerError> {
        self.options().timeouts = timeouts;
        self.change(UrlGroupProperty::Timeouts(timeouts.limits())).await
    }

    /// Changes which schemes of authentication there are. What else the options say counts from the start on only.
    ///
    /// # Errors
    /// IO: the driver refused.
    pub async fn set_authentication(&self, authentication: AuthenticationOptions) -> Result<(), ServerError> {
        let info = authentication.info();
        self.options().authentication = authentication;
        if let State::Running(running) = &*self.state.lock().await {
            running.shared.settings.schemes.set(info.schemes);
        }
        self.change(UrlGroupProperty::Authentication(info)).await
    }

    /// Changes how many requests may wait in the queue, for who has made it.
    ///
    /// # Errors
    /// Options: 0. IO: the driver refused.
    pub async fn set_request_queue_limit(&self, count: u32) -> Result<(), ServerError> {
        self.options().set_request_queue_limit(count).map_err(options_error)?;
        self.change_queue(RequestQueueProperty::Length(count)).await
    }

    /// Changes how the driver says that it cannot take a request, for who has made the queue.
    ///
    /// # Errors
    /// IO: the driver refused.
    pub async fn set_http_503_verbosity(&self, verbosity: Http503Verbosity) -> Result<(), ServerError> {
        self.options().http_503_verbosity = verbosity;
        self.change_queue(RequestQueueProperty::Verbosity503(verbosity)).await
    }

    async fn change(&self, property: UrlGroupProperty) -> Result<(), ServerError> {
        match &*self.state.lock().await {
            State::Running(running) => running.set(property).await,
            State::New | State::Stopped => Ok(()),
        }
    }

    async fn change_queue(&self, property: RequestQueueProperty) -> Result<(), ServerError> {
        match &*self.state.lock().await {
            State::Running(running) if running.has_made_queue => running.set_queue(property).await,
            _ => Ok(()),
        }
    }
}

fn options_error(error: FeatureError) -> ServerError {
    ServerError::options(error.to_string())
}

fn stopped() -> ServerError {
    ServerError::invalid_state("the server has been stopped")
}
