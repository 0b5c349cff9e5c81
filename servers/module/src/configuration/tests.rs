//! Texts and what they mean.

use std::{path::Path, time::Duration};

use super::{HostingModel, ListenOn, ModuleConfiguration, StartMode};

const FILE: &str = "/srv/site/web.config";

fn web_config(text: &str) -> Result<ModuleConfiguration, String> {
    ModuleConfiguration::from_web_config(text, Path::new(FILE)).map_err(|error| error.to_string())
}

/// A `web.config` with these attributes and children of `aspNetCore`.
fn section(attributes: &str, children: &str) -> String {
    format!(
        "<configuration><system.webServer>\n<aspNetCore {attributes}>{children}</aspNetCore>\n\
         </system.webServer></configuration>"
    )
}

#[test]
fn what_is_not_said_has_the_defaults_of_the_schema() {
    let configuration = web_config(&section("processPath='app'", "")).unwrap();
    let application = &configuration.applications[0];
    assert_eq!(
        (application.path.as_str(), application.physical_path.as_path()),
        ("/", Path::new("/srv/site"))
    );
    assert_eq!(application.startup_time_limit, Duration::from_secs(120));
    assert_eq!(application.shutdown_time_limit, Duration::from_secs(10));
    assert_eq!(application.rapid_fails_per_minute, 10);
    assert_eq!(application.request_timeout, Duration::from_secs(120));
    assert_eq!(application.processes_per_application, 1);
    assert!(!application.stdout_log_enabled && !application.disable_start_up_error_page);
    assert!(application.forward_windows_auth_token && application.web_sockets);
    assert_eq!(application.stdout_log_file, Path::new("./aspnetcore-stdout"));
    assert_eq!(application.hosting_model, HostingModel::OutOfProcess);
    assert_eq!(application.max_allowed_content_length, 30_000_000);
    assert!(configuration.notes.is_empty());
}

#[test]
fn every_attribute_is_read() {
    let attributes = r#"processPath=".\App" arguments="--a &quot;b c&quot;" startupTimeLimit="3600" shutdownTimeLimit="0"
        rapidFailsPerMinute="100" requestTimeout="360:00:00" stdoutLogEnabled="True" stdoutLogFile=".\logs\stdout"
        processesPerApplication="100" forwardWindowsAuthToken="false" disableStartUpErrorPage="true"
        hostingModel="OutOfProcess""#;
    let children = r#"<environmentVariables><environmentVariable name="A" value="1" /></environmentVariables>
        <handlerSettings>
            <handlerSetting name="STARTMODE" value="alwaysrunning" />
            <handlerSetting name="listenOn" value="tcp" />
            <handlerSetting name="disallowRotationOnConfigChange" value="TRUE" />
            <handlerSetting name="enableOutOfProcessConsoleRedirection" value="false" />
            <handlerSetting name="forwardResponseConnectionHeader" value="true" />
            <handlerSetting name="stdoutLogMaxBytes" value="1000" />
        </handlerSettings>"#;
    let configuration = web_config(&section(attributes, children)).unwrap();
    let application = &configuration.applications[0];
    assert_eq!(
        (application.process_path.as_str(), &application.arguments[..]),
        (r".\App", &["--a".into(), "b c".into()][..])
    );
    assert_eq!(application.startup_time_limit, Duration::from_secs(3600));
    assert_eq!(application.shutdown_time_limit, Duration::ZERO);
    assert_eq!((application.rapid_fails_per_minute, application.processes_per_application), (100, 100));
    assert_eq!(application.request_timeout, Duration::from_secs(360 * 3600));
    assert!(application.stdout_log_enabled && application.disable_start_up_error_page);
    assert!(!application.forward_windows_auth_token);
    assert_eq!(application.variable("a"), Some("1"));
    let settings = &application.handler_settings;
    assert_eq!((settings.start_mode, settings.listen_on), (StartMode::AlwaysRunning, ListenOn::Tcp));
    assert!(settings.disallow_rotation_on_config_change && settings.forward_response_connection_header);
    assert_eq!((settings.console_redirection, settings.stdout_log_max_bytes), (false, 1000));
    if cfg!(unix) {
        assert_eq!(application.stdout_log_file, Path::new("./logs/stdout"));
    }
}

#[test]
fn values_out_of_range_are_refused_where_they_stand() {
    for (attribute, expected) in [
        ("startupTimeLimit='3601'", "startupTimeLimit: \"3601\" is not seconds from 0 to 3600"),
        ("startupTimeLimit='-1'", "startupTimeLimit: \"-1\" is not seconds from 0 to 3600"),
        ("shutdownTimeLimit='601'", "shutdownTimeLimit: \"601\" is not seconds from 0 to 600"),
        ("rapidFailsPerMinute='101'", "a number from 0 to 100"),
        ("processesPerApplication='0'", "a number from 1 to 100"),
        ("requestTimeout='360:00:01'", "from 00:00:00 to 360:00:00"),
        ("requestTimeout='2'", "hours, minutes and seconds"),
        ("requestTimeout='00:60:00'", "hours, minutes and seconds"),
        ("stdoutLogEnabled='yes'", "\"yes\" is not `true` or `false`"),
        ("hostingModel='both'", "`outofprocess` or `inprocess`"),
        ("unknown='1'", "aspNetCore has no attribute unknown"),
    ] {
        let error = web_config(&section(&format!("processPath='app' {attribute}"), "")).unwrap_err();
        let name = attribute.split('=').next().unwrap();
        // The value of an attribute, or the attribute if there is none of this name.
        let column = if name == "unknown" { 31 } else { 31 + name.len() + 2 };
        assert!(
            error.starts_with(&format!("{FILE}:2:{column}: ")) && error.contains(expected),
            "{attribute}: {error}"
        );
    }
}

