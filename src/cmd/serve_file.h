/* SPDX-License-Identifier: ISC
 *
 * A file of the archive as an answer over HTTP (RFC 9110): as what, how much of it, and whether it
 * is needed at all.
 */
#ifndef LAMPWATCH_SERVE_FILE_H
#define LAMPWATCH_SERVE_FILE_H

#include "net/http_server.h"

struct child;
struct serve_forms;
struct text_list;

/* The media type by which the file may be sent; what status pages sent is never a page of ours. */
const char *serve_type(const char *path);

/* A part of a file of size bytes that a Range header asks for (RFC 9110 section 14): */
enum serve_range {
	SERVE_WHOLE, /* none, one that is not understood, or several */
	SERVE_PART,
	SERVE_BEYOND /* nothing of it is there */
};
enum serve_range serve_range(const char *header, uint64_t size, uint64_t *offset, uint64_t *length);

/* True where one of the entity tags in If-None-Match is this one. */
bool serve_matches(const char *header, const char *etag);

/*
 * Whether a Host header (NULL: none) is one of hosts or the address that is listened on, whatever
 * its port: any numeric address where that is the unspecified one, and localhost where it is a
 * loopback address. A name that anybody else can give our address (DNS rebinding) is none of them.
 */
bool serve_host(const char *listen, const struct text_list *hosts, const char *header);

/* What is served. Borrowed. */
struct served {
	const struct child *opener; /* of the archive's files */
	const char *listen;
	const struct text_list *hosts;
	const char *script;        /* the source of the one script that may run: site_script() */
	struct serve_forms *forms; /* NULL: there are none */
};

/* Whether a POST to path is taken: where there are forms, to one of them. context is a struct
 * served. */
bool serve_takes(void *context, const char *path);

/* Fills the answer; context is a struct served. */
void serve_answer(void *context, const struct http_query *query, struct http_answer *answer);

#endif
