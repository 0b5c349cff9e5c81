/* Directives, and the life of the module in a worker. */

#include "ngx_http_falconry_module.h"

static void *ngx_http_falconry_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_falconry_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_falconry_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_falconry_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
static char *ngx_http_falconry_app(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_falconry_variable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_falconry_init_process(ngx_cycle_t *cycle);
static void ngx_http_falconry_exit_process(ngx_cycle_t *cycle);

static ngx_command_t  ngx_http_falconry_commands[] = {

    { ngx_string("falconry_app"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_TAKE1,
      ngx_http_falconry_app,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("falconry_inline"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_falconry_loc_conf_t, inline_poll),
      NULL },

    { ngx_string("falconry_path_base"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_falconry_loc_conf_t, path_base),
      NULL },

    { ngx_string("falconry_variable"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_falconry_variable,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("falconry_threads"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_falconry_main_conf_t, threads),
      NULL },

    { ngx_string("falconry_start_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_falconry_main_conf_t, start_timeout),
      NULL },

      ngx_null_command
};

static ngx_http_module_t  ngx_http_falconry_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */
    ngx_http_falconry_create_main_conf,
    ngx_http_falconry_init_main_conf,
    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */
    ngx_http_falconry_create_loc_conf,
    ngx_http_falconry_merge_loc_conf
};

ngx_module_t  ngx_http_falconry_module = {
    NGX_MODULE_V1,
    &ngx_http_falconry_module_ctx,
    ngx_http_falconry_commands,
    NGX_HTTP_MODULE,
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_falconry_init_process,
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_falconry_exit_process,
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};

/* What nginx looks for in a dynamic module. */
ngx_module_t  *ngx_modules[] = { &ngx_http_falconry_module, NULL };
char          *ngx_module_names[] = { "ngx_http_falconry_module", NULL };
char          *ngx_module_order[] = { NULL };


static void *
ngx_http_falconry_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_falconry_main_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_falconry_main_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->threads = NGX_CONF_UNSET_UINT;
    conf->start_timeout = NGX_CONF_UNSET_MSEC;

    if (ngx_array_init(&conf->apps, cf->pool, 1, sizeof(ngx_http_falconry_app_t *)) != NGX_OK) {
        return NULL;
    }

    return conf;
}


static char *
ngx_http_falconry_init_main_conf(ngx_conf_t *cf, void *data)
{
    ngx_http_falconry_main_conf_t  *conf = data;

    ngx_conf_init_uint_value(conf->threads, 1);
    ngx_conf_init_msec_value(conf->start_timeout, 120000);

    if (conf->threads == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"falconry_threads\" must be above 0");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_falconry_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_falconry_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_falconry_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->inline_poll = NGX_CONF_UNSET;
    conf->variables = NGX_CONF_UNSET_PTR;

    return conf;
}


static char *
ngx_http_falconry_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_falconry_loc_conf_t  *prev = parent;
    ngx_http_falconry_loc_conf_t  *conf = child;

    ngx_conf_merge_value(conf->inline_poll, prev->inline_poll, 1);
    ngx_conf_merge_ptr_value(conf->variables, prev->variables, NULL);

    if (conf->app == NULL) {
        conf->app = prev->app;
        conf->path_base = prev->path_base;
    }

    /* "/" is no base, and one that ends with a slash would take it from the path */
    while (conf->path_base.len && conf->path_base.data[conf->path_base.len - 1] == '/') {
        conf->path_base.len--;
    }

    if (conf->path_base.len && conf->path_base.data[0] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"falconry_path_base\" must begin with \"/\"");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_falconry_app(ngx_conf_t *cf, ngx_command_t *cmd, void *data)
{
    ngx_str_t                       *value, path;
    ngx_uint_t                       i;
    ngx_file_info_t                  info;
    ngx_http_falconry_app_t         *app, **apps;
    ngx_http_core_loc_conf_t        *clcf;
    ngx_http_falconry_loc_conf_t    *conf = data;
    ngx_http_falconry_main_conf_t   *main;

    if (conf->app) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_falconry_handler;

    value = cf->args->elts;
    path = value[1];

    if (ngx_conf_full_name(cf->cycle, &path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /* it is loaded by the workers only: a reload loads what is there then */
    if (ngx_file_info(path.data, &info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "there is no application \"%V\"", &path);
        return NGX_CONF_ERROR;
    }

    main = ngx_http_conf_get_module_main_conf(cf, ngx_http_falconry_module);
    apps = main->apps.elts;

    for (i = 0; i < main->apps.nelts; i++) {
        if (apps[i]->path.len == path.len && ngx_strncmp(apps[i]->path.data, path.data, path.len) == 0) {
            conf->app = apps[i];
            return NGX_CONF_OK;
        }
    }

    app = ngx_pcalloc(cf->pool, sizeof(ngx_http_falconry_app_t));
    apps = ngx_array_push(&main->apps);

    if (app == NULL || apps == NULL) {
        return NGX_CONF_ERROR;
    }

    app->path = path;
    app->fd = -1;
    *apps = app;
    conf->app = app;

    return NGX_CONF_OK;
}


static char *
ngx_http_falconry_variable(ngx_conf_t *cf, ngx_command_t *cmd, void *data)
{
    ngx_str_t                         *value;
    ngx_http_falconry_variable_t      *variable;
    ngx_http_falconry_loc_conf_t      *conf = data;
    ngx_http_compile_complex_value_t   compile;

    if (conf->variables == NGX_CONF_UNSET_PTR) {
        conf->variables = ngx_array_create(cf->pool, 4, sizeof(ngx_http_falconry_variable_t));
        if (conf->variables == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    variable = ngx_array_push(conf->variables);
    if (variable == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(variable, sizeof(ngx_http_falconry_variable_t));
    ngx_memzero(&compile, sizeof(ngx_http_compile_complex_value_t));

    variable->name = value[1];
    compile.cf = cf;
    compile.value = &value[2];
    compile.complex_value = &variable->value;

    return ngx_http_compile_complex_value(&compile) == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_falconry_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_falconry_app_t        **apps;
    ngx_http_falconry_main_conf_t   *conf;

    conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_falconry_module);

    /* the cache's processes have no requests */
    if (conf == NULL || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)) {
        return NGX_OK;
    }

    apps = conf->apps.elts;

    for (i = 0; i < conf->apps.nelts; i++) {
        if (ngx_http_falconry_start(cycle, conf, apps[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_falconry_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_falconry_app_t        **apps;
    ngx_http_falconry_main_conf_t   *conf;

    conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_falconry_module);
    if (conf == NULL) {
        return;
    }

    apps = conf->apps.elts;

    for (i = 0; i < conf->apps.nelts; i++) {
        ngx_http_falconry_stop(apps[i]);
    }
}
