//! Path bases.

use std::sync::{Arc, Mutex};

use falconry::{HttpContext, Middleware, Next, Pipeline, features::BoxFuture, middleware::PathBase};

use crate::app;

#[tokio::test]
async fn whole_segments_in_any_case_move_to_the_path_base() {
    let (_server, client, witness) = app::behind(PathBase::new("/app/")).await;
    for (path, base, rest) in [
        ("/app/x", "/app", "/x"),
        ("/APP/x", "/APP", "/x"),
        ("/app", "/app", ""),
        ("/app/", "/app", "/"),
        ("/appx", "", "/appx"),
        ("/app%2Fx", "", "/app%2Fx"),
        ("/x/app", "", "/x/app"),
        ("/", "", "/"),
    ] {
        client.get(path).send().await.unwrap().assert_status(200);
        let seen = witness.take().unwrap();
        assert_eq!((seen.path_base.as_str(), seen.path.as_str()), (base, rest), "{path}");
    }
}

#[tokio::test]
async fn one_base_stands_behind_the_other() {
    let both = Both(PathBase::new("/a b"), PathBase::new("/ü"));
    let (_server, client, witness) = app::behind(both).await;
    client.get("/a%20b/%C3%BC/x").send().await.unwrap().assert_status(200);
    let seen = witness.take().unwrap();
    assert_eq!((seen.path_base.as_str(), seen.path.as_str()), ("/a b/ü", "/x"));
}

#[tokio::test]
async fn afterwards_the_path_is_as_it_was() {
    let after = After::default();
    let (_server, client, _) = app::behind(after.clone()).await;
    client.get("/app/x").send().await.unwrap().assert_body("seen").await;
    assert_eq!(*after.seen.lock().unwrap(), [("".to_owned(), "/app/x".to_owned())]);
}

#[test]
fn a_base_without_a_slash_is_a_mistake_of_the_program() {
    assert!(std::panic::catch_unwind(|| PathBase::new("app")).is_err());
    let _ = (PathBase::new(""), PathBase::new("/"));
}

/// Two of them, one after the other.
struct Both(PathBase, PathBase);

impl Middleware for Both {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, falconry::Result> {
        Box::pin(async move {
            let inner = Pipeline::new().use_(self.0.clone()).use_(self.1.clone());
            // The branch comes back for what is next, which alone answers.
            let inner = inner.run(async |ctx: &mut HttpContext| {
                let request = ctx.request();
                let paths = (request.path_base().to_owned(), request.path().to_owned());
                ctx.items().insert(paths);
                Ok(())
            });
            falconry::Handler::handle(&inner, ctx).await?;
            let (base, path) = ctx.items().get::<(String, String)>().unwrap().clone();
            ctx.request_mut().set_path_base(&base);
            ctx.request_mut().set_path(&path);
            next.run(ctx).await
        })
    }
}

/// Notes what the path is when a path base is done.
#[derive(Clone, Default)]
struct After {
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Middleware for After {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, falconry::Result> {
        Box::pin(async move {
            let result = PathBase::new("/app").handle(ctx, next).await;
            let request = ctx.request();
            let paths = (request.path_base().to_owned(), request.path().to_owned());
            self.seen.lock().unwrap().push(paths);
            result
        })
    }
}
