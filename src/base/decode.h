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
 * Adds the document's text to out and returns true: UTF-8 without a byte order
 * mark. UTF-16 is told by its mark or, without one, by where the first
 * characters have their zero bytes; NUL and bytes that are no UTF-8 become
 * U+FFFD, whatever the label says. Returns false where the document is not
 * UTF-8 and declares another encoding itself: out then holds its own bytes.
 */
bool decode_document(const char *bytes, size_t length, struct buffer *out);

#endif
