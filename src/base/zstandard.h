/* SPDX-License-Identifier: ISC
 *
 * Zstandard frames (RFC 8878) by libzstd, each compressed against a prefix (earlier bytes),
 * so that repeated content costs next to nothing, like `zstd --patch-from`. Pure.
 */
#ifndef LAMPWATCH_ZSTANDARD_H
#define LAMPWATCH_ZSTANDARD_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;

/* Adds one frame, which includes its content's size and checksum. prefix_length 0: no prefix.
 * False if out is full. */
bool zstandard_compress(const void *bytes, size_t length, const void *prefix, size_t prefix_length,
	struct buffer *out);

/* Adds the content of the frame, which has size bytes. False if the frame is damaged, has another
 * size, or was compressed against another prefix. */
bool zstandard_expand(const void *frame, size_t length, const void *prefix, size_t prefix_length,
	size_t size, struct buffer *out);

/* Adds the content of one frame or several, as they come by HTTP (RFC 9659); what follows them is
 * none of it. REMEDY_PAGE if it is damaged, cut off, or longer than the maximum of out. */
bool zstandard_decode(const void *bytes, size_t length, struct buffer *out, struct error *error);

#endif
