/* SPDX-License-Identifier: ISC
 *
 * From the bytes of a document to text: byte order marks, UTF-16, bad bytes.
 */
#ifndef LAMPWATCH_DECODE_H
#define LAMPWATCH_DECODE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/*
 * Adds the document's text to out, as UTF-8 without a byte order mark, and returns
 * true. UTF-16 is recognised by its mark or, without one, by the zero bytes of the first
 * characters; NUL and bytes that are not UTF-8 become
 * U+FFFD, whatever the label says. Returns false if the document is not
 * UTF-8 and declares another encoding: out then holds the bytes as they are, with ? for NUL.
 */
bool decode_document(const char *bytes, size_t length, struct buffer *out);

#endif