#[test]
fn elements_that_are_wrong_are_refused() {
    let variable = |entry: &str| format!("<environmentVariables>{entry}</environmentVariables>");
    let setting = |entry: &str| format!("<handlerSettings>{entry}</handlerSettings>");
    for (children, expected) in [
        (variable("<environmentVariable name='' value='1'/>"), "needs a name and a value"),
        (variable("<environmentVariable name='A'/>"), "needs a name and a value"),
        (variable("<environmentVariable name='A' value='1' other='2'/>"), "has no attribute other"),
        (
            variable("<environmentVariable name='A' value='1'/><environmentVariable name='a' value='2'/>"),
            "a is there twice",
        ),
        (variable("<variable/>"), "has no element <variable>"),
        (
            setting("<handlerSetting name='startMode' value='Never'/>"),
            "startMode: \"Never\" is not `OnDemand` or `AlwaysRunning`",
        ),
        (setting("<handlerSetting name='shutdownDelay' value='-1'/>"), "not negative"),
        ("<other/>".to_owned(), "aspNetCore has no element <other>"),
    ] {
        let error = web_config(&section("processPath='app'", &children)).unwrap_err();
        assert!(error.starts_with(&format!("{FILE}:2:")) && error.contains(expected), "{children}: {error}");
    }
    let cleared =
        "<environmentVariable name='A' value='1'/><clear/><environmentVariable name='A' value='2'/>";
    let configuration = web_config(&section("processPath='app'", &variable(cleared))).unwrap();
    assert_eq!(configuration.applications[0].variable("A"), Some("2"));
}

