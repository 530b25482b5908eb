/* SPDX-License-Identifier: ISC
 *
 * The list of captures of one address that a CDX server gives (the Wayback Machine's "Wayback CDX
 * Server API"; pywb's likewise): a JSON list of rows, the first of which names the fields, in
 * whatever order. While there is more, an empty row follows, and one with the key by which the next
 * page is asked for.
 *
 * It is foreign: cdx_reader reads it in a reader (base/readers.h), and what that answers is lines
 * of our own, which cdx_page_take() looks through. Pure.
 */
#ifndef LAMPWATCH_CDX_H
#define LAMPWATCH_CDX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct buffer;
struct error;
struct reader_work;

enum {
	CDX_ROWS_MAX = 2000, /* of one page: the limit that is asked for */
	CDX_BYTES_MAX = 8 * 1024 * 1024,
	CDX_URL_MAX = 2048, /* bytes */
	CDX_KEY_MAX = 4096, /* bytes of a resumption key, which goes into an address as it is */
	CDX_STAMP = 15,     /* YYYYMMDDhhmmss */
};

/* What the server is asked for: `fl`. */
#define CDX_FIELDS "timestamp,original,mimetype,statuscode,digest"

/* A capture that is to be had: its answer was 200, or it is a revisit, whose bytes are those of an
 * earlier capture. */
struct cdx_capture {
	int64_t time; /* seconds since 1970 */
	char stamp[CDX_STAMP];
	char digest[DIGEST_BASE32]; /* SHA-1 of the body as it was served */
	char *original;             /* its address; owned */
};

struct cdx_page {
	struct cdx_capture *list; /* as they stand there; owned */
	size_t count;
	size_t others; /* redirects, errors, what has no status, and revisits of these */
	size_t odd;    /* rows that make no sense */
	char *resume;  /* the resumption key; NULL: there is no more; owned */
};

/*
 * The page as lines: "capture STAMP DIGEST ADDRESS", "others NUMBER", "odd NUMBER", "resume KEY",
 * separated by tabs. False with REMEDY_PAGE where it is no list of rows with the CDX_FIELDS, or has
 * more than CDX_ROWS_MAX. An empty list, or nothing at all, is a page without captures.
 */
bool cdx_read(const char *json, size_t length, struct buffer *out, struct error *error);

/* The reverse of what cdx_read() wrote; false, with nothing to release, where it is not that. page
 * may be NULL. */
bool cdx_page_take(const char *lines, size_t length, struct cdx_page *page);
void cdx_page_release(struct cdx_page *page);

/* cdx_read() in a reader: one part, the JSON. */
extern const struct reader_work cdx_reader;

#endif
