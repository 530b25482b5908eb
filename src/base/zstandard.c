/* SPDX-License-Identifier: ISC */
#include "base/zstandard.h"

#include <stdio.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum {
	LEVEL = 19,      /* written once, kept for years */
	WINDOW_MIN = 17, /* powers of two */
	WINDOW_MAX = 27, /* what zstd(1) accepts without an option */
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