#[test]
fn a_file_without_a_section_or_without_a_program_is_refused() {
    for (text, expected) in [
        ("", "1:1: this is no XML: the document does not have a root node"),
        ("hello", "1:1: this is no XML: "),
        ("<configuration>", ":1:"),
        ("<other/>", "1:1: the root of a web.config is <configuration>"),
        ("<configuration/>", "1:1: there is no <aspNetCore>"),
        (
            "<configuration><system.webServer><aspNetCore/></system.webServer></configuration>",
            "1:34: aspNetCore needs a processPath",
        ),
    ] {
        let error = web_config(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let twice = "<configuration><system.webServer><aspNetCore processPath='a'/><aspNetCore processPath='b'/></system.webServer></configuration>";
    assert!(web_config(twice).unwrap_err().contains("a second <aspNetCore>"));
}

#[test]
fn locations_are_applications_below() {
    let text = r#"<configuration>
        <location path="." inheritInChildApplications="false"><system.webServer><aspNetCore processPath="root" /></system.webServer></location>
        <location path="shop"><system.webServer><aspNetCore processPath="shop" /></system.webServer></location>
        <location path="a/b"><system.webServer><handlers /></system.webServer></location>
    </configuration>"#;
    let configuration = web_config(text).unwrap();
    let applications: Vec<_> =
        configuration.applications.iter().map(|one| (one.path.as_str(), one.process_path.as_str())).collect();
    assert_eq!(applications, [("/", "root"), ("/shop", "shop")]);
    let twice = text
        .replace("path=\"a/b\"", "path=\"Shop\"")
        .replace("<handlers />", "<aspNetCore processPath=\"x\" />");
    assert!(web_config(&twice).unwrap_err().contains("two applications with the path /Shop"));
    let bad = text.replace("path=\"shop\"", "path=\"sh op\"");
    assert!(web_config(&bad).unwrap_err().contains("is no path of an application"));
}

#[test]
fn limits_of_request_filtering_and_web_sockets_count() {
    let text = "<configuration><system.webServer><aspNetCore processPath='a'/><webSocket enabled='false'/><security>\
                <requestFiltering><requestLimits maxAllowedContentLength='4294967295'/></requestFiltering></security>\
                </system.webServer></configuration>";
    let application = web_config(text).unwrap().applications.remove(0);
    assert_eq!((application.max_allowed_content_length, application.web_sockets), (4_294_967_295, false));
    let error = web_config(&text.replace("4294967295", "4294967296")).unwrap_err();
    assert!(error.contains("maxAllowedContentLength: \"4294967296\" is not a number"), "{error}");
}

#[test]
fn settings_without_effect_are_noted() {
    let children = "<handlerSettings><handlerSetting name='stackSize' value='1'/><handlerSetting name='new' value='1'/>\
                    </handlerSettings><recycleOnFileChange><file path='x'/></recycleOnFileChange>";
    let configuration = web_config(&section("processPath='app' hostingModel='inprocess'", children)).unwrap();
    let notes: Vec<_> =
        configuration.notes.iter().map(|note| format!("{}: {}", note.position, note.text)).collect();
    assert_eq!(notes.len(), 4, "{notes:?}");
    assert!(
        notes[0].contains("hostingModel is inprocess") && notes[1].contains("stackSize has no effect"),
        "{notes:?}"
    );
    assert!(
        notes[2].contains("no handler setting new") && notes[3].contains("recycleOnFileChange"),
        "{notes:?}"
    );
}

#[test]
fn in_process_is_for_libraries_and_a_program_is_noted() {
    for (attributes, runs_in_process, note) in [
        ("processPath='.\\libshop.so' hostingModel='InProcess'", true, None),
        (
            "processPath='shop.DLL' hostingModel='inprocess' arguments='a'",
            true,
            Some("a library has no arguments"),
        ),
        (
            "processPath='dotnet' arguments='.\\Shop.dll' hostingModel='inprocess'",
            false,
            Some("is no library"),
        ),
        ("processPath='./libshop.so'", false, None),
    ] {
        let configuration = web_config(&section(attributes, "")).unwrap();
        assert_eq!(configuration.applications[0].runs_in_process(), runs_in_process, "{attributes}");
        let notes: Vec<_> = configuration.notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(notes.len(), usize::from(note.is_some()), "{notes:?}");
        assert!(note.is_none_or(|note| notes[0].contains(note)), "{notes:?}");
    }
}

#[test]
fn toml_has_the_same_keys() {
    let text = r#"
urls = "http://*:80"

[[applications]]
processPath = "node"
arguments = ["server.js", "with space"]
startupTimeLimit = 30
requestTimeout = "00:00:10"
stdoutLogEnabled = true
maxAllowedContentLength = 5_000_000_000
webSockets = false

[applications.environmentVariables]
NODE_ENV = "production"

[applications.handlerSettings]
startMode = "AlwaysRunning"
stackSize = 1

[[applications]]
path = "shop"
processPath = "./shop"

[Kestrel.Limits]
MaxConcurrentConnections = 10
"#;
    let configuration = ModuleConfiguration::from_toml(text, Path::new("/srv/module.toml")).unwrap();
    let [root, shop] = &configuration.applications[..] else { panic!("{configuration:?}") };
    assert_eq!((root.path.as_str(), root.physical_path.as_path()), ("/", Path::new("/srv")));
    assert_eq!(root.arguments, ["server.js", "with space"]);
    assert_eq!(
        (root.startup_time_limit, root.request_timeout),
        (Duration::from_secs(30), Duration::from_secs(10))
    );
    assert!(root.stdout_log_enabled && !root.web_sockets);
    assert_eq!(
        (root.max_allowed_content_length, root.variable("NODE_ENV")),
        (5_000_000_000, Some("production"))
    );
    assert_eq!(root.handler_settings.start_mode, StartMode::AlwaysRunning);
    assert_eq!((shop.path.as_str(), shop.process_path.as_str()), ("/shop", "./shop"));
    assert_eq!(configuration.notes.len(), 1);
    assert_eq!(configuration.notes[0].position.to_string(), "/srv/module.toml:18:1");
}

#[test]
fn what_is_wrong_in_toml_has_line_and_column() {
    for (text, expected) in [
        ("a =", "module.toml:1:"),
        ("a = 1", "module.toml: there is no table [[applications]]"),
        ("applications = 1", "module.toml:1:16: applications are tables"),
        ("[[applications]]\npath = '/a'", "module.toml:1:1: aspNetCore needs a processPath"),
        (
            "[[applications]]\nprocessPath = 'a'\nstartupTimeLimit = 3601",
            "module.toml:3:20: startupTimeLimit: \"3601\"",
        ),
        (
            "[[applications]]\nprocessPath = 'a'\n  other = 1",
            "module.toml:3:3: an application has no key other",
        ),
        ("[[applications]]\nprocessPath = [1]", "module.toml:2:15: processPath: a text, a number"),
        (
            "[[applications]]\nconfig = 'a.config'\nprocessPath = 'a'",
            "module.toml:3:1: processPath has no place beside config",
        ),
        ("[[applications]]\nwebSockets = 'no'", "module.toml:2:14: webSockets is true or false"),
        (
            "[[applications]]\nenvironmentVariables = 'A=1'",
            "module.toml:2:24: environmentVariables is a table: [applications.environmentVariables]",
        ),
        ("[[applications]]\nprocessPath = 'a'\npath = '/a?b'", "module.toml:3:8: \"/a?b\" is no path"),
        (
            "[[applications]]\nprocessPath = 'a'\nphysicalPath = 'no/such/folder'",
            "module.toml:3:16: physicalPath",
        ),
        ("[[applications]]\nprocessPath = 'a'\narguments = [[]]", "module.toml:3:13: arguments are texts"),
    ] {
        let error =
            ModuleConfiguration::from_toml(text, Path::new("/srv/module.toml")).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
