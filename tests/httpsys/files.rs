//! Files that the driver sends.

use std::{env, fs, path::PathBuf};

use falconry::{Handler, HttpContext, Result};
use falconry_features::{BoxFuture, HttpSendFileFeature, send_file};

use crate::support::{Site, get};

/// Answers with a part of a file.
pub(crate) struct Sends {
    pub(crate) file: PathBuf,
    pub(crate) offset: u64,
    pub(crate) count: u64,
}

impl Handler for Sends {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            ctx.response_mut().set_header("content-length", self.count.to_string())?;
            assert!(ctx.features().get::<dyn HttpSendFileFeature>().is_some(), "the driver is offered");
            send_file(ctx.features_mut(), &self.file, self.offset, Some(self.count)).await?;
            Ok(())
        })
    }
}

#[test]
fn a_part_of_a_file_is_sent_by_the_driver() {
    let content: String = (0..100_000).map(|number| format!("{number} ")).collect();
    let file = env::temp_dir().join(format!("falconry-httpsys-file-{}.txt", std::process::id()));
    fs::write(&file, &content).expect("the file can be written");
    let sends = Sends { file: file.clone(), offset: 3, count: content.len() as u64 - 3 - 4 };
    let server = Site::new().serve(&["http://127.0.0.1:0/"], |_| {}, sends);
    let response = get(server.address(), "x", "/", "");
    // The test may fail below.
    let _ = fs::remove_file(&file);
    let response = response.expect("an answer");
    assert_eq!(response.status, 200);
    assert!(response.body == content[3..content.len() - 4], "{} bytes", response.body.len());
}
