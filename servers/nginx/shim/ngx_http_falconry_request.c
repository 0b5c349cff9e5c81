/* A request: handing it over, its events, its body, its end. */

#include "ngx_http_falconry_module.h"

static void ngx_http_falconry_disconnected(void *data);
static void ngx_http_falconry_released(void *data);
static void ngx_http_falconry_body_begun(ngx_http_request_t *r);
static ngx_int_t ngx_http_falconry_read_more(ngx_http_falconry_ctx_t *ctx);
static void ngx_http_falconry_cut(ngx_http_falconry_ctx_t *ctx);

/* The request that nginx has called the module for, if it has. */
static ngx_http_falconry_ctx_t  *ngx_http_falconry_current;


ngx_int_t
ngx_http_falconry_handler(ngx_http_request_t *r)
{
    int32_t                        status;
    ngx_connection_t              *c;
    falconry_request_t             request;
    ngx_pool_cleanup_t            *release;
    ngx_http_cleanup_t            *cleanup;
    ngx_http_falconry_ctx_t       *ctx, *outer;
    ngx_http_falconry_loc_conf_t  *conf;

    c = r->connection;
    conf = ngx_http_get_module_loc_conf(r, ngx_http_falconry_module);

    if (conf->app->app == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_falconry_ctx_t));
    cleanup = ngx_http_cleanup_add(r, 0);
    release = ngx_pool_cleanup_add(r->pool, 0);

    if (ctx == NULL || cleanup == NULL || release == NULL
        || ngx_http_falconry_describe(r, conf, &request) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r == r->main) {
        if (ngx_http_falconry_is_http1(r)) {
            if (c->read->timer_set) {
                ngx_del_timer(c->read);
            }

            if ((ngx_event_flags & NGX_USE_CLEAR_EVENT) && !c->write->active
                && ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_CLEAR_EVENT) == NGX_ERROR)
            {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }
        }

        r->read_event_handler = ngx_http_falconry_read_event;
    }

    r->write_event_handler = ngx_http_falconry_write_event;

    ctx->app = conf->app;
    ctx->request = r;
    ngx_http_set_ctx(r, ctx, ngx_http_falconry_module);

    cleanup->handler = ngx_http_falconry_disconnected;
    cleanup->data = ctx;
    release->handler = ngx_http_falconry_released;
    release->data = ctx;

    r->main->count++;
    ngx_http_falconry_begun(ctx->app);

    /* the key is there before the application runs, which may be within the call */
    outer = ngx_http_falconry_enter(ctx);
    status = ctx->app->app->accept(&request, ctx, &ctx->key);
    ngx_http_falconry_leave(outer);

    if (status == 0) {
        return NGX_DONE;
    }

    cleanup->handler = NULL;
    release->handler = NULL;
    ngx_http_falconry_ended(ctx->app);
    r->main->count--;

    return status;
}


/* nginx ends the request: because it is over, the client has gone, or the worker exits. */
static void
ngx_http_falconry_disconnected(void *data)
{
    ngx_http_falconry_ctx_t  *ctx = data;

    ctx->request = NULL;

    if (ctx->app->app) {
        ctx->app->app->disconnected(ctx->key);
    }
}


/* Nothing of the request's memory is in use any more, nor what it points to. */
static void
ngx_http_falconry_released(void *data)
{
    ngx_http_falconry_ctx_t  *ctx = data;

    if (ctx->app->app) {
        ctx->app->app->released(ctx->key);
    }

    ngx_http_falconry_ended(ctx->app);
}


void
ngx_http_falconry_read_event(ngx_http_request_t *r)
{
    ngx_http_falconry_ctx_t  *ctx, *outer;

    ctx = ngx_http_get_module_ctx(r, ngx_http_falconry_module);

    if (ctx->want_read) {
        ctx->want_read = 0;
        outer = ngx_http_falconry_enter(ctx);
        ctx->app->app->readable(ctx->key);
        ngx_http_falconry_leave(outer);

    } else if (!ctx->upgraded) {
        ngx_http_test_reading(r);
    }
}


