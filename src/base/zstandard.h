/* SPDX-License-Identifier: ISC
 *
 * Zstandard frames (RFC 8878) by libzstd, each made against the bytes that came before, its
 * prefix, so that what is repeated costs next to nothing: what `zstd --patch-from` does. Pure.
 */
#ifndef LAMPWATCH_ZSTANDARD_H
#define LAMPWATCH_ZSTANDARD_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* Adds one frame, with its content's size and checksum in it. prefix_length 0: against nothing.
 * False where out is full. */
bool zstandard_compress(const void *bytes, size_t length, const void *prefix, size_t prefix_length,
	struct buffer *out);

/* Adds the content of the frame, of which there are size bytes. False where the frame is damaged,
 * is not of that size, or was made against something else. */
bool zstandard_expand(const void *frame, size_t length, const void *prefix, size_t prefix_length,
	size_t size, struct buffer *out);

#endif
