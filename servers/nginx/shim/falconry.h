/*
 * The flat interface between the nginx module (C, built for one version of nginx) and an application
 * (Rust, built for any). src/abi.rs has the same in Rust; whoever changes one changes the other, and
 * FALCONRY_ABI.
 *
 * Everything is called on the thread of nginx's event loop unless it says otherwise. Pointers in
 * arguments are good until the call returns, but for the chunks of send_body.
 */

#ifndef FALCONRY_H
#define FALCONRY_H

#include <stddef.h>
#include <stdint.h>

#define FALCONRY_ABI 1

/* What a call that may have to wait came to. */
#define FALCONRY_OK       0
#define FALCONRY_AGAIN    1     /* nothing yet: readable or written is called when there is something */
#define FALCONRY_LAST     2     /* as FALCONRY_OK, and nothing follows */
#define FALCONRY_GONE   (-1)    /* the client has gone, or nginx cannot go on */
/* Statuses from 400 on: nginx refuses the request's body. */

/* How a request ends. */
#define FALCONRY_COMPLETE 0
#define FALCONRY_ABORT    1

/* Levels of the log. */
#define FALCONRY_LOG_ERROR 0
#define FALCONRY_LOG_WARN  1

/* falconry_request_t.flags */
#define FALCONRY_TLS       0x1
#define FALCONRY_UPGRADE   0x2  /* the client asks for an upgrade, and the connection can leave HTTP */
#define FALCONRY_INFORM    0x4  /* interim responses can be sent */
#define FALCONRY_INLINE    0x8  /* the application is polled on this thread first */

/* falconry_head_t.flags */
#define FALCONRY_HEAD_CLOSE    0x1  /* the last response of its connection */
#define FALCONRY_HEAD_UPGRADE  0x2  /* the connection leaves HTTP */
#define FALCONRY_HEAD_FRAMED   0x4  /* the application frames the body itself */
#define FALCONRY_HEAD_NO_BODY  0x8

/* falconry_request_t.content_length */
#define FALCONRY_LENGTH_UNKNOWN  (-1)

typedef struct {
    const uint8_t  *data;
    size_t          len;
} falconry_str_t;

typedef struct {
    falconry_str_t  name;
    falconry_str_t  value;
} falconry_field_t;

typedef struct {
    falconry_str_t  protocol;
    falconry_str_t  cipher;
    falconry_str_t  server_name;
    falconry_str_t  alpn;
    falconry_str_t  client_certificate;    /* DER */
    uint32_t        cipher_id;
    uint32_t        reserved;
} falconry_tls_t;

typedef struct {
    uint8_t   ip[16];
    uint16_t  port;
    uint16_t  family;                      /* 4, 6 or 0 */
} falconry_address_t;

typedef struct {
    uint32_t                 version;      /* 1000, 1001, 2000, 3000 */
    uint32_t                 flags;
    int64_t                  content_length;
    uint64_t                 max_body_size;    /* 0: none */
    uint64_t                 connection;       /* as in nginx's log */
    uint64_t                 number;           /* of the request on its connection, or of the stream */
    falconry_str_t           method;
    falconry_str_t           target;           /* as sent */
    falconry_str_t           path_base;
    const falconry_field_t  *fields;           /* in the order in which they came */
    size_t                   nfields;
    const falconry_field_t  *variables;
    size_t                   nvariables;
    falconry_address_t       remote;
    falconry_address_t       local;
    falconry_tls_t           tls;
} falconry_request_t;

typedef struct {
    uint32_t                 status;
    uint32_t                 flags;
    int64_t                  content_length;
    falconry_str_t           reason;           /* empty: the standard one */
    const falconry_field_t  *fields;
    size_t                   nfields;
} falconry_head_t;

/* What the module does for an application. r is what accept was given. */
typedef struct {
    uint32_t  abi;
    uint32_t  size;

    /* Any thread. */
    void (*wake)(void *worker);
    void (*mask_signals)(void);

    void (*log)(void *r, uint32_t level, falconry_str_t text);    /* r may be NULL */
    void (*quit)(void);

    int32_t (*read)(void *r, const uint8_t **data, size_t *len);
    int32_t (*send_interim)(void *r, const falconry_head_t *head);
    int32_t (*send_head)(void *r, const falconry_head_t *head);
    /* The chunks stay where they are until written or released is called. */
    int32_t (*send_body)(void *r, const falconry_str_t *chunks, size_t nchunks,
        const falconry_field_t *trailers, size_t ntrailers, uint32_t is_last);
    void (*finish)(void *r, uint32_t how);

    /* After an upgrade. */
    int32_t (*raw_read)(void *r, uint8_t *buffer, size_t size, size_t *len);
    int32_t (*raw_write)(void *r, const uint8_t *data, size_t len, size_t *written);
    void (*raw_shutdown)(void *r);
} falconry_host_t;

typedef struct {
    uint32_t        threads;
    uint32_t        start_timeout_ms;
    falconry_str_t  addresses;                 /* URLs with ';' between them */
} falconry_settings_t;

/* What an application does for the module. */
typedef struct {
    uint32_t  abi;
    uint32_t  size;

    /* Once, before the worker takes connections; 0 if the application has started. */
    int32_t (*start)(const falconry_host_t *host, void *worker, const falconry_settings_t *settings);
    /* The worker ends when its requests have. */
    void (*stopping)(void);
    /* The worker ends now. */
    void (*stop)(void);

    /* After wake. */
    void (*drain)(void);

    /* 0, or the status to answer with. */
    int32_t (*accept)(const falconry_request_t *request, void *r, uint64_t *key);
    void (*readable)(uint64_t key);
    void (*written)(uint64_t key, int32_t result);
    void (*disconnected)(uint64_t key);        /* r is not to be used any more */
    void (*released)(uint64_t key);            /* nor are chunks */
} falconry_app_t;

/* Fails to compile where C and Rust would not mean the same; src/abi.rs has the like. */
#define FALCONRY_SIZE(type, size)  typedef char type##_has_its_size[sizeof(type) == (size) ? 1 : -1]

FALCONRY_SIZE(falconry_str_t, 16);
FALCONRY_SIZE(falconry_tls_t, 88);
FALCONRY_SIZE(falconry_address_t, 20);
FALCONRY_SIZE(falconry_request_t, 248);
FALCONRY_SIZE(falconry_head_t, 48);
FALCONRY_SIZE(falconry_host_t, 104);
FALCONRY_SIZE(falconry_app_t, 80);

/* The one symbol that an application exports. */
typedef const falconry_app_t *(*falconry_nginx_app_pt)(void);
#define FALCONRY_NGINX_APP "falconry_nginx_app"

#endif
