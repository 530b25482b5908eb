/* SPDX-License-Identifier: ISC
 *
 * Private to the HTTP files. Where pages are wanted: http_client.c. In the fetcher: http_fetcher.c
 * (its work), http_engine.c (queues), http_transfer.c (one hop with libcurl), http_guard.c (where a
 * redirect may lead), http_failure.c (what an error means) and http_url.c. Between the two:
 * http_wire.c.
 */
#ifndef LAMPWATCH_HTTP_P_H
#define LAMPWATCH_HTTP_P_H

#include "net/check.h"
#include "net/curl_p.h"
#include "net/http.h"

struct check_work;
struct http_host;

enum {
	HTTP_URL_MAX = 256 * 1024,   /* bytes */
	HTTP_PASSED_MAX = 64 * 1024, /* bytes of URLs passed through */
	HTTP_CHUNKING_MAX = 8,       /* bytes on the wire for each that a body may have: chunks of
				      * one byte take six */
	HTTP_RETRY_PAUSE = 500,      /* milliseconds before the second try */
	HTTP_REQUEST_HEADERS_MAX = 64 * 1024,
};

/* One request, from its queue to its end; it is always on one hop. */
struct transfer {
	/* The request: */
	struct http_engine *engine; /* NULL for a POST */
	struct http_request request;
	struct check_work *check; /* owned (check_p.h); NULL: a page's or a webhook's */
	char *first_origin;       /* of the configured URL */
	int64_t hops;
	int64_t spent, before; /* milliseconds, of the finished hops; and without this one's */
	int64_t due;           /* end of the pause, by the monotonic clock */
	bool retried;
	bool guarded; /* private addresses are refused: by the request, or after a public host */
	enum http_network network;        /* of the first hop */
	struct curl_slist *cookies;       /* of the hops so far, in libcurl's form */
	struct buffer passed;             /* becomes the response's redirects */
	struct transfer *previous, *next; /* in the list of all */
	struct transfer *waiting;         /* the next in its host's queue, or in the pause */

	/* The hop: */
	char *url;
	struct http_host *host; /* owned by the engine */
	bool own_host;          /* the hop leads to first_origin */
	int64_t started;        /* by the monotonic clock */
	CURL *easy;
	struct curl_slist *headers;
	struct http_response response;
	struct buffer received, sent; /* header blocks */
	bool block_ended;             /* a header block is complete … */
	bool headers_complete;        /* … and is the final response's */
	bool headers_overflowed;
	size_t trailers, wired; /* bytes of trailers; of the body as it came, with its chunking */
	bool refused;           /* the guard refused an address */
	bool tried;             /* there was an address to connect to */
	int socket_error;       /* errno of the last socket that could not be made; 0: none */
	char detail[CURL_ERROR_SIZE];
};

/* Returns handle; NULL means that memory has run out and ends the process. */
void *http_required(void *handle);

/* http_engine.c: an http_client (http.h) that does it in this process. began is called when a
 * request leaves its queue for the first time. */

struct http_engine;

struct http_engine *http_engine_new(
	const struct http_settings *settings, void (*began)(void *context));
void http_engine_free(struct http_engine *engine);
void http_engine_get(struct http_engine *engine, const struct http_request *request);

/* password: NULL for no login; copied. */
void http_engine_check(
	struct http_engine *engine, const struct check_request *request, const char *password);
size_t http_engine_wait(
	struct http_engine *engine, const struct pollfd *others, size_t count, int milliseconds);
void http_engine_hold(struct http_engine *engine, bool held);

/* http_fetcher.c: the fetcher's work (child_work). */
void http_fetcher_serve(const void *context, int in, int out);

/*
 * http_wire.c: messages between a client and its fetcher, one after the other on a socket. Both are
 * forks of one program. A fetcher believes its client; a client believes nothing.
 */
enum wire_type {
	WIRE_SETTINGS, /* to the fetcher, first */
	WIRE_GET,      /* to the fetcher */
	WIRE_CHECK,    /* to the fetcher */
	WIRE_HOLD,     /* to the fetcher: id is 1 or 0 */
	WIRE_TAKEN,    /* to the fetcher: so many answers (id) that brought a body are taken up */
	WIRE_BEGAN,    /* from it: a request has left its queue */
	WIRE_DONE,     /* from it: of a request */
	WIRE_CHECKED,  /* from it: of a check */
};

struct wire_head {
	uint32_t type;   /* enum wire_type */
	uint32_t length; /* bytes that follow */
	uint64_t id;     /* of a request */
};

enum {
	WIRE_RESPONSE_MAX = /* bytes of a response without its body */
	2 * HTTP_HEADERS_MAX + HTTP_URL_MAX + HTTP_PASSED_MAX + 4 * HTTP_HEADER_VALUE_MAX,
};

