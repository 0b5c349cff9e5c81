//! Pipelines that split.

use falconry_features::BoxFuture;

use super::{Middleware, Next, Pipeline};
use crate::{Handler, HttpContext, Result};

/// A branch for the requests under one path.
pub(super) struct Map {
    path: String,
    branch: Pipeline,
}

impl Map {
    pub(super) fn new(path: &str, branch: Pipeline) -> Self {
        assert!(path.starts_with('/'), "the path of a branch starts with '/', not as {path:?}");
        Self { path: path.trim_end_matches('/').to_owned(), branch }
    }
}

impl Middleware for Map {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        let Some(rest) = segments_after(ctx.request().path(), &self.path) else { return next.start(ctx) };
        Box::pin(async move {
            let (base, path) = {
                let request = ctx.request();
                (request.path_base().to_owned(), request.path().to_owned())
            };
            let matched = path.len() - rest;
            ctx.request_mut().set_path_base(&format!("{base}{}", &path[..matched]));
            ctx.request_mut().set_path(&path[matched..]);
            let result = self.branch.handle(ctx).await;
            ctx.request_mut().set_path_base(&base);
            ctx.request_mut().set_path(&path);
            result
        })
    }
}

/// How long the rest of `path` is after `prefix`, if it starts with it on a segment boundary.
pub(crate) fn segments_after(path: &str, prefix: &str) -> Option<usize> {
    let start = path.get(..prefix.len())?;
    let rest = &path[prefix.len()..];
    (start.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest.len())
}

/// A branch for the requests that a predicate picks.
pub(super) struct MapWhen<P> {
    pub(super) predicate: P,
    pub(super) branch: Pipeline,
}

impl<P> Middleware for MapWhen<P>
where
    P: Fn(&HttpContext) -> bool + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        if (self.predicate)(ctx) { self.branch.handle(ctx) } else { next.start(ctx) }
    }
}

/// A detour for the requests that a predicate picks.
pub(super) struct UseWhen<P> {
    pub(super) predicate: P,
    pub(super) branch: Pipeline,
}

impl<P> Middleware for UseWhen<P>
where
    P: Fn(&HttpContext) -> bool + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        if !(self.predicate)(ctx) {
            return next.start(ctx);
        }
        Box::pin(async move {
            let branch = &self.branch;
            Next::new(&branch.middleware, branch.terminal.as_deref(), Some(&next)).start(ctx).await
        })
    }
}
