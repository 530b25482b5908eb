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
	struct warc_bytes head, body; /* the block is both, one behind the other */
};

/* Where a record stands: of a compressed file, its gzip member. Bytes. */
struct warc_place {
	int64_t offset, length;
};

struct warc_writer;

/* What is written goes to put(), which may be called with a few bytes or many. */
struct warc_writer *warc_writer_new(bool compressed, gzip_put *put, void *context);
void warc_writer_free(struct warc_writer *writer);

/* False once put() has said so. place may be NULL. */
bool warc_write(
	struct warc_writer *writer, const struct warc_record *record, struct warc_place *place);

/*
 * A WARC-Record-ID made of a text that tells the record from all others: the
 * same text gives the same id, a UUID of version 8 (RFC 9562) out of its SHA-256.
 */
void warc_id(const char *text, char out[static WARC_ID_TEXT]);

/* "sha256:…" of a digest. */
void warc_digest(const char *sha256, char out[static WARC_DIGEST_TEXT]);

/* An address as WARC-Target-URI wants it: what may not stand in a URI (RFC 3986) is
 * percent-encoded. Owned by the caller. */
char *warc_uri(const char *url);

#endif
