/* What nginx knows of a request, for the application. */

#include "ngx_http_falconry_module.h"

static ngx_int_t ngx_http_falconry_fields(ngx_http_request_t *r, falconry_request_t *request);
static ngx_int_t ngx_http_falconry_variables(ngx_http_request_t *r, ngx_array_t *variables,
    falconry_request_t *request);
static void ngx_http_falconry_target(ngx_http_request_t *r, falconry_str_t *target);
static void ngx_http_falconry_address(struct sockaddr *sockaddr, falconry_address_t *address);
#if (NGX_HTTP_SSL)
static void ngx_http_falconry_tls(ngx_http_request_t *r, falconry_tls_t *tls);
#endif

#define ngx_http_falconry_str(to, from)  (to).data = (from).data; (to).len = (from).len


ngx_int_t
ngx_http_falconry_describe(ngx_http_request_t *r, ngx_http_falconry_loc_conf_t *conf, falconry_request_t *request)
{
    ngx_connection_t          *c = r->connection;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_memzero(request, sizeof(falconry_request_t));

    request->version = (uint32_t) r->http_version;
    request->max_body_size = (uint64_t) clcf->client_max_body_size;
    request->connection = c->number;
    request->number = c->requests;

    if (conf->inline_poll) {
        request->flags |= FALCONRY_INLINE;
    }

    if (r->http_version == NGX_HTTP_VERSION_11 && r == r->main) {
        request->flags |= FALCONRY_UPGRADE|FALCONRY_INFORM;
    }

#if (NGX_HTTP_V2)
    if (r->stream) {
        request->number = r->stream->node->id;
    }
#endif

#if (NGX_HTTP_V3)
    /* to nginx each stream is a connection with a number of its own */
    if (c->quic) {
        request->connection = c->quic->parent->number;
        request->number = c->quic->id;
    }
#endif

    /* a subrequest has no body of its own */
    if (r == r->main) {
        request->content_length = r->headers_in.chunked ? FALCONRY_LENGTH_UNKNOWN
                                                        : ngx_max(r->headers_in.content_length_n, 0);
    }

    ngx_http_falconry_str(request->method, r->method_name);
    ngx_http_falconry_str(request->path_base, conf->path_base);
    ngx_http_falconry_target(r, &request->target);

    if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_falconry_address(c->sockaddr, &request->remote);
    ngx_http_falconry_address(c->local_sockaddr, &request->local);

#if (NGX_HTTP_SSL)
    if (c->ssl) {
        request->flags |= FALCONRY_TLS;
        ngx_http_falconry_tls(r, &request->tls);
    }
#endif

    if (conf->variables && ngx_http_falconry_variables(r, conf->variables, request) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_falconry_fields(r, request);
}


static ngx_int_t
ngx_http_falconry_fields(ngx_http_request_t *r, falconry_request_t *request)
{
    ngx_uint_t         i, n;
    ngx_list_part_t   *part;
    ngx_table_elt_t   *header;
    falconry_field_t  *fields;

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        n += part->nelts;
    }

    fields = ngx_palloc(r->pool, (n + 1) * sizeof(falconry_field_t));
    if (fields == NULL) {
        return NGX_ERROR;
    }

    request->fields = fields;

    /* of HTTP/2 nginx makes a field of ":authority", of HTTP/3 it does not */
    if (r->headers_in.host == NULL && r->host_end && !ngx_http_falconry_is_http1(r)) {
        fields->name.data = (const uint8_t *) "host";
        fields->name.len = sizeof("host") - 1;
        fields->value.data = r->host_start;
        fields->value.len = r->host_end - r->host_start;
        fields++;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].hash == 0) {
                continue;
            }

            ngx_http_falconry_str(fields->name, header[i].key);
            ngx_http_falconry_str(fields->value, header[i].value);
            fields++;
        }
    }

    request->nfields = fields - request->fields;

    return NGX_OK;
}


static ngx_int_t
ngx_http_falconry_variables(ngx_http_request_t *r, ngx_array_t *variables, falconry_request_t *request)
{
    ngx_str_t                      value;
    ngx_uint_t                     i;
    falconry_field_t              *fields;
    ngx_http_falconry_variable_t  *variable = variables->elts;

    fields = ngx_palloc(r->pool, variables->nelts * sizeof(falconry_field_t));
    if (fields == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < variables->nelts; i++) {
        if (ngx_http_complex_value(r, &variable[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_http_falconry_str(fields[i].name, variable[i].name);
        ngx_http_falconry_str(fields[i].value, value);
    }

    request->variables = fields;
    request->nvariables = variables->nelts;

    return NGX_OK;
}


/* What stands in the request line between the method and the protocol. */
static void
ngx_http_falconry_target(ngx_http_request_t *r, falconry_str_t *target)
{
    size_t   end;
    u_char  *line = r->request_line.data;

    end = r->request_line.len;

    if (r->http_protocol.len && r->http_protocol.len < end) {
        end -= r->http_protocol.len;
    }

    while (end && line[end - 1] == ' ') {
        end--;
    }

    if (r != r->main || end <= r->method_name.len + 1) {
        ngx_http_falconry_str(*target, r->unparsed_uri);
        return;
    }

    target->data = line + r->method_name.len + 1;
    target->len = end - r->method_name.len - 1;

    while (target->len && *target->data == ' ') {
        target->data++;
        target->len--;
    }
}


static void
ngx_http_falconry_address(struct sockaddr *sockaddr, falconry_address_t *address)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sockaddr;
        ngx_memcpy(address->ip, &sin->sin_addr, 4);
        address->port = ntohs(sin->sin_port);
        address->family = 4;
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sockaddr;
        ngx_memcpy(address->ip, &sin6->sin6_addr, 16);
        address->port = ntohs(sin6->sin6_port);
        address->family = 6;
        break;
#endif
    }
}


#if (NGX_HTTP_SSL)

static void
ngx_http_falconry_tls(ngx_http_request_t *r, falconry_tls_t *tls)
{
    int                   len;
    X509                 *certificate;
    u_char               *der;
    ngx_ssl_conn_t       *ssl = r->connection->ssl->connection;
    const char           *text;
    const SSL_CIPHER     *cipher;
    const unsigned char  *alpn;
    unsigned int          alpn_len;

    text = SSL_get_version(ssl);
    tls->protocol.data = (const uint8_t *) text;
    tls->protocol.len = ngx_strlen(text);

    cipher = SSL_get_current_cipher(ssl);

    if (cipher) {
        text = SSL_CIPHER_standard_name(cipher);

        if (text) {
            tls->cipher.data = (const uint8_t *) text;
            tls->cipher.len = ngx_strlen(text);
            tls->cipher_id = SSL_CIPHER_get_protocol_id(cipher);
        }
    }

    text = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    if (text) {
        tls->server_name.data = (const uint8_t *) text;
        tls->server_name.len = ngx_strlen(text);
    }

    SSL_get0_alpn_selected(ssl, &alpn, &alpn_len);
    tls->alpn.data = alpn;
    tls->alpn.len = alpn_len;

    certificate = SSL_get_peer_certificate(ssl);

    if (certificate) {
        len = i2d_X509(certificate, NULL);
        der = len > 0 ? ngx_pnalloc(r->pool, len) : NULL;

        if (der) {
            tls->client_certificate.data = der;
            tls->client_certificate.len = len;
            (void) i2d_X509(certificate, &der);
        }

        X509_free(certificate);
    }
}

#endif
