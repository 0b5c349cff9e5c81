/* A connection that has left HTTP. */

#include "ngx_http_falconry_module.h"


int32_t
ngx_http_falconry_raw_read(void *data, uint8_t *buffer, size_t size, size_t *len)
{
    size_t                    n;
    ssize_t                   received;
    ngx_buf_t                *b;
    ngx_connection_t         *c;
    ngx_http_falconry_ctx_t  *ctx = data;

    *len = 0;

    if (ctx->request == NULL) {
        return FALCONRY_GONE;
    }

    c = ctx->request->connection;
    b = ctx->request->header_in;
    n = b->last - b->pos;

    if (n) {
        /* it came with the request */
        *len = ngx_min(n, size);
        ngx_memcpy(buffer, b->pos, *len);
        b->pos += *len;
        return FALCONRY_OK;
    }

    received = c->recv(c, buffer, size);

    if (received > 0) {
        *len = received;
        return FALCONRY_OK;
    }

    if (received == 0) {
        return FALCONRY_LAST;
    }

    if (received == NGX_AGAIN && ngx_handle_read_event(c->read, 0) == NGX_OK) {
        ctx->want_read = 1;
        return FALCONRY_AGAIN;
    }

    ngx_http_falconry_gone(ctx);
    return FALCONRY_GONE;
}


int32_t
ngx_http_falconry_raw_write(void *data, const uint8_t *bytes, size_t len, size_t *written)
{
    ssize_t                    sent;
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_falconry_ctx_t   *ctx = data;

    *written = 0;

    if (ctx->request == NULL) {
        return FALCONRY_GONE;
    }

    c = ctx->request->connection;

    while (*written < len) {
        sent = c->send(c, (u_char *) bytes + *written, len - *written);

        if (sent > 0) {
            *written += sent;
            continue;
        }

        clcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_core_module);

        if (sent == NGX_AGAIN && ngx_handle_write_event(c->write, clcf->send_lowat) == NGX_OK) {
            ctx->want_write = 1;
            ngx_add_timer(c->write, clcf->send_timeout);
            return FALCONRY_AGAIN;
        }

        ngx_http_falconry_gone(ctx);
        return FALCONRY_GONE;
    }

    return FALCONRY_OK;
}


/* Ends this side; the client's stays open. */
void
ngx_http_falconry_raw_shutdown(void *data)
{
    ngx_connection_t         *c;
    ngx_http_falconry_ctx_t  *ctx = data;

    if (ctx->request == NULL) {
        return;
    }

    c = ctx->request->connection;

#if (NGX_HTTP_SSL)
    if (c->ssl) {
        (void) SSL_shutdown(c->ssl->connection);
        c->ssl->no_send_shutdown = 1;
    }
#endif

    (void) ngx_shutdown_socket(c->fd, SHUT_WR);
}
