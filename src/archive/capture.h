/* SPDX-License-Identifier: ISC
 *
 * The file `capture` of a snapshot (lampwatch-archive(5)): how it was fetched. "key: value" lines,
 * first those about the snapshot, then those about each document, which begin with its "document"
 * line. capture_write() of archive.h writes it.
 */
#ifndef LAMPWATCH_CAPTURE_H
#define LAMPWATCH_CAPTURE_H

#include <stddef.h>

struct buffer;

struct capture_line {
	const char *key, *value; /* within the text that was parsed */
};

struct capture_part {
	struct capture_line *lines;
	size_t count;
};

/* parts[0] is about the snapshot, parts[i] about its i-th document that was fetched. */
struct capture_text {
	char *text;                 /* owned */
	struct capture_part *parts; /* owned */
	size_t count;               /* at least 1 */
};

/* Lines without ": " are left out; keys that are not known are kept like all others. text may be
 * NULL: then there is one part without lines. Release it. */
void capture_parse(const char *text, struct capture_text *capture);
void capture_release(struct capture_text *capture);

/* The first value of that key in part i; NULL where it has none, or there is no such part. */
const char *capture_value(const struct capture_text *capture, size_t i, const char *key);

/* Names the file that a document was imported from; one that was fetched has none. */
#define CAPTURE_IMPORTED "imported-from"

/* Adds the request line and the request's headers, each with a newline; nothing where part i does
 * not have them. */
#define CAPTURE_REQUEST "request-header"
void capture_request(const struct capture_text *capture, size_t i, struct buffer *out);

#endif
