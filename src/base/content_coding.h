/* SPDX-License-Identifier: ISC
 *
 * The content codings of HTTP (RFC 9110 section 8.4): gzip, deflate and zstd are undone, and what
 * is labelled wrongly is taken as browsers take it. Pure.
 */
#ifndef LAMPWATCH_CONTENT_CODING_H
#define LAMPWATCH_CONTENT_CODING_H

#include <stdbool.h>

struct buffer;
struct error;

/* The value of Accept-Encoding: those that content_decode() undoes. */
#define CONTENT_CODINGS "gzip, deflate, zstd"

enum { CONTENT_CODINGS_MAX = 5 /* applied to one body, one after the other */ };

/*
 * Undoes the codings that a Content-Encoding field lists, in place; field may be NULL. An encoded
 * body ends where its coding says: one that ends before is cut off, bytes after it are none of it.
 * A label that is no coding ("utf-8", "aws-chunked"), or that a text which is not encoded
 * carries, changes nothing: *mislabelled gets it, owned by the caller, else NULL.
 *
 * False, with a reason that begins with "is", where the body is damaged or cut off, in a coding
 * that is not undone here (REMEDY_LATER), or longer than the buffer's maximum (REMEDY_PAGE).
 */
bool content_decode(
	const char *field, struct buffer *body, char **mislabelled, struct error *error);

#endif
