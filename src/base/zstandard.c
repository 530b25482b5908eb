/* SPDX-License-Identifier: ISC */
#include "base/zstandard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum {
	LEVEL = 19,           /* written once, kept for years */
	WINDOW_MIN = 17,      /* powers of two */
	WINDOW_MAX = 27,      /* what zstd(1) accepts without an option */
	HTTP_WINDOW_MAX = 23, /* RFC 9659 section 3 */
	BLOCK = 65536,
};

static void require(bool done)
{
	if (!done)
		error_fatal("libzstd cannot compress");
}

/* The window must cover both the prefix and the content. */
static int window_for(size_t bytes)
{
	int window = WINDOW_MIN;

	while (window < WINDOW_MAX && ((size_t)1 << window) < bytes)
		window++;
	return window;
}

bool zstandard_compress(const void *bytes, size_t length, const void *prefix, size_t prefix_length,
	struct buffer *out)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t bound = ZSTD_compressBound(length), size;
	char *frame = memory_new(bound);
	bool done;

	require(context != NULL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_for(length + prefix_length));
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	if (prefix_length > 0)
		ZSTD_CCtx_refPrefix(context, prefix, prefix_length);
	size = ZSTD_compress2(context, frame, bound, bytes, length);
	require(!ZSTD_isError(size));
	done = buffer_add(out, frame, size);
	free(frame);
	ZSTD_freeCCtx(context);
	return done;
}

bool zstandard_expand(const void *frame, size_t length, const void *prefix, size_t prefix_length,
	size_t size, struct buffer *out)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	char *bytes = memory_new(size > 0 ? size : 1);
	bool done = false;

	require(context != NULL);
	if (prefix_length > 0)
		ZSTD_DCtx_refPrefix(context, prefix, prefix_length);
	if (ZSTD_getFrameContentSize(frame, length) == size &&
		ZSTD_decompressDCtx(context, bytes, size, frame, length) == size)
		done = buffer_add(out, bytes, size);
	free(bytes);
	ZSTD_freeDCtx(context);
	return done;
}

static bool begins_frame(const ZSTD_inBuffer *in)
{
	static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878 */

	return in->size - in->pos >= sizeof magic &&
	       memcmp((const char *)in->src + in->pos, magic, sizeof magic) == 0;
}

bool zstandard_decode(const void *bytes, size_t length, struct buffer *out, struct error *error)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	ZSTD_inBuffer in = {bytes, length, 0};
	char block[BLOCK];
	size_t left = 1; /* 0: at the end of a frame */
	bool fits = true;

	require(context != NULL);
	ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, HTTP_WINDOW_MAX);
	while (fits && !ZSTD_isError(left) && (left != 0 || begins_frame(&in))) {
		ZSTD_outBuffer piece = {block, sizeof block, 0};
		size_t before = in.pos;

		left = ZSTD_decompressStream(context, &piece, &in);
		fits = buffer_add(out, block, piece.pos);
		if (left != 0 && in.pos == before && piece.pos == 0)
			break;
	}
	ZSTD_freeDCtx(context);
	if (fits && left == 0)
		return true;
	return error_set(error, REMEDY_PAGE,
		out->overflowed ? "is longer than %zu bytes when decompressed"
				: "is not compressed as it says",
		out->maximum > 0 ? out->maximum : BUFFER_MAX);
}
