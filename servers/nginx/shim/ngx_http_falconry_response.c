/* The response: its head, its data, and waiting for the client to take them. */

#include "ngx_http_falconry_module.h"

static ngx_int_t ngx_http_falconry_push(ngx_http_request_t *r, ngx_list_t *list, const falconry_field_t *field,
    ngx_table_elt_t **pushed);
static ngx_int_t ngx_http_falconry_dup(ngx_pool_t *pool, ngx_str_t *to, falconry_str_t from);
static ngx_uint_t ngx_http_falconry_is(const falconry_field_t *field, const char *name);
static ngx_chain_t *ngx_http_falconry_link(ngx_http_falconry_ctx_t *ctx, ngx_chain_t ***last);
static int32_t ngx_http_falconry_output(ngx_http_falconry_ctx_t *ctx, ngx_chain_t *out);

/* Buffers of the module among those of the filters. */
#define ngx_http_falconry_tag  ((ngx_buf_tag_t) &ngx_http_falconry_module)


/* As nginx does with "100 Continue": so little is taken whole, or the connection is of no use. */
int32_t
ngx_http_falconry_send_interim(void *data, const falconry_head_t *head)
{
    size_t                    i, size;
    u_char                   *text, *p;
    ngx_connection_t         *c;
    const falconry_field_t   *fields;
    ngx_http_falconry_ctx_t  *ctx = data;

    if (ctx->request == NULL) {
        return FALCONRY_GONE;
    }

    c = ctx->request->connection;
    fields = head->fields;
    size = sizeof("HTTP/1.1 100 \r\n\r\n") + head->reason.len;

    for (i = 0; i < head->nfields; i++) {
        size += fields[i].name.len + fields[i].value.len + sizeof(": \r\n");
    }

    text = ngx_pnalloc(ctx->request->pool, size);
    if (text == NULL) {
        ngx_http_falconry_gone(ctx);
        return FALCONRY_GONE;
    }

    p = ngx_sprintf(text, "HTTP/1.1 %uD %*s\r\n", head->status, head->reason.len, head->reason.data);

    for (i = 0; i < head->nfields; i++) {
        p = ngx_cpymem(p, fields[i].name.data, fields[i].name.len);
        *p++ = ':'; *p++ = ' ';
        p = ngx_cpymem(p, fields[i].value.data, fields[i].value.len);
        *p++ = CR; *p++ = LF;
    }

    *p++ = CR; *p++ = LF;

    if (c->send(c, text, p - text) != p - text) {
        ngx_http_falconry_gone(ctx);
        return FALCONRY_GONE;
    }

    return FALCONRY_OK;
}


