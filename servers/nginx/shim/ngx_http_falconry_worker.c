/* An application in a worker: loading, waking, and keeping the worker while it has requests. */

#include "ngx_http_falconry_module.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/eventfd.h>

/* How often an exiting worker looks whether it may, and whether it exits at all. */
#define NGX_HTTP_FALCONRY_HOLD  500

static ngx_int_t ngx_http_falconry_add_eventfd(ngx_cycle_t *cycle, ngx_http_falconry_app_t *app);
static void ngx_http_falconry_woken(ngx_event_t *ev);
static void ngx_http_falconry_hold(ngx_event_t *ev);
static ngx_int_t ngx_http_falconry_addresses(ngx_cycle_t *cycle, falconry_str_t *urls);
static void ngx_http_falconry_wake(void *worker);
static void ngx_http_falconry_mask_signals(void);
static void ngx_http_falconry_log(void *data, uint32_t level, falconry_str_t text);
static void ngx_http_falconry_quit(void);

const falconry_host_t  ngx_http_falconry_host = {
    FALCONRY_ABI,
    sizeof(falconry_host_t),
    ngx_http_falconry_wake,
    ngx_http_falconry_mask_signals,
    ngx_http_falconry_log,
    ngx_http_falconry_quit,
    ngx_http_falconry_read,
    ngx_http_falconry_send_interim,
    ngx_http_falconry_send_head,
    ngx_http_falconry_send_body,
    ngx_http_falconry_finish,
    ngx_http_falconry_raw_read,
    ngx_http_falconry_raw_write,
    ngx_http_falconry_raw_shutdown
};


/*
 * An application that does not start leaves the worker running: it answers 503, and the log says why. A
 * worker that ended instead would be started again and again.
 */
ngx_int_t
ngx_http_falconry_start(ngx_cycle_t *cycle, ngx_http_falconry_main_conf_t *conf, ngx_http_falconry_app_t *app)
{
    void                   *library;
    sigset_t                before;
    const falconry_app_t   *table;
    falconry_settings_t     settings;
    falconry_nginx_app_pt   get;

    if (ngx_http_falconry_add_eventfd(cycle, app) != NGX_OK) {
        return NGX_ERROR;
    }

    app->hold.handler = ngx_http_falconry_hold;
    app->hold.log = cycle->log;
    app->hold.data = &app->hold_connection;
    app->hold_connection.fd = (ngx_socket_t) -1;
    app->hold_connection.data = app;

    library = dlopen((char *) app->path.data, RTLD_NOW|RTLD_LOCAL);
    if (library == NULL) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "falconry: %s", dlerror());
        return NGX_OK;
    }

    get = (falconry_nginx_app_pt) dlsym(library, FALCONRY_NGINX_APP);
    if (get == NULL) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "falconry: \"%V\" is no application: it has no export_app!", &app->path);
        return NGX_OK;
    }

    table = get();

    if (table->abi != FALCONRY_ABI || table->size < sizeof(falconry_app_t)) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "falconry: \"%V\" speaks version %uD of the interface and the module version %d: "
                      "build both from one release", &app->path, table->abi, FALCONRY_ABI);
        return NGX_OK;
    }

    settings.threads = (uint32_t) conf->threads;
    settings.start_timeout_ms = (uint32_t) conf->start_timeout;

    if (ngx_http_falconry_addresses(cycle, &settings.addresses) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a signal that one of the application's threads took would not wake the loop */
    (void) pthread_sigmask(SIG_SETMASK, NULL, &before);
    ngx_http_falconry_mask_signals();

    if (table->start(&ngx_http_falconry_host, app, &settings) == 0) {
        app->app = table;
    }

    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);

    return NGX_OK;
}


void
ngx_http_falconry_stop(ngx_http_falconry_app_t *app)
{
    if (app->app) {
        app->app->stop();
        app->app = NULL;
    }
}


/* The worker exits when no timer is left, whatever requests there are: one timer stands for all of them. */
void
ngx_http_falconry_begun(ngx_http_falconry_app_t *app)
{
    if (app->requests++ == 0) {
        ngx_add_timer(&app->hold, NGX_HTTP_FALCONRY_HOLD);
    }
}


void
ngx_http_falconry_ended(ngx_http_falconry_app_t *app)
{
    if (--app->requests == 0 && app->hold.timer_set) {
        ngx_del_timer(&app->hold);
    }
}


