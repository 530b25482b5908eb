/* SPDX-License-Identifier: ISC
 *
 * Private to the parts of HTTP: http.c (queues), http_transfer.c (one hop with
 * libcurl), http_guard.c (where a redirect may lead), http_failure.c (what an
 * error means) and http_url.c.
 */
#ifndef LAMPWATCH_HTTP_P_H
#define LAMPWATCH_HTTP_P_H

#include "net/curl_p.h"
#include "net/http.h"

struct host;

enum {
	HTTP_RETRY_PAUSE = 500, /* milliseconds before the second try */
	HTTP_REQUEST_HEADERS_MAX = 64 * 1024,
};

/* One request, from its queue to its end; at any time it is on one hop. */
struct transfer {
	/* The request: */
	struct http_client *client; /* NULL for a POST */
	struct http_request request;
	char *first_origin; /* where the user's own URL leads */
	int64_t hops;
	int64_t spent; /* milliseconds, by the hops that ended */
	int64_t due;   /* end of the pause, by the monotonic clock */
	bool retried;
	bool guarded;         /* a public host led here: private addresses are refused */
	struct buffer passed; /* the response's redirects to be */
	struct transfer *previous, *next; /* of all of the client's */
	struct transfer *waiting;         /* the next one in its host's queue, or in the pause */

	/* The hop: */
	char *url;
	struct host *host; /* owned by the client */
	bool own_host;     /* the hop leads to first_origin */
	int64_t started;   /* by the monotonic clock */
	CURL *easy;
	struct curl_slist *headers;
	struct http_response response;
	struct buffer received, sent; /* header blocks */
	bool block_ended;             /* a header block is whole … */
	bool headers_complete;        /* … and it is that of the final response */
	bool headers_overflowed;
	bool refused; /* the guard refused an address */
	char detail[CURL_ERROR_SIZE];
};

/* Returns handle; where it is NULL, memory has run out, and that ends the run. */
void *http_required(void *handle);

/* http_url.c */

/* NULL where text is no URL of http or https with a host. Freed by curl_url_cleanup(). */
CURLU *http_url_parse(const char *text);

/* NULL where there is none. Owned by the caller. */
char *http_url_part(CURLU *url, CURLUPart part, unsigned flags);

/*
 * "https://host:port", lower case; flags (CURLU_…) say whether the scheme's own
 * port is named. NULL where text is no URL. Owned by the caller.
 */
char *http_url_key(const char *text, unsigned flags);

/* The host is written as a private address, or is this machine by name. */
bool http_url_names_private(const char *text);

/* http_guard.c */

/* Has the transfer's handle refuse addresses that are not public, but for a proxy's. */
void guard_set(struct transfer *transfer);

/* True where the hop that has just ended was served by a public host. */
bool guard_was_public(const struct transfer *transfer);

/* http_transfer.c */

/* A handle for transfer->url, with transfer->headers. */
CURL *transfer_handle(struct transfer *transfer, const char *user_agent, const char *ca_file);

/* Makes the handle of a GET's hop. */
void transfer_prepare(struct transfer *transfer, const char *user_agent, const char *ca_file);

/* Fills in the response from a handle that has ended. */
void transfer_collect(struct transfer *transfer);

/* As it was before the hop, but for what is remembered of the hops before it. */
void transfer_clear(struct transfer *transfer);

/* Frees what the transfer owns. */
void transfer_release(struct transfer *transfer);

/* http_failure.c: after transfer_collect() */

/* What code, which is no CURLE_OK, means. */
void transfer_explain(const struct transfer *transfer, CURLcode code, struct error *error);

/*
 * A fault that may be gone in a moment, met where no answer had begun; and only
 * while the total timeout leaves time for more.
 */
bool transfer_is_transient(const struct transfer *transfer, CURLcode code);

#endif