int32_t
ngx_http_falconry_send_head(void *data, const falconry_head_t *head)
{
    size_t                    i;
    ngx_int_t                 rc;
    ngx_str_t                 value;
    ngx_table_elt_t          *h;
    ngx_http_request_t       *r;
    const falconry_field_t   *field;
    ngx_http_falconry_ctx_t  *ctx = data;

    r = ctx->request;

    if (r == NULL) {
        return FALCONRY_GONE;
    }

    r->headers_out.status = head->status;
    r->headers_out.content_length_n = head->content_length;

    if (head->reason.len) {
        value.data = ngx_pnalloc(r->pool, head->reason.len + sizeof("999 "));
        if (value.data == NULL) {
            goto failed;
        }

        value.len = ngx_sprintf(value.data, "%03uD %*s", head->status, head->reason.len, head->reason.data)
                    - value.data;
        r->headers_out.status_line = value;
    }

    for (i = 0; i < head->nfields; i++) {
        field = &head->fields[i];

        if (ngx_http_falconry_is(field, "content-type")) {
            if (ngx_http_falconry_dup(r->pool, &r->headers_out.content_type, field->value) != NGX_OK) {
                goto failed;
            }

            r->headers_out.content_type_len = r->headers_out.content_type.len;
            continue;
        }

        if (ngx_http_falconry_push(r, &r->headers_out.headers, field, &h) != NGX_OK) {
            goto failed;
        }

        /* nginx adds its own, or compresses, unless it knows that the application did */
        if (ngx_http_falconry_is(field, "date")) {
            r->headers_out.date = h;

        } else if (ngx_http_falconry_is(field, "server")) {
            r->headers_out.server = h;

        } else if (ngx_http_falconry_is(field, "content-encoding")) {
            r->headers_out.content_encoding = h;
        }
    }

    if (head->flags & FALCONRY_HEAD_FRAMED) {
        /* a length that nobody sees: neither chunks nor a length are added to what the application frames */
        h = ngx_pcalloc(r->pool, sizeof(ngx_table_elt_t));
        if (h == NULL) {
            goto failed;
        }

        r->headers_out.content_length = h;
        r->headers_out.content_length_n = 0;
    }

    if (head->flags & FALCONRY_HEAD_NO_BODY) {
        r->header_only = 1;
    }

    if ((head->flags & (FALCONRY_HEAD_CLOSE|FALCONRY_HEAD_UPGRADE))
        || (r->headers_in.expect && !r->expect_tested && ngx_http_falconry_is_http1(r)))
    {
        r->keepalive = 0;
    }

#if (NGX_HTTP_V3)
    /* HTTP/3 drops the trailers of a response with a length unless they are expected */
    if (r->connection->quic) {
        r->expect_trailers = 1;
    }
#endif

    ctx->head_sent = 1;
    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        goto failed;
    }

    if (head->flags & FALCONRY_HEAD_UPGRADE) {
        ctx->upgraded = 1;

        if (ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR) {
            goto failed;
        }

        return ngx_http_falconry_output(ctx, NULL);
    }

    return FALCONRY_OK;

failed:

    ngx_http_falconry_gone(ctx);
    return FALCONRY_GONE;
}


int32_t
ngx_http_falconry_send_body(void *data, const falconry_str_t *chunks, size_t n, const falconry_field_t *trailers,
    size_t ntrailers, uint32_t is_last)
{
    size_t                    i;
    ngx_buf_t                *b;
    ngx_chain_t              *out, *cl, **last;
    ngx_http_request_t       *r;
    ngx_http_falconry_ctx_t  *ctx = data;

    r = ctx->request;

    if (r == NULL) {
        return FALCONRY_GONE;
    }

    out = NULL;
    last = &out;
    cl = NULL;

    for (i = 0; i < n && !r->header_only; i++) {
        cl = ngx_http_falconry_link(ctx, &last);
        if (cl == NULL) {
            goto failed;
        }

        b = cl->buf;
        b->start = b->pos = (u_char *) chunks[i].data;
        b->end = b->last = b->pos + chunks[i].len;
        b->memory = 1;
    }

    for (i = 0; i < ntrailers; i++) {
        if (ngx_http_falconry_push(r, &r->headers_out.trailers, &trailers[i], NULL) != NGX_OK) {
            goto failed;
        }
    }

    if (cl == NULL && !r->header_only) {
        cl = ngx_http_falconry_link(ctx, &last);
        if (cl == NULL) {
            goto failed;
        }
    }

    if (cl) {
        /* nothing is held back for more to come: what belongs together came together */
        cl->buf->flush = !is_last;
        cl->buf->last_buf = (is_last && r == r->main);
        cl->buf->last_in_chain = is_last;
    }

    return ngx_http_falconry_output(ctx, out);

failed:

    ngx_http_falconry_gone(ctx);
    return FALCONRY_GONE;
}


