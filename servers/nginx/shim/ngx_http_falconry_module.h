/* What the files of the module share. */

#ifndef NGX_HTTP_FALCONRY_MODULE_H
#define NGX_HTTP_FALCONRY_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "falconry.h"

/* An application, in this worker. */
typedef struct {
    ngx_str_t              path;
    const falconry_app_t  *app;            /* NULL if it did not start */
    int                    fd;             /* of its wake-ups */
    ngx_uint_t             requests;
    ngx_event_t            hold;           /* keeps an exiting worker while there are requests */
    ngx_connection_t       hold_connection;
    unsigned               stopping:1;
} ngx_http_falconry_app_t;

typedef struct {
    ngx_array_t  apps;                     /* of ngx_http_falconry_app_t * */
    ngx_uint_t   threads;
    ngx_msec_t   start_timeout;
} ngx_http_falconry_main_conf_t;

typedef struct {
    ngx_http_falconry_app_t  *app;
    ngx_flag_t                inline_poll;
    ngx_str_t                 path_base;
    ngx_array_t              *variables;   /* of ngx_http_falconry_variable_t */
} ngx_http_falconry_loc_conf_t;

typedef struct {
    ngx_str_t                 name;
    ngx_http_complex_value_t  value;
} ngx_http_falconry_variable_t;

/* A request, in the request's pool. */
typedef struct {
    ngx_http_request_t       *request;     /* NULL from the disconnect or the end on */
    ngx_http_falconry_app_t  *app;
    uint64_t                  key;
    ngx_chain_t              *free;
    ngx_chain_t              *busy;
    unsigned                  want_read:1;
    unsigned                  want_write:1;
    unsigned                  head_sent:1;
    unsigned                  upgraded:1;
} ngx_http_falconry_ctx_t;

#define ngx_http_falconry_is_http1(r)  ((r)->http_version < NGX_HTTP_VERSION_20)

extern ngx_module_t           ngx_http_falconry_module;
extern const falconry_host_t  ngx_http_falconry_host;

ngx_int_t ngx_http_falconry_handler(ngx_http_request_t *r);
void ngx_http_falconry_read_event(ngx_http_request_t *r);
void ngx_http_falconry_write_event(ngx_http_request_t *r);

void ngx_http_falconry_gone(ngx_http_falconry_ctx_t *ctx);
void ngx_http_falconry_finalize(ngx_http_falconry_ctx_t *ctx, ngx_int_t rc);
ngx_http_falconry_ctx_t *ngx_http_falconry_enter(ngx_http_falconry_ctx_t *ctx);
void ngx_http_falconry_leave(ngx_http_falconry_ctx_t *outer);

int32_t ngx_http_falconry_read(void *data, const uint8_t **bytes, size_t *len);
int32_t ngx_http_falconry_send_interim(void *data, const falconry_head_t *head);
int32_t ngx_http_falconry_send_head(void *data, const falconry_head_t *head);
int32_t ngx_http_falconry_send_body(void *data, const falconry_str_t *chunks, size_t n,
    const falconry_field_t *trailers, size_t ntrailers, uint32_t is_last);
void ngx_http_falconry_finish(void *data, uint32_t how);
int32_t ngx_http_falconry_raw_read(void *data, uint8_t *buffer, size_t size, size_t *len);
int32_t ngx_http_falconry_raw_write(void *data, const uint8_t *bytes, size_t len, size_t *written);
void ngx_http_falconry_raw_shutdown(void *data);

ngx_int_t ngx_http_falconry_describe(ngx_http_request_t *r, ngx_http_falconry_loc_conf_t *conf,
    falconry_request_t *request);
ngx_int_t ngx_http_falconry_start(ngx_cycle_t *cycle, ngx_http_falconry_main_conf_t *conf,
    ngx_http_falconry_app_t *app);
void ngx_http_falconry_stop(ngx_http_falconry_app_t *app);
void ngx_http_falconry_begun(ngx_http_falconry_app_t *app);
void ngx_http_falconry_ended(ngx_http_falconry_app_t *app);

#endif
