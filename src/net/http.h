/* SPDX-License-Identifier: ISC
 *
 * net/: the network: HTTP, names and addresses, which of them may be reached.
 *
 * HTTP by libcurl: many GET requests at once for pages, one POST for a webhook.
 * Only http and https, also after redirects. HTTP semantics: RFC 9110.
 */
#ifndef LAMPWATCH_HTTP_H
#define LAMPWATCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct http_client;
struct http_response;

enum {
	HTTP_HEADERS_MAX = 256 * 1024, /* bytes of one response's header block */
	HTTP_HEADER_VALUE_MAX = 8192,  /* an ETag or a date longer than this is not kept */
};

struct http_settings {
	int64_t in_flight, per_host; /* transfers at a time */
	const char *user_agent;
	const char *ca_file; /* NULL: the system's bundle */
};

/* One GET. Strings are borrowed until the request's done() has been called. */
struct http_request {
	const char *url;
	const char *etag;          /* sent back verbatim as If-None-Match; NULL: none */
	const char *last_modified; /* sent back verbatim as If-Modified-Since; NULL: none */
	int64_t connect_timeout, total_timeout; /* milliseconds; the queue does not count */
	int64_t body_maximum;                   /* bytes, of the decoded stream */
	int64_t redirects;                      /* followed at most */
	void (*done)(void *context, struct http_response *response, const struct error *error);
	void *context;
};

/*
 * What came back. Handed to done(), which may take fields out of it (set them
 * to NULL or zero); the rest is freed after the call.
 */
struct http_response {
	int status;         /* of the last response; 0: none came */
	struct buffer body; /* after transfer and content decoding */
	char *headers;      /* status line and header of the last response, CRLF as served */
	char *etag, *last_modified; /* NULL where there is none */
	int64_t retry_after;        /* seconds from now; 0: not given */
	/* Whole: to be kept or printed only as http_url_public() gives them. */
	char *requested_url, *final_url;
	char *redirects;       /* addresses passed through, made public, one a line; "" for none */
	char *request_headers; /* of the last request; no authorization, cookies, query */
	char *address;         /* "192.0.2.1:443" */
	char *http_version;    /* "1.1", "2" */
	char *certificate;     /* SHA-256 of the TLS leaf (DER), hexadecimal; NULL without TLS */
	int64_t began, ended;  /* milliseconds since 1970, by the system's clock */
	bool sent;             /* some of the request went out: it may have been acted upon */
};

/* Once for each process, before any client. Also has SIGPIPE ignored, as sockets and TLS demand. */
void http_start(void);

struct http_client *http_client_new(const struct http_settings *settings);

/* Ends what is under way without calling done(). */
void http_client_free(struct http_client *client);

/*
 * Queues a request. Each host (scheme, name and port) has a queue of its own; a
 * transfer begins when the host and the client have a free slot, so waiting
 * costs no timeout. What is transient (no connection, timeout while connecting,
 * 502, 503, 504 without Retry-After, a connection lost before the first byte)
 * is tried once more after a moment; the total timeout covers all of it.
 *
 * Redirects are followed in the queue of the host they lead to, with the same
 * validators; user and password go to the URL's own host only. A redirect from
 * a public address (address.h) to one that is not is refused, but for a proxy's.
 *
 * done() is called with response != NULL and error NULL for any complete
 * response, whatever its status; else with error set (and response, where a
 * part of it is known). May be called from within done().
 */
void http_client_get(struct http_client *client, const struct http_request *request);

/*
 * Lets transfers go on, calls done() for those that ended, and waits at most
 * milliseconds for news on them or on one of the other descriptors (readable).
 * Returns the number of requests that are queued or under way.
 */
size_t http_client_wait(
	struct http_client *client, const int *descriptors, size_t count, int milliseconds);

/* While it is held, the client begins nothing; what is under way goes on. */
void http_client_hold(struct http_client *client, bool held);

/* One POST or PUT, done when it returns; no redirect is followed. */
struct http_post {
	const char *url;
	bool put;
	const char *const *headers; /* "Name: value", ended by NULL */
	const void *body;
	size_t length;
	int64_t connect_timeout, total_timeout; /* milliseconds */
	const char *user_agent;
	const char *ca_file;
};

/* False where no complete response came (REMEDY_LATER, or REMEDY_RECEIVER for an impossible URL).
 * The response's body is cut at 64 KiB. Release it with http_response_release(). */
bool http_post(const struct http_post *post, struct http_response *response, struct error *error);

void http_response_release(struct http_response *response);

/* "https://host.example" of a URL: what may be printed of a secret one. Owned by the caller. */
char *http_url_origin(const char *url);

/* The URL without user, password, query and fragment: what may be kept. Owned by the caller. */
char *http_url_public(const char *url);

/* The host name, lower case; NULL where the URL is not http or https. Owned by the caller. */
char *http_url_host(const char *url);

#endif
