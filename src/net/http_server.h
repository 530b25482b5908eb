/* SPDX-License-Identifier: ISC
 *
 * A small HTTP/1.1 server for files and forms, by libmicrohttpd: one thread, few connections, each
 * of whose requests and answers has a time limit. Besides the request's line and headers it reads
 * only the bodies that its settings ask for, and no more of one than HTTP_SERVER_BODY_MAX.
 */
#ifndef LAMPWATCH_HTTP_SERVER_H
#define LAMPWATCH_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct http_server;
struct text_list;

enum {
	HTTP_SERVER_CONNECTIONS_MAX = 256,
	HTTP_SERVER_ADDRESS_MAX = 64,     /* connections from one address */
	HTTP_SERVER_REQUEST_SECONDS = 20, /* until a request is there with its body, from the
					   * connection or the answer before it on */
	HTTP_SERVER_ANSWER_SECONDS = 300, /* until its answer is sent */
	HTTP_SERVER_MEMORY = 32768,       /* bytes for a request's line and headers */
	HTTP_SERVER_BODY_MAX = 16384,     /* bytes of a request's body: a longer one gets 413, or
					   * where it does not say its length, is cut off */
	HTTP_SERVER_PEER_MAX = 48         /* bytes of an address's text */
};

/* A request. Borrowed; header() returns NULL if the request lacks that header. */
struct http_query {
	const char *path; /* percent-decoded; begins with '/' */
	const char *(*header)(const struct http_query *query, const char *name);
	void *connection;
	/* Adds what all header lines of that name say, in their order. */
	void (*headers)(const struct http_query *query, const char *name, struct text_list *values);
	const char *search; /* what stands behind the first '?', as it came; "": nothing */
	const char *body;   /* of a POST, terminated; NULL: it is none */
	const char *peer;   /* the address of whoever is connected, as text */
};

enum { HTTP_ANSWER_HEADERS_MAX = 16, HTTP_ANSWER_VALUE_MAX = 512 };

struct http_answer_header {
	const char *name; /* borrowed */
	char value[HTTP_ANSWER_VALUE_MAX];
};

/* The answer to it. */
struct http_answer {
	int status;
	struct http_answer_header headers[HTTP_ANSWER_HEADERS_MAX];
	size_t count;
	int file;                /* a descriptor, given away; -1: text is sent */
	uint64_t offset, length; /* of what is sent of the file */
	const char *text;        /* outlives the server */
	char *made;              /* sent in place of text where it is not NULL; given away */
};

/* Adds a header; one whose value is too long is left out. */
void http_answer_header(struct http_answer *answer, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct http_server_settings {
	/* Called in the server's thread, for GET and HEAD, and POST where that is taken; all other
	 * methods get 405, and what has two lengths or two hosts gets 400. */
	void (*answer)(void *context, const struct http_query *query, struct http_answer *answer);
	/* Whether a POST to that path is read. NULL: none is. */
	bool (*takes)(void *context, const char *path);
	void *context;
};

/* A socket that listens on "127.0.0.1:8014" or "[::1]:8014" (port 0: any that is free), of the
 * caller's; -1 with REMEDY_CONFIGURATION if listen is not an address, REMEDY_LOCAL if it cannot
 * listen there. */
int http_server_listen(const char *listen, struct error *error);

/* Begins to answer on that socket, which it takes over: NULL with REMEDY_LOCAL where it cannot.
 * Block signals before the call, so that the server's thread gets none. */
struct http_server *http_server_start(
	const struct http_server_settings *settings, int socket, struct error *error);
int http_server_port(const struct http_server *server);

/* Ends the connections that take longer than they may, however busy they look: call it every second
 * or so. */
void http_server_expire(struct http_server *server);

/* Ends all connections and frees the server. NULL does nothing. */
void http_server_stop(struct http_server *server);

#endif