int32_t
ngx_http_falconry_read(void *data, const uint8_t **bytes, size_t *len)
{
    ngx_int_t                 rc;
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_connection_t         *c;
    ngx_http_request_t       *r;
    ngx_http_falconry_ctx_t  *ctx = data;

    r = ctx->request;

    if (r == NULL) {
        return FALCONRY_GONE;
    }

    c = r->connection;

    if (r->request_body == NULL || (r->request_body->bufs == NULL && r->reading_body)) {
        rc = ngx_http_falconry_read_more(ctx);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            if (c->error) {
                ngx_http_falconry_gone(ctx);
                return FALCONRY_GONE;
            }

            r->keepalive = 0;
            return (int32_t) rc;
        }
    }

    /* an empty buffer may be in front of others */
    while ((cl = r->request_body->bufs) != NULL) {
        b = cl->buf;
        *bytes = b->pos;
        *len = b->last - b->pos;

        b->pos = b->last;
        r->request_body->bufs = cl->next;
        ngx_free_chain(r->pool, cl);

        if (*len) {
            /* nobody waits for the client now */
            if (c->read->timer_set) {
                ngx_del_timer(c->read);
            }

            return (r->request_body->bufs == NULL && !r->reading_body) ? FALCONRY_LAST : FALCONRY_OK;
        }
    }

    *len = 0;

    if (!r->reading_body) {
        return FALCONRY_LAST;
    }

    ctx->want_read = 1;
    return FALCONRY_AGAIN;
}


/*
 * Reading begins when the application asks for the body: it is then that a client which expects
 * "100 Continue" is told to send.
 */
static ngx_int_t
ngx_http_falconry_read_more(ngx_http_falconry_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r = ctx->request;

    if (r->request_body) {
        return ngx_http_read_unbuffered_request_body(r);
    }

    r->request_body_no_buffering = 1;
    rc = ngx_http_read_client_request_body(r, ngx_http_falconry_body_begun);

    if (rc < NGX_HTTP_SPECIAL_RESPONSE) {
        r->main->count--;
    }

    r->read_event_handler = ngx_http_falconry_read_event;
    r->write_event_handler = ngx_http_falconry_write_event;

    return rc;
}


static void
ngx_http_falconry_body_begun(ngx_http_request_t *r)
{
}


void
ngx_http_falconry_finish(void *data, uint32_t how)
{
    ngx_int_t                 rc;
    ngx_http_request_t       *r;
    ngx_http_falconry_ctx_t  *ctx = data;

    r = ctx->request;

    if (r == NULL) {
        return;
    }

    ctx->want_read = 0;
    ctx->want_write = 0;
    rc = NGX_OK;

    if (how == FALCONRY_ABORT) {
        rc = NGX_ERROR;
        ngx_http_falconry_cut(ctx);

    } else if (ctx->upgraded) {
        r->keepalive = 0;

    } else if (r == r->main && r->request_body == NULL && !r->discard_body) {
        /* a client that was not told to send does not */
        r->expect_tested = 1;

        if (ngx_http_discard_request_body(r) != NGX_OK) {
            r->keepalive = 0;
        }
    }

    ngx_http_falconry_finalize(ctx, rc);
}


/* The request cannot go on: its client has gone, or nginx is out of something. */
void
ngx_http_falconry_gone(ngx_http_falconry_ctx_t *ctx)
{
    if (ctx->request) {
        ctx->request->connection->error = 1;
        ngx_http_falconry_finalize(ctx, NGX_HTTP_CLIENT_CLOSED_REQUEST);
    }
}


/* The request and its context may be gone when this returns. */
void
ngx_http_falconry_finalize(ngx_http_falconry_ctx_t *ctx, ngx_int_t rc)
{
    ngx_connection_t  *c = ctx->request->connection;

    /* nginx does the rest itself after one of its calls for this request */
    ngx_uint_t  is_called = (ctx == ngx_http_falconry_current);

    ngx_http_finalize_request(ctx->request, rc);

    if (!is_called) {
        ngx_http_run_posted_requests(c);
    }
}


/* Notes for which request nginx has called; gives what was noted before. */
ngx_http_falconry_ctx_t *
ngx_http_falconry_enter(ngx_http_falconry_ctx_t *ctx)
{
    ngx_http_falconry_ctx_t  *outer = ngx_http_falconry_current;

    ngx_http_falconry_current = ctx;
    return outer;
}


void
ngx_http_falconry_leave(ngx_http_falconry_ctx_t *outer)
{
    ngx_http_falconry_current = outer;
}


/* The end of the connection must not look like the end of a response which nothing else ends. */
static void
ngx_http_falconry_cut(ngx_http_falconry_ctx_t *ctx)
{
    struct linger        linger;
    ngx_http_request_t  *r = ctx->request;

    if (!ngx_http_falconry_is_http1(r)) {
        return;
    }

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        r->connection->ssl->no_send_shutdown = 1;
    }
#endif

    if (ctx->upgraded || (ctx->head_sent && !r->chunked && r->headers_out.content_length_n == -1)) {
        linger.l_onoff = 1;
        linger.l_linger = 0;

        (void) setsockopt(r->connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
}