/* The client takes data again, or has not for too long. */
void
ngx_http_falconry_write_event(ngx_http_request_t *r)
{
    int32_t                   result;
    ngx_event_t              *wev;
    ngx_connection_t         *c;
    ngx_http_falconry_ctx_t  *ctx, *outer;

    c = r->connection;
    wev = c->write;
    ctx = ngx_http_get_module_ctx(r, ngx_http_falconry_module);

#if (NGX_HTTP_V3)
    /* the client does not want the response any more; nginx has reset the stream, and says it in this way alone */
    if (c->quic && c->quic->send_state == NGX_QUIC_STREAM_SEND_RESET_SENT) {
        outer = ngx_http_falconry_enter(ctx);
        ngx_http_falconry_gone(ctx);
        ngx_http_falconry_leave(outer);
        return;
    }
#endif

    if (!ctx->want_write) {
        return;
    }

    outer = ngx_http_falconry_enter(ctx);

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "client timed out");
        c->timedout = 1;
        ngx_http_falconry_gone(ctx);

    } else {
        result = (ctx->upgraded && !r->buffered && !c->buffered) ? FALCONRY_OK : ngx_http_falconry_output(ctx, NULL);

        if (result != FALCONRY_AGAIN) {
            ctx->want_write = 0;

            if (wev->timer_set) {
                ngx_del_timer(wev);
            }

            ctx->app->app->written(ctx->key, result);
        }
    }

    ngx_http_falconry_leave(outer);
}


/* Sends a chain, or what is left of those before; FALCONRY_OK once nothing is left. */
static int32_t
ngx_http_falconry_output(ngx_http_falconry_ctx_t *ctx, ngx_chain_t *out)
{
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = ctx->request;
    c = r->connection;
    wev = c->write;

    /* a limited rate waits by itself, and a head alone is on its way */
    if (out || (!wev->delayed && (ctx->busy || r->buffered || c->buffered))) {
        if (ngx_http_output_filter(r, out) == NGX_ERROR || c->error) {
            ngx_http_falconry_gone(ctx);
            return FALCONRY_GONE;
        }

        ngx_chain_update_chains(r->pool, &ctx->free, &ctx->busy, &out, ngx_http_falconry_tag);
    }

    if (ctx->busy == NULL && !r->buffered && !c->buffered) {
#if (NGX_HTTP_V3)
        /* the response is whole for the client now, and not when the application returns */
        if (c->quic && r->response_sent && ngx_quic_shutdown_stream(c, NGX_WRITE_SHUTDOWN) != NGX_OK) {
            ngx_http_falconry_gone(ctx);
            return FALCONRY_GONE;
        }
#endif

        return FALCONRY_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    ctx->want_write = 1;

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_falconry_gone(ctx);
        return FALCONRY_GONE;
    }

    return FALCONRY_AGAIN;
}


/* Appends a buffer to the chain that ends with *last. */
static ngx_chain_t *
ngx_http_falconry_link(ngx_http_falconry_ctx_t *ctx, ngx_chain_t ***last)
{
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(ctx->request->pool, &ctx->free);
    if (cl == NULL) {
        return NULL;
    }

    ngx_memzero(cl->buf, sizeof(ngx_buf_t));
    cl->buf->tag = ngx_http_falconry_tag;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return cl;
}


static ngx_int_t
ngx_http_falconry_push(ngx_http_request_t *r, ngx_list_t *list, const falconry_field_t *field,
    ngx_table_elt_t **pushed)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(list);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    if (ngx_http_falconry_dup(r->pool, &h->key, field->name) != NGX_OK
        || ngx_http_falconry_dup(r->pool, &h->value, field->value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    h->hash = 1;

    /* HTTP/2 and HTTP/3 take the name from here; the application's names are in lower case */
    h->lowcase_key = h->key.data;

    if (pushed) {
        *pushed = h;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_falconry_dup(ngx_pool_t *pool, ngx_str_t *to, falconry_str_t from)
{
    to->data = ngx_pnalloc(pool, from.len + 1);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(to->data, from.data, from.len);
    to->len = from.len;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_falconry_is(const falconry_field_t *field, const char *name)
{
    return field->name.len == ngx_strlen(name) && ngx_memcmp(field->name.data, name, field->name.len) == 0;
}
