/* SPDX-License-Identifier: ISC
 *
 * net/: the network: HTTP, DNS, and which addresses may be reached.
 *
 * HTTP by libcurl: many GET requests at once for pages, one POST for a webhook.
 * Only http and https, also after redirects. HTTP semantics: RFC 9110.
 *
 * A client makes no transfer itself: that is done by its fetcher, a process that the kernel
 * confines (base/confine.h). It has the network, no file to write, no database, and no secret but
 * what stands in the addresses that it is given. It has been reached by what the network sends:
 * what it answers is bounded and looked through, and where it answers nonsense, or nothing, or
 * ends, that is our own fault (REMEDY_LOCAL), and another one goes on.
 */
#ifndef LAMPWATCH_HTTP_H
#define LAMPWATCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"

struct fork_server;
struct http_client;
struct pollfd;
struct http_response;

enum {
	HTTP_HEADERS_MAX = 256 * 1024,        /* bytes of one response's header block */
	HTTP_HEADER_VALUE_MAX = 8192,         /* bytes; a longer ETag or date is not kept */
	HTTP_RETRY_AFTER_MAX = 7 * 24 * 3600, /* seconds that a server may ask for */
	HTTP_COOKIES_MAX = 50,                /* kept from one hop of a request to the next */
};

/* What kind of address a connection led to; a proxy stands for the public host behind it. */
enum http_network { HTTP_NETWORK_UNKNOWN, HTTP_NETWORK_PUBLIC, HTTP_NETWORK_PRIVATE };

struct http_settings {
	int64_t in_flight, per_host; /* concurrent transfers at most */
	const char *user_agent;
	const char *ca_file;             /* NULL: the system's bundle */
	struct fork_server *fork_server; /* which makes its fetchers; NULL: this process does */
	/* Bundles that checks name, one path a line: a fetcher can read no other files later on.
	 * NULL: none. */
	const char *check_ca_files;
};

/* One GET. Strings are borrowed until the request's done() has been called. */
struct http_request {
	const char *url;
	const char *etag;          /* sent back verbatim as If-None-Match; NULL: none */
	const char *last_modified; /* sent back verbatim as If-Modified-Since; NULL: none */
	const char *body_digest;   /* SHA-256 of a body that is known; where a 200 brings the same,
				    * and no ETag says otherwise, it is not handed over; NULL: none
				    * is known */
	int64_t connect_timeout, total_timeout; /* milliseconds, without the time in the queue */
	int64_t body_maximum;                   /* bytes, of the decoded stream */
	int64_t redirects;                      /* followed at most */
	bool wants_sha1;                        /* of what comes: response->sha1 */
	const char *guard; /* NULL, or why an address that is not public is refused already at the
			    * first hop: becomes the error's text */
	void (*done)(void *context, struct http_response *response, const struct error *error);
	void *context;
};

/*
 * A response. Given to done(), which may take fields out of it (and set them
 * to NULL or zero); the rest is freed after the call.
 */
struct http_response {
	int status;               /* of the last response; 0: there was none */
	struct buffer body;       /* after transfer and content decoding */
	char sha256[DIGEST_TEXT]; /* of the body, where whoever holds it has made it: no fetcher's
				   * word; "": nobody has */
	bool same;                /* the body is the one that is known, and is not here */
	char *headers;            /* status line and header of the last response, CRLF as served */
	char *etag, *last_modified; /* NULL if missing; no older than the answer is as missing */
	int64_t retry_after;        /* seconds from now; 0: not given */
	/* With their secrets: keep and print only what http_url_public() makes of them. */
	char *requested_url, *final_url;
	char *redirects;       /* URLs passed through, as http_url_public(), one a line; "": none */
	char *request_headers; /* of the last request, without authorization, cookies, query */
	char *address;         /* "192.0.2.1:443" */
	char *http_version;    /* "1.1", "2" */
	char *certificate;     /* SHA-256 of the TLS leaf (DER), hexadecimal; NULL without TLS */
	int64_t began, ended;  /* milliseconds since 1970, by the system's clock */
	bool sent;             /* part of the request was sent: it may have taken effect */
	enum http_network network; /* of the first hop */
	char *sha1; /* of the body of a 200 before content decoding, digest_sha1_base32(); NULL:
		     * nobody wants it */
	char *mislabelled; /* a Content-Encoding that the body is not in; NULL: it is as it says */
};

