/* SPDX-License-Identifier: ISC
 *
 * Private to the HTTP files: http.c (queues), http_transfer.c (one hop with
 * libcurl), http_guard.c (where a redirect may lead), http_failure.c (what an
 * error means) and http_url.c.
 */
#ifndef LAMPWATCH_HTTP_P_H
#define LAMPWATCH_HTTP_P_H

#include "net/curl_p.h"
#include "net/http.h"

struct http_host;

enum {
	HTTP_RETRY_PAUSE = 500, /* milliseconds before the second try */
	HTTP_REQUEST_HEADERS_MAX = 64 * 1024,
};

/* One request, from its queue to its end; it is always on one hop. */
struct transfer {
	/* The request: */
	struct http_client *client; /* NULL for a POST */
	struct http_request request;
	char *first_origin; /* of the configured URL */
	int64_t hops;
	int64_t spent; /* milliseconds, of the finished hops */
	int64_t due;   /* end of the pause, by the monotonic clock */
	bool retried;
	bool guarded; /* private addresses are refused: by the request, or after a public host */
	enum http_network network;        /* of the first hop */
	struct curl_slist *cookies;       /* of the hops so far, in libcurl's form */
	struct buffer passed;             /* becomes the response's redirects */
	struct transfer *previous, *next; /* in the list of all */
	struct transfer *waiting;         /* the next in its host's queue, or in the pause */

	/* The hop: */
	char *url;
	struct http_host *host; /* owned by the client */
	bool own_host;          /* the hop leads to first_origin */
	int64_t started;        /* by the monotonic clock */
	CURL *easy;
	struct curl_slist *headers;
	struct http_response response;
	struct buffer received, sent; /* header blocks */
	bool block_ended;             /* a header block is complete … */
	bool headers_complete;        /* … and is the final response's */
	bool headers_overflowed;
	bool refused;     /* the guard refused an address */
	int socket_error; /* errno of the last socket that could not be made; 0: none */
	char detail[CURL_ERROR_SIZE];
};

/* Returns handle; NULL means that memory has run out and ends the process. */
void *http_required(void *handle);

/* http_url.c */

/* NULL if text is not an http or https URL with a host. Freed by curl_url_cleanup(). */
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

/* Frees what the transfer owns. */
void transfer_release(struct transfer *transfer);

/* http_failure.c: after transfer_collect() */

/* Sets error to what code means, which is not CURLE_OK. */
void transfer_explain(const struct transfer *transfer, CURLcode code, struct error *error);

/*
 * Whether a second try is worthwhile: a temporary failure before any answer had begun, and the
 * total timeout leaves time for it.
 */
bool transfer_is_transient(const struct transfer *transfer, CURLcode code);

#endif
