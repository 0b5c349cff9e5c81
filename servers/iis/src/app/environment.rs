//! What IIS tells of itself and of the application's place in it.

use falconry_features::IisEnvironment;

use crate::{
    native::{Context, NativeServer},
    request::PathBase,
};

pub(super) fn environment(context: &Context, server: NativeServer, path_base: &PathBase) -> IisEnvironment {
    let variable = |name| context.server_variable(name).unwrap_or_default();
    let metabase_path = variable("APPL_MD_PATH");
    let site = metabase_path.split('/').filter_map(|part| part.parse().ok()).next();
    IisEnvironment {
        version: version(&variable("SERVER_SOFTWARE")),
        app_pool_id: server.app_pool_name(),
        app_pool_config_file: server.app_pool_config_file().unwrap_or_default(),
        app_config_path: variable("APP_CONFIG_PATH"),
        application_physical_path: variable("APPL_PHYSICAL_PATH"),
        application_virtual_path: path_base.virtual_path().to_owned(),
        application_id: metabase_path,
        site_name: variable("SITE_NAME"),
        site_id: site.unwrap_or_default(),
    }
}

/// Makes the application's folder the current one, as the original does: that of the worker is IIS's own, and the files
/// of the application are found from there.
pub(super) fn enter_folder(path: &str) {
    if let Err(error) = std::env::set_current_dir(path) {
        tracing::warn!(path, %error, "the application's folder cannot become the current one");
    }
}

/// `Microsoft-IIS/10.0`.
fn version(software: &str) -> (u32, u32) {
    let number = software.rsplit('/').next().unwrap_or_default();
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    (major.parse().unwrap_or_default(), minor.parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_is_that_of_the_software() {
        assert_eq!(version("Microsoft-IIS/10.0"), (10, 0));
        assert_eq!(version("Microsoft-IIS/8.5"), (8, 5));
        assert_eq!(version("another"), (0, 0));
    }
}
