//! One request: the page that stands for the application, or one of its processes.

use std::{env, sync::Arc, time::Duration};

use falconry_features::{
    BoxError, FeatureCollection, FeatureError, HttpExtendedConnectFeature, HttpUpgradeFeature,
};
use http::StatusCode;
use tokio::time::timeout;

use super::{Application, State, pool::Pool};
use crate::{
    ApplicationConfiguration,
    forward::{
        ForwardError, ForwardErrorKind, forward,
        pages::{self, ErrorPage},
    },
    in_process,
    process::{Process, StartError, StartErrorKind},
};

/// How often a request is sent to another process, or again to the same.
const TRIES: usize = 4;

/// How long the end of a process is waited for that has closed a connection: it tells whether there will be another.
const LAST_MOMENTS: Duration = Duration::from_secs(1);

impl Application {
    /// Answers the request.
    pub(crate) async fn serve(&self, features: &mut FeatureCollection) -> Result<(), BoxError> {
        let mut request = self.measures.begin();
        let status = self.answer(features).await;
        request.end(status.as_ref().ok().copied());
        status.map(drop).map_err(BoxError::from)
    }

    /// Answers, and gives the status; that of a response that broke off is 502.
    async fn answer(&self, features: &mut FeatureCollection) -> Result<StatusCode, FeatureError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let state = self.state.load_full();
            let pool = match &*state {
                State::Online(pool) => pool,
                State::Offline(page) => {
                    return show(features, ErrorPage::unavailable().with_content(page.clone())).await;
                }
                State::Stopped => return show(features, ErrorPage::unavailable()).await,
            };
            let process = match pool.enter().await {
                Ok(process) => process,
                Err(error) if matches!(error.kind, StartErrorKind::Retired) => {
                    if tries < TRIES {
                        continue;
                    }
                    return show(features, ErrorPage::unavailable()).await;
                }
                Err(error) => return show(features, start_failure(&pool.configuration, &error)).await,
            };
            let error = match without_upgrade_if(!pool.configuration.web_sockets, features, &process).await {
                Ok(status) => return Ok(status),
                Err(error) => error,
            };
            if tries < TRIES && error.is_repeatable() && !error.has_started() {
                let process = Arc::clone(&process);
                await_end(pool, &process).await;
                continue;
            }
            return self.refuse(features, &process, &error).await;
        }
    }

    async fn refuse(
        &self,
        features: &mut FeatureCollection,
        process: &Process,
        error: &ForwardError,
    ) -> Result<StatusCode, FeatureError> {
        if !matches!(error.kind(), ForwardErrorKind::ClientLeft) {
            self.context.log.forward_failed(&self.path, process, error);
        }
        if error.has_started() {
            return Ok(StatusCode::BAD_GATEWAY);
        }
        pages::answer_error(features, error).await?;
        Ok(error.status())
    }
}

async fn show(features: &mut FeatureCollection, page: ErrorPage) -> Result<StatusCode, FeatureError> {
    let status = page.status();
    pages::answer(features, page).await?;
    Ok(status)
}

/// Forwards; without upgrades, if the configuration has switched them off.
async fn without_upgrade_if(
    is_off: bool,
    features: &mut FeatureCollection,
    process: &Process,
) -> Result<StatusCode, ForwardError> {
    if !is_off {
        return forward(features, &process.backend, &process.options).await.map(|forwarded| forwarded.status);
    }
    let upgrade = features.take::<dyn HttpUpgradeFeature>();
    let connect = features.take::<dyn HttpExtendedConnectFeature>();
    let forwarded = forward(features, &process.backend, &process.options).await;
    // The collection may serve another request.
    if let Some(upgrade) = upgrade {
        features.set(upgrade);
    }
    if let Some(connect) = connect {
        features.set(connect);
    }
    forwarded.map(|forwarded| forwarded.status)
}

/// Before a request is sent again: has the process ended? Then another takes its place.
async fn await_end(pool: &Pool, process: &Arc<Process>) {
    if !process.is_retiring() && timeout(LAST_MOMENTS, process.exited()).await.is_ok() {
        pool.remove(process);
    }
}

fn start_failure(configuration: &ApplicationConfiguration, error: &StartError) -> ErrorPage {
    let page = match configuration.runs_in_process() {
        true => in_process::start_failure(&error.kind),
        false => ErrorPage::process_start_failure(),
    };
    if configuration.disable_start_up_error_page {
        page.without_content()
    } else if shows_details(configuration) {
        page.with_detail(format!("{}\n\n{}", error.kind, error.output))
    } else {
        page
    }
}

/// Whether pages may tell what only developers should know: the module's own variables first, then those of the
/// configuration.
fn shows_details(configuration: &ApplicationConfiguration) -> bool {
    let value = |name: &str| {
        let own = env::var(name).ok().filter(|value| !value.is_empty());
        own.or_else(|| configuration.variable(name).map(str::to_owned)).unwrap_or_default()
    };
    let detailed = value("ASPNETCORE_DETAILEDERRORS");
    let is_development = |name| value(name).eq_ignore_ascii_case("Development");
    detailed == "1"
        || detailed.eq_ignore_ascii_case("true")
        || is_development("ASPNETCORE_ENVIRONMENT")
        || is_development("DOTNET_ENVIRONMENT")
}