/* Once per process, before any client. Also ignores SIGPIPE, as sockets and TLS require. */
void http_start(void);

enum { HTTP_FETCHERS_MAX = 3 /* of one client, one after the other */ };

struct http_client *http_client_new(const struct http_settings *settings);

/* False, with error, where the confinement has refused its fetcher a call: REMEDY_LOCAL, with role
 * and call. What it has answered all the same is good. */
bool http_client_unrefused(const struct http_client *client, struct error *error);

/* Ends all transfers without calling done(). */
void http_client_free(struct http_client *client);

/*
 * Queues a request. Each host (scheme, name and port) has its own queue; a
 * transfer begins when the host and the client have a free slot, and waiting does
 * not count for timeouts. Transient failures (no connection, timeout while connecting,
 * 502, 503, 504 without Retry-After, a connection lost before the first byte)
 * are retried once after a pause; the total timeout covers both tries.
 *
 * Redirects are followed in the queue of the host that they lead to, with the same
 * validators and the cookies that the hops before have set, which are forgotten at the end; user
 * and password are sent only to the URL's own host. A redirect from
 * a public address (address.h) to one that is not public is refused, unless it is a proxy's.
 *
 * done() is called with response != NULL and error NULL for any complete
 * response, whatever its status; else with error set (and response, if
 * part of it is known). REMEDY_LOCAL: nobody has asked the page, or this machine lacks something.
 * May be called from within done().
 */
void http_client_get(struct http_client *client, const struct http_request *request);

/*
 * Continues the transfers, calls done() for those that ended, and waits at most
 * milliseconds for activity on them or for what is asked of the others (POLLIN, POLLOUT).
 * Returns the number of requests that are queued or in progress.
 */
size_t http_client_wait(
	struct http_client *client, const struct pollfd *others, size_t count, int milliseconds);

/* While it is held, the client begins no transfers; those in progress continue. */
void http_client_hold(struct http_client *client, bool held);

/* One POST, PUT or GET, which http_post() runs to its end. Redirects are not followed. */
struct http_post {
	const char *url;
	const char *method;         /* NULL: POST; a GET has no body */
	const char *const *headers; /* "Name: value", ended by NULL */
	const void *body;
	size_t length;
	int64_t connect_timeout, total_timeout; /* milliseconds */
	const char *user_agent;
	const char *ca_file;
};

/* False without a complete response (REMEDY_LATER, or REMEDY_RECEIVER for an invalid URL).
 * The response's body is cut at 64 KiB. Release it with http_response_release(). */
bool http_post(const struct http_post *post, struct http_response *response, struct error *error);

/* Whether who stands before the page asks for a browser, or a human, as its header says: Cloudflare
 * and AWS WAF. */
bool http_response_challenges(const struct http_response *response);
#define HTTP_CHALLENGE "a challenge that only a browser can answer"

void http_response_release(struct http_response *response);

/* "https://host.example": the part of a secret URL that may be printed. Owned by the caller. */
char *http_url_origin(const char *url);

/* The URL without user, password, query and fragment, which may be kept. Owned by the caller. */
char *http_url_public(const char *url);

/* As it may stand in a query: all but unreserved characters (RFC 3986 section 2.3) encoded. Owned
 * by the caller. */
char *http_url_escape(const char *text);

/* The host name, lower case; NULL if the URL is not http or https. Owned by the caller. */
char *http_url_host(const char *url);

#endif