static void
ngx_http_falconry_hold(ngx_event_t *ev)
{
    ngx_connection_t         *c = ev->data;
    ngx_http_falconry_app_t  *app = c->data;

    if (app->requests) {
        ngx_add_timer(ev, NGX_HTTP_FALCONRY_HOLD);
    }

    if (ngx_exiting && !app->stopping && app->app) {
        app->stopping = 1;
        app->app->stopping();
    }
}


static ngx_int_t
ngx_http_falconry_add_eventfd(ngx_cycle_t *cycle, ngx_http_falconry_app_t *app)
{
    ngx_connection_t  *c;

    app->fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);
    if (app->fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno, "eventfd() failed");
        return NGX_ERROR;
    }

    c = ngx_get_connection(app->fd, cycle->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = app;
    c->read->handler = ngx_http_falconry_woken;
    c->read->log = cycle->log;
    c->read->channel = 1;                  /* no connection that an exiting worker would miss */
    c->write->channel = 1;

    return ngx_add_event(c->read, NGX_READ_EVENT, (ngx_event_flags & NGX_USE_CLEAR_EVENT) ? NGX_CLEAR_EVENT : 0);
}


static void
ngx_http_falconry_woken(ngx_event_t *ev)
{
    uint64_t                  count;
    ngx_connection_t         *c = ev->data;
    ngx_http_falconry_app_t  *app = c->data;

    (void) !read(app->fd, &count, sizeof(count));

    if (app->app) {
        app->app->drain();
    }
}


static void
ngx_http_falconry_wake(void *worker)
{
    uint64_t                  one = 1;
    ngx_http_falconry_app_t  *app = worker;

    (void) !write(app->fd, &one, sizeof(one));
}


static void
ngx_http_falconry_mask_signals(void)
{
    sigset_t  all;

    sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, NULL);
}


static void
ngx_http_falconry_log(void *data, uint32_t level, falconry_str_t text)
{
    ngx_log_t                *log;
    ngx_uint_t                ngx_level;
    ngx_http_falconry_ctx_t  *ctx = data;

    log = (ctx && ctx->request) ? ctx->request->connection->log : ngx_cycle->log;
    ngx_level = (level == FALCONRY_LOG_WARN) ? NGX_LOG_WARN : NGX_LOG_ERR;

    ngx_log_error(ngx_level, log, 0, "falconry: %*s", text.len, text.data);
}


static void
ngx_http_falconry_quit(void)
{
    ngx_quit = 1;
}


/* What the worker listens on, as URLs. */
static ngx_int_t
ngx_http_falconry_addresses(ngx_cycle_t *cycle, falconry_str_t *urls)
{
    size_t            size;
    u_char           *p;
    ngx_uint_t        i;
    ngx_listening_t  *ls = cycle->listening.elts;

    size = 1;

    for (i = 0; i < cycle->listening.nelts; i++) {
        size += ls[i].addr_text.len + sizeof("https://;");
    }

    p = ngx_pnalloc(cycle->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    urls->data = p;

    for (i = 0; i < cycle->listening.nelts; i++) {
        unsigned  is_tls = 0;

#if (NGX_HTTP_SSL)
        ngx_http_port_t     *port = ls[i].servers;
        ngx_http_in_addr_t  *addr;
#if (NGX_HAVE_INET6)
        ngx_http_in6_addr_t  *addr6;
#endif
#endif

        /* streams and mail have handlers of their own */
        if (ls[i].handler != ngx_http_init_connection || ls[i].ignore) {
            continue;
        }

#if (NGX_HTTP_SSL)
        if (port && port->naddrs) {
#if (NGX_HAVE_INET6)
            if (ls[i].sockaddr->sa_family == AF_INET6) {
                addr6 = port->addrs;
                is_tls = addr6[0].conf.ssl;
            } else
#endif
            {
                addr = port->addrs;
                is_tls = addr[0].conf.ssl;
            }
        }
#endif

#if (NGX_HTTP_V3)
        /* HTTP/3 has no other */
        is_tls |= ls[i].quic;
#endif

        p = ngx_sprintf(p, "%shttp%s://%V", p == urls->data ? "" : ";", is_tls ? "s" : "", &ls[i].addr_text);
    }

    urls->len = p - urls->data;

    return NGX_OK;
}