/* Adds a message without more. */
void wire_signal(struct buffer *out, enum wire_type type, uint64_t id);

void wire_settings(struct buffer *out, const struct http_settings *settings);
void wire_request(struct buffer *out, uint64_t id, const struct http_request *request);
/* Of a check everything but who logs in, which a fetcher does not do. */
void wire_check(struct buffer *out, uint64_t id, const struct check_request *request);
/* error: NULL for none. What follows the head of WIRE_CHECKED is for check_answer_take(). */
void wire_response(struct buffer *out, uint64_t id, const struct http_response *response,
	const struct error *error);
void wire_checked(struct buffer *out, uint64_t id, const struct check_answer *answer,
	const struct error *error);

/* The reverse, of what follows the head. What is taken borrows the bytes; false where they are
 * wrong. */
bool wire_settings_take(const char *bytes, size_t length, struct http_settings *settings);
bool wire_request_take(const char *bytes, size_t length, struct http_request *request);
bool wire_check_take(
	const char *bytes, size_t length, struct check *check, struct check_request *request);

/* The same; response is owned by the caller, and has what only the request can tell. error has the
 * remedy 0 for none. False, with nothing to release, where it is no answer to that request. */
bool wire_response_take(const char *bytes, size_t length, const struct http_request *request,
	struct http_response *response, struct error *error);

/* What has come, or is to go. */
struct wire {
	struct buffer bytes;
	size_t at; /* so many of them are done with */
};

size_t wire_left(const struct wire *wire);

/* Takes the next whole message: its head is copied, what follows is valid until more is read. False
 * where it is not there yet. */
bool wire_next(struct wire *in, struct wire_head *head, const char **bytes);

/* Adds what can be read without waiting, or sends what can be sent; both return false where the
 * other end is gone. */
bool wire_read(int descriptor, struct wire *in);
bool wire_write(int descriptor, struct wire *out);

/* http_url.c */

/* NULL if text is not an http or https URL with a host, which has no % once it is decoded. Freed by
 * curl_url_cleanup(). */
CURLU *http_url_parse(const char *text);

/* NULL if the URL lacks that part. Owned by the caller. */
char *http_url_part(CURLU *url, CURLUPart part, unsigned flags);

/*
 * "https://host:port", lower case; flags (CURLU_…) say whether the scheme's default
 * port is included. NULL if text is not a URL. Owned by the caller.
 */
char *http_url_key(const char *text, unsigned flags);

/* Whether the host is written as a private address, or is localhost. */
bool http_url_names_private(const char *text);

/* http_guard.c */

/* Makes the transfer's sockets, for libcurl; refuses an address that a guarded transfer may not
 * reach. */
curl_socket_t guard_open(void *context, curlsocktype purpose, struct curl_sockaddr *address);

/* Makes the transfer's handle refuse addresses that are not public, except a proxy's. */
void guard_set(struct transfer *transfer);

/* True if a public host served the hop that has just ended. */
bool guard_was_public(const struct transfer *transfer);

/* http_transfer.c */

/* A handle for transfer->url, with transfer->headers. */
CURL *transfer_handle(struct transfer *transfer, const char *user_agent, const char *ca_file);

/* Creates the handle for a hop of a GET. */
void transfer_prepare(struct transfer *transfer, const char *user_agent, const char *ca_file);

/* Fills in the response from a finished handle, which ended with code. Returns that, or what it is
 * worth where libcurl is content with an answer that has no final status (RFC 9110 section 15.2):
 * "HTTP/200 OK", or 100 and then the end. */
CURLcode transfer_collect(struct transfer *transfer, CURLcode code);

/* Undoes the content codings of the body (base/content_coding.h). */
bool transfer_decode(struct transfer *transfer, struct error *error);

/* Keeps the cookies for the next hop. */
void transfer_keep_cookies(struct transfer *transfer);

/* Resets what belongs to the hop; what earlier hops left stays. */
void transfer_clear(struct transfer *transfer);

/* For a debug function of libcurl: what came in as a body, as it came. */
void transfer_count(struct transfer *transfer, curl_infotype type, size_t length);

/* Frees what the transfer owns. */
void transfer_release(struct transfer *transfer);

/* http_failure.c: after transfer_collect() */

bool transfer_was_connected(const struct transfer *transfer);

/* errno, where this machine gives no socket for a look-up; 0: it does. */
int transfer_socket_lack(void);

/* Sets error to what code means, which is not CURLE_OK. */
void transfer_explain(const struct transfer *transfer, CURLcode code, struct error *error);

/*
 * Whether a second try is worthwhile: a temporary failure before any answer had begun, and the
 * total timeout leaves time for it.
 */
bool transfer_is_transient(const struct transfer *transfer, CURLcode code);

#endif
