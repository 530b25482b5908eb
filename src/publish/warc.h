/* SPDX-License-Identifier: ISC
 *
 * WARC 1.1 (ISO 28500:2017): records, one after the other, each a gzip member of its own
 * where the file is compressed (Annex D).
 */
#ifndef LAMPWATCH_WARC_H
#define LAMPWATCH_WARC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/gzip.h"

enum {
	WARC_ID_TEXT = 48,     /* "<urn:uuid:…>" */
	WARC_DIGEST_TEXT = 72, /* "sha256:…" */
};

#define WARC_PROFILE_IDENTICAL "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

/* A named field; one without a value is left out. Control characters in a value become blanks. */
struct warc_field {
	const char *name, *value;
};

struct warc_bytes {
	const void *bytes;
	size_t length;
};

/* All borrowed. WARC-Type, WARC-Record-ID, WARC-Date, Content-Length and WARC-Block-Digest are
 * written by themselves, and need no field. */
struct warc_record {
	const char *type, *id;
	int64_t date; /* seconds since 1970: WARC-Date */
	const struct warc_field *fields;
	size_t field_count;
	struct warc_bytes head, body; /* the block is head followed by body */
};

/* A record's position in bytes; in a compressed file, that of its gzip member. */
struct warc_place {
	int64_t offset, length;
};

struct warc_writer;

/* Output goes to put(), in pieces of any size. */
struct warc_writer *warc_writer_new(bool compressed, gzip_put *put, void *context);
void warc_writer_free(struct warc_writer *writer);

/* False once put() has returned false. place may be NULL. */
bool warc_write(
	struct warc_writer *writer, const struct warc_record *record, struct warc_place *place);

/*
 * A WARC-Record-ID derived from a text that identifies the record: the same text gives the same id,
 * a UUID of version 8 (RFC 9562) out of its SHA-256.
 */
void warc_id(const char *text, char out[static WARC_ID_TEXT]);

/* "sha256:…" of a digest. */
void warc_digest(const char *sha256, char out[static WARC_DIGEST_TEXT]);

/* An address in the form of WARC-Target-URI: characters that a URI does not allow (RFC 3986) are
 * percent-encoded. Owned by the caller. */
char *warc_uri(const char *url);

#endif
