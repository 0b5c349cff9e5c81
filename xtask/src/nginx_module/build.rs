//! Building the module: nginx's own configure script for the headers, then the C compiler.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    options::Options,
    source::{Source, configure_arguments},
};
use crate::{peers, shell};

/// The module's source in the workspace.
const SHIM: &str = "servers/nginx/shim";

/// Where nginx's headers are, below its source; the generated ones are elsewhere.
const HEADERS: [&str; 9] = [
    "src/core",
    "src/event",
    "src/event/modules",
    "src/event/quic",
    "src/os/unix",
    "src/http",
    "src/http/modules",
    "src/http/v2",
    "src/http/v3",
];

/// What a vendored nginx is built with: what its tests need.
const VENDORED: [&str; 6] = [
    "--with-compat",
    "--with-threads",
    "--with-http_ssl_module",
    "--with-http_v2_module",
    "--with-http_v3_module",
    "--with-http_realip_module",
];

/// Compilers at once.
const JOBS: usize = 2;

/// Where an nginx that was built is, below its source.
const BUILT: &str = "objs/nginx";

/// An nginx, and the source for modules of it.
#[derive(Debug)]
pub(crate) struct Nginx {
    /// None: it is built, too.
    program: Option<PathBuf>,
    source: Source,
    arguments: Vec<String>,
}

/// A module that has been built, and the nginx that loads it.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) path: PathBuf,
    pub(crate) nginx: PathBuf,
}

impl Nginx {
    /// The installed one.
    pub(crate) fn installed() -> Result<Self, String> {
        Self::find(&Options::installed())
    }

    /// The nginx that `options` ask for; the installed one is installed if need be.
    pub(super) fn find(options: &Options) -> Result<Self, String> {
        let source = Source::find(options)?;
        let program = match &options.nginx {
            Some(program) => program.clone(),
            None if options.is_vendored => {
                peers::require(&[peers::MAKE])?;
                let arguments = VENDORED.map(str::to_owned).into();
                return Ok(Self { program: None, source, arguments });
            }
            None => {
                peers::require(&[peers::NGINX])?;
                shell::find("nginx").ok_or("there is no nginx")?
            }
        };
        let arguments = configure_arguments(&program)?;
        Ok(Self { program: Some(program), source, arguments })
    }

    /// Builds the module, and the nginx itself if it is vendored, unless they have been built from the same.
    pub(crate) fn module(self) -> Result<Module, String> {
        let shim = shell::root().join(SHIM);
        let files = shim_files(&shim)?;
        let folder = self.folder();
        let generated = self.configured(&folder)?;
        let mut hasher = DefaultHasher::new();
        for file in &files {
            fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?.hash(&mut hasher);
        }
        let path = folder.join(format!("ngx_http_falconry_module-{:016x}.so", hasher.finish()));
        if !path.is_file() {
            // Another test may do the same: what is there under its name is whole.
            let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
            let mut compiler = self.compiler(&generated, &unfinished);
            compiler
                .args(files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "c")));
            shell::output(&mut compiler)?;
            fs::rename(&unfinished, &path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(Module { path, nginx: self.program.unwrap_or_else(|| generated.join(BUILT)) })
    }

    /// Where everything for this nginx is: by source and arguments.
    fn folder(&self) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        (&self.source.folder, &self.arguments).hash(&mut hasher);
        let core = self.source.folder.join("src/core/nginx.h");
        fs::read(core).unwrap_or_default().hash(&mut hasher);
        shell::root().join(format!("target/nginx/{:016x}", hasher.finish()))
    }

    /// A copy of the source in which nginx's configure script has run, for it writes where it stands; and make, if this
    /// nginx is not there yet.
    fn configured(&self, folder: &Path) -> Result<PathBuf, String> {
        let build = folder.join("build");
        let wanted = build.join(if self.program.is_none() { BUILT } else { "objs/ngx_auto_config.h" });
        if wanted.is_file() {
            return Ok(build);
        }
        let unfinished = folder.join(format!("build-{}.tmp", std::process::id()));
        fs::create_dir_all(&unfinished).map_err(|error| format!("{}: {error}", unfinished.display()))?;
        let mut all = self.source.folder.clone().into_os_string();
        all.push("/.");
        shell::output(Command::new("cp").arg("-rL").arg(all).arg(&unfinished))?;
        let script = self.source.configure()?;
        let script = script.strip_prefix(&self.source.folder).unwrap_or(&script).to_owned();
        // Modules of the distribution are not in its source; the module needs nothing of them.
        let arguments = self.arguments.iter().filter(|argument| !argument.contains("add-dynamic-module"));
        let arguments = arguments.filter(|argument| !argument.ends_with("=dynamic"));
        shell::output(Command::new("sh").arg(script).args(arguments).current_dir(&unfinished)).map_err(|error| {
            let log = unfinished.join("objs/autoconf.err");
            format!(
                "{error}\nnginx needs the headers of OpenSSL, PCRE and zlib (Debian: libssl-dev libpcre2-dev \
                 zlib1g-dev); what was tried is in {}",
                log.display()
            )
        })?;
        if self.program.is_none() {
            shell::output(Command::new("make").arg(format!("-j{JOBS}")).current_dir(&unfinished))?;
        }
        match fs::rename(&unfinished, &build) {
            Err(_) if wanted.is_file() => {
                let _ = fs::remove_dir_all(&unfinished);
                Ok(build)
            }
            Err(error) => Err(format!("{}: {error}", build.display())),
            Ok(()) => Ok(build),
        }
    }

    fn compiler(&self, generated: &Path, output: &Path) -> Command {
        let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args([
            "-shared",
            "-fPIC",
            "-O2",
            "-g",
            "-W",
            "-Wall",
            "-Wpointer-arith",
            "-Wno-unused-parameter",
        ]);
        compiler.args(["-Werror", "-o"]).arg(output).arg("-I").arg(generated.join("objs"));
        for folder in HEADERS.map(|folder| generated.join(folder)) {
            if folder.is_dir() {
                compiler.arg("-I").arg(folder);
            }
        }
        compiler
    }
}

/// All files of the shim, in order.
fn shim_files(shim: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(shim).map_err(|error| format!("{}: {error}", shim.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    Ok(files)
}
