/* SPDX-License-Identifier: ISC
 *
 * HTTP messages (RFC 9110, RFC 9112) as they stand in WARC records: written from what was kept,
 * and read from what others have written. Pure.
 */
#ifndef LAMPWATCH_WARC_HTTP_H
#define LAMPWATCH_WARC_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct error;

enum {
	MESSAGE_FIELDS_MAX = 1000,     /* later ones are ignored */
	MESSAGE_HEAD_MAX = 256 * 1024, /* bytes */
};

struct message_field {
	char *name, *value;
};

/* The head of a message. All owned. */
struct message_head {
	char *start; /* status line or request line */
	struct message_field *fields;
	size_t count;
	size_t length; /* bytes of the head, the blank line included */
};

/*
 * Parses the head at the beginning of a message. Lines end with LF or CRLF, folded lines are
 * joined, lines that are not fields are skipped, and control characters in a value become blanks
 * (RFC 9110 section 5.5), so each field is exactly one line.
 */
void message_head_parse(const char *text, size_t length, struct message_head *head);
void message_head_release(struct message_head *head);

/* The value of the first field with that name (case-insensitive), NULL if there is none. */
const char *message_head_find(const struct message_head *head, const char *name);

/* The three digits of a status line, 0 if it is not one. */
int message_status(const struct message_head *head);

/*
 * Adds the head of a response whose body is kept decoded and has length bytes:
 * a status line of HTTP/1.1, whatever the version was, the fields less those about codings, and
 * the right Content-Length. status is taken where the head has none.
 */
void message_write_response(
	const struct message_head *head, int status, size_t length, struct buffer *out);

/* Adds the head of a request, as lines of a capture have it: HTTP/1.1, whatever it was. */
void message_write_request(const struct message_head *head, struct buffer *out);

/*
 * The body of a response as it was before it was encoded: without chunks
 * (RFC 9112 section 7.1) and content codings (base/content_coding.h), into out, which is empty.
 * What says that it is encoded and is not (many programs decode, and keep the head) is taken as it
 * is. False with REMEDY_PAGE where it is cut off, damaged, too long for out, or in a coding that is
 * not known.
 */
bool message_body(const struct message_head *head, const char *bytes, size_t length,
	struct buffer *out, struct error *error);

#endif
